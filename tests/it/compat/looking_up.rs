//! Look-ups: one person by `GET /people/find`.

use serde_json::{Value, json};

use super::scripts::Program;
use super::{gateway, reachable};

#[tokio::test]
async fn a_person_is_looked_up_however_the_query_is_spelled() {
    for program in Program::ALL {
        let gateway = gateway().await;
        let team = gateway.team("sales", 100).await;
        let leads = [
            reachable("ada"),
            json!({"email": "grace.reachable+x@x.example"}),
            json!({"linkedin_url": "https://www.linkedin.com/in/jürgen-reachable?trk=a&b=c"}),
            json!({"email": "nobody@x.example"}),
            json!({"email": "removed@x.example"}),
        ];
        let found = program.run("find", &team, &[], &leads).await;
        let told: Vec<_> = found.iter().map(|answer| &answer["status"]).collect();
        assert_eq!(told, [200, 200, 200, 404, 451], "{program:?}: {found:?}");
        for answer in &found[..3] {
            let person = &answer["body"];
            assert_eq!(person["object"], "person", "not wrapped in anything");
            assert!(person["email"].is_string(), "{person}");
            assert_eq!(person["phone_numbers"].as_array().map(Vec::len), Some(1), "{person}");
        }
        let codes = found[3..].iter().map(|answer| &answer["body"]["_errors"][0]["code"]);
        let codes: Vec<&Value> = codes.collect();
        assert_eq!(codes, ["person_not_found", "unavailable_for_legal_reasons"]);
        gateway.finish().await;
    }
}
