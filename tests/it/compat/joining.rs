//! Results that are joined to leads: by their order, or by what they echo.

use serde_json::{Value, json};

use super::scripts::Program;
use super::{SOON, gateway};

/// Has scripts join leads in two ways, by order and by a field, each of which must lead to the same
/// person.
async fn joined_by(field: &str, leads: &[Value], names: &[Option<&str>]) {
    for program in Program::PYTHON {
        let gateway = gateway().await;
        let team = gateway.team("sales", 100).await;
        let pairs = program.run("join", &team, &[SOON, field], leads).await;
        let expected: Vec<_> = names.iter().map(|name| json!([name, name])).collect();
        assert_eq!(pairs, expected, "{program:?}");
        gateway.finish().await;
    }
}

#[tokio::test]
async fn results_are_joined_by_order_and_by_linkedin_address() {
    let lead = |path: &str| json!({"linkedin_url": format!("https://www.LinkedIn.com/in/{path}")});
    let paths =
        ["Ada-Lovelace", "nobody-here", "grace-hopper?trk=x", "ada-lovelace", "Jürgen-Moser/de"];
    let names = ["Ada Lovelace", "", "Grace Hopper", "Ada Lovelace", "Jürgen Moser"];
    let names = names.map(|name| (!name.is_empty()).then_some(name));
    joined_by("linkedin_url", &paths.map(lead), &names).await;
}

#[tokio::test]
async fn results_are_joined_by_order_and_by_email_lower_cased() {
    let lead = |email: &str| json!({"email": email});
    let emails = [
        "Ada.Lovelace@X.example",
        "nobody@x.example",
        " grace.hopper@x.example ",
        "ada.lovelace@x.example",
    ];
    let names = [Some("Ada Lovelace"), None, Some("Grace Hopper"), Some("Ada Lovelace")];
    joined_by("email", &emails.map(lead), &names).await;
}
