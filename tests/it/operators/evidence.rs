//! Evidence that comes after an operator's word is booked as the difference.

use std::time::Duration;

use serde_json::json;
use tollgate::sandbox::Faults;

use super::{charged, gauge, not_charged, path, people, resolve};
use crate::support::gateway::{Setup, TestGateway, credits};

#[tokio::test]
async fn what_the_vendor_says_later_is_booked_as_the_difference() {
    for (word, booked) in [(not_charged(), 0), (charged(), 3)] {
        let (setup, clock) = Setup::with_clock();
        let settings = vec!["vendor.job_deadline=1h".to_owned()];
        let gateway = TestGateway::with(Setup { settings, ..setup }).await;
        let (operator, team) = (gateway.operator(), gateway.team("sales", 100).await);
        let hours = u64::try_from(Duration::from_hours(5).as_millis()).unwrap();
        gateway.vendor.set_faults(Faults { processing_ms: Some(hours), ..Faults::default() });
        // One of the two is nobody, and costs nothing.
        let mut body = people(&["ada"]);
        let nobody = json!({"linkedin_url": "linkedin.com/in/somebody-nobody"});
        body["leads"].as_array_mut().unwrap().push(nobody);
        let id = team.start(&body).await.id();
        let step = Duration::from_mins(5);
        gateway
            .eventually_by(&clock, step, "it is unresolved", async || {
                operator.get(&path(id)).await.body["state"] == "unresolved"
            })
            .await;
        let resolved = resolve(&operator, id, &word).await;
        assert_eq!(resolved.body["booked"]["email"], json!(booked), "{resolved:?}");
        assert_eq!(gauge(&gateway).await, Some(0.0));
        gateway
            .eventually_by(&clock, step, "the vendor's word is booked", async || {
                let entries = operator.get(&path(id)).await.body["entries"].clone();
                entries.as_array().unwrap().iter().any(|entry| entry["fact"] == "adjusted")
            })
            .await;
        let sums = gateway.at_rest().await.email;
        assert_eq!((sums.spent, credits(gateway.vendor.bill().email)), (1.5, 1.5));
        let again = resolve(&operator, id, &word).await;
        assert_eq!(again.body, resolved.body, "what was booked the first time");
        gateway.finish().await;
    }
}
