//! What went wrong: exit codes, and errors as text and as JSON.

use serde_json::json;

use super::{on, run};
use crate::support::gateway::{ADMIN_TOKEN, TestGateway};
use crate::support::ports::free;

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gateway_refuses_ends_with_1_and_its_own_problem() {
    let gateway = TestGateway::start().await;
    let unknown = on(&gateway, &["team", "show", "nobody"]);
    assert_eq!((unknown.code, unknown.out.as_str()), (1, ""));
    assert_eq!(unknown.err, "Error: 404 not_found: There is no such team\n");
    let problem = on(&gateway, &["team", "show", "nobody", "--json"]).problem();
    assert_eq!((&problem["status"], &problem["code"]), (&json!(404), &json!("not_found")));
    assert_eq!(problem["type"], "urn:tollgate:problem:not_found");

    gateway.team("sales", 1).await;
    let wrong = ["quota", "set", "sales", "fax/year=5", "email/day=1,time_zone=Nowhere"];
    let faulty = on(&gateway, &wrong);
    assert_eq!(faulty.code, 1, "{faulty:?}");
    for place in ["/quotas/2/unit: invalid_field", "/quotas/2/period", "/quotas/3/time_zone"] {
        assert!(faulty.err.contains(place), "{place}: {}", faulty.err);
    }
    let url = format!("http://{}", gateway.app.operators);
    let stranger = run(&["usage", "--json"], &[("TOLLGATE_URL", &url), ("TOLLGATE_TOKEN", "no")]);
    assert_eq!((stranger.code, &stranger.problem()["code"]), (1, &json!("unauthorized")));
    gateway.finish().await;
}

#[test]
fn where_no_gateway_answers_a_command_ends_with_3() {
    let nobody = format!("http://{}", free());
    let environment = [("TOLLGATE_URL", nobody.as_str()), ("TOLLGATE_TOKEN", ADMIN_TOKEN)];
    let refused = run(&["team", "list"], &environment);
    assert_eq!((refused.code, refused.out.as_str()), (3, ""), "{refused:?}");
    assert!(refused.err.contains(&nobody) && refused.err.contains("--url"), "{refused:?}");
    assert!(!refused.err.contains(ADMIN_TOKEN));
    let problem = run(&["team", "list", "--json"], &environment);
    assert_eq!((problem.code, &problem.problem()["code"]), (3, &json!("unreachable")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_no_gateways_is_not_taken_for_one() {
    let gateway = TestGateway::start().await;
    // The callers' listener has no such path, and answers in the vendor's envelope.
    let url = format!("http://{}", gateway.app.callers);
    let environment = [("TOLLGATE_URL", url.as_str()), ("TOLLGATE_TOKEN", ADMIN_TOKEN)];
    let callers = run(&["team", "list", "--json"], &environment);
    assert_eq!(callers.code, 1, "{callers:?}");
    assert!(callers.problem()["code"].is_string());
    let url = format!("{url}/healthz?");
    let environment = [("TOLLGATE_URL", url.as_str()), ("TOLLGATE_TOKEN", ADMIN_TOKEN)];
    assert_ne!(run(&["team", "list"], &environment).code, 0);
    for url in ["ftp://127.0.0.1", "127.0.0.1:8081"] {
        let environment = [("TOLLGATE_URL", url), ("TOLLGATE_TOKEN", ADMIN_TOKEN)];
        assert_eq!(run(&["team", "list"], &environment).code, 2, "{url}");
    }
    gateway.finish().await;
}

#[test]
fn arguments_that_cannot_be_read_end_with_2() {
    for arguments in [
        &["team", "show"][..],
        &["team", "show", "Sales"],
        &["batch", "show", "x"],
        &["batch", "resolve", "7", "--outcome", "perhaps", "--reason", "x"],
        &["person", "erase", "--yes"],
        &["person", "erase", "--email", "a@x.io", "--person-id", "7", "--yes"],
        &["quota", "set", "sales", "email=5"],
        &["nothing"],
        &[],
    ] {
        let text = run(arguments, &[("TOLLGATE_TOKEN", "t")]);
        assert_eq!((text.code, text.out.as_str()), (2, ""), "{arguments:?}: {text:?}");
        if !arguments.is_empty() {
            let json = run(&[arguments, &["--json"]].concat(), &[("TOLLGATE_TOKEN", "t")]);
            assert_eq!((json.code, &json.problem()["code"]), (2, &json!("usage")), "{json:?}");
        }
    }
    assert_eq!(run(&["--version"], &[]).code, 0);
    assert_eq!(run(&["team", "--help", "--json"], &[]).code, 0);
}

#[test]
fn settings_and_their_faults_are_json_too() {
    let flags = ["--set", "vendor.api_key=sesame", "--set", "vendor.timeout=20s"];
    let checked = run(&[&["check", "--json"], &flags[..]].concat(), &[]);
    assert_eq!(checked.code, 0, "{checked:?}");
    let settings = checked.json()["settings"].clone();
    let find = |key: &str| {
        let found = settings.as_array().unwrap().iter().find(|setting| setting["key"] == key);
        found.unwrap_or_else(|| panic!("{key} in {settings}")).clone()
    };
    let flag = "--set vendor.timeout";
    assert_eq!(
        find("vendor.timeout"),
        json!({"key": "vendor.timeout", "value": "20s", "place": flag})
    );
    assert_eq!(find("vendor.api_key")["value"], "<redacted>");
    assert_eq!(find("admin.token")["value"], json!(null));
    assert!(!checked.out.contains("sesame"));
    let faulty = run(&["check", "--json", "--set", "vendor.timeout=soon"], &[]);
    assert_eq!((faulty.code, &faulty.problem()["code"]), (2, &json!("invalid_settings")));
    let errors = faulty.problem()["errors"].clone();
    let keys: Vec<_> =
        errors.as_array().unwrap().iter().map(|error| error["key"].clone()).collect();
    assert!(keys.contains(&json!("vendor.timeout")), "{errors}");
}
