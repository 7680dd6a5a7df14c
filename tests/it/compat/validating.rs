//! Validations of email addresses.

use serde_json::{Value, json};

use super::scripts::Program;
use super::{SOON, gateway};

#[tokio::test]
async fn validated_addresses_are_joined_by_order_or_lower_cased_and_paid_once() {
    let gateway = gateway().await;
    let team = gateway.team("sales", 100).await;
    let address = |email: &str| json!({"email": email});
    let emails = ["Ada@X.example", "bounce@x.example", "maybe@x.example", "grace@x.example"];
    let emails: Vec<Value> = emails.map(address).into();
    for program in Program::PYTHON {
        let verdicts = program.run("validate", &team, &[SOON], &emails).await;
        let expected = ["deliverable", "undeliverable", "risky", "deliverable"];
        assert_eq!(verdicts, expected, "{program:?}");
    }
    gateway.at_rest().await;
    assert_eq!(gateway.usage("sales").await["totals"]["email"]["spent"], json!(4));
    gateway.finish().await;
}
