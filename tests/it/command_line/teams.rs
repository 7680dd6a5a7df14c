//! Teams, quotas, keys and usage.

use serde_json::json;

use super::{done, json, on, rows, run};
use crate::support::gateway::{ADMIN_TOKEN, TestGateway};

#[tokio::test(flavor = "multi_thread")]
async fn a_team_is_made_and_changed_and_keeps_what_is_not_given() {
    let gateway = TestGateway::start().await;
    let unbounded = on(&gateway, &["team", "put", "sales"]);
    assert_eq!(unbounded.code, 2, "a new team without a quota: {unbounded:?}");
    assert!(unbounded.err.contains("--unlimited"), "{unbounded:?}");
    assert_eq!(json(&gateway, &["team", "list"])["teams"], json!([]));

    let put = ["team", "put", "sales", "--quota", "email/month=500,time_zone=Europe/Lisbon"];
    let made = json(&gateway, &[&put[..], &["--policy", "phones=false"]].concat());
    let quota = json!({
        "unit": "email", "period": "month", "limit": 500, "time_zone": "Europe/Lisbon", "action": "refuse",
    });
    assert_eq!((&made["name"], &made["quotas"]), (&json!("sales"), &json!([quota])));

    let changed =
        json(&gateway, &["team", "put", "sales", "--name", "Sales EMEA", "--paused", "true"]);
    assert_eq!(changed["quotas"], json!([quota]), "quotas stay");
    assert_eq!(changed["policies"]["phones"], json!(false), "policies stay");
    assert_eq!((&changed["name"], &changed["paused"]), (&json!("Sales EMEA"), &json!(true)));
    done(&gateway, &["team", "put", "trial", "--unlimited"]);

    let list = done(&gateway, &["team", "list"]);
    let mut lines = list.lines();
    let headings: Vec<_> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!(headings, ["TEAM", "NAME", "PAUSED", "QUOTAS"]);
    let sales = lines.next().unwrap();
    assert!(sales.ends_with("500 email a month (Europe/Lisbon)"), "{list}");
    assert!(lines.next().unwrap().ends_with("no quota"), "{list}");
    let shown = done(&gateway, &["team", "show", "sales"]);
    assert!(rows(&shown).contains(&vec!["phones", "no"]), "{shown}");

    let refused = on(&gateway, &["team", "delete", "trial"]);
    assert_eq!(refused.code, 2, "no terminal to ask on: {refused:?}");
    assert!(refused.err.contains("--yes"), "{refused:?}");
    assert_eq!(on(&gateway, &["team", "show", "trial"]).code, 0, "nothing was done");
    let closed = json(&gateway, &["team", "delete", "trial", "--yes"]);
    assert_eq!(closed, json!({"team": "trial", "closed": true}));
    assert_eq!(on(&gateway, &["team", "show", "trial"]).code, 1);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_teams_than_a_page_holds_are_all_listed() {
    let gateway = TestGateway::start().await;
    for n in 0..101 {
        gateway.team_with(&format!("team-{n}"), json!([])).await;
    }
    let listed = json(&gateway, &["team", "list"]);
    assert_eq!(listed["teams"].as_array().unwrap().len(), 101);
    assert_eq!(listed["next_cursor"], json!(null));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_is_set_holds_and_the_others_stay() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let set = ["quota", "set", "sales", "email/total=1", "email/day=40,action=warn"];
    let quotas = json(&gateway, &set)["quotas"].clone();
    let limits = quotas.as_array().unwrap().iter().map(|quota| {
        let text = |name: &str| quota[name].as_str().unwrap().to_owned();
        (text("unit"), text("period"), quota["limit"].as_u64().unwrap(), text("action"))
    });
    let limit = |unit: &str, period: &str, limit, action: &str| {
        (unit.to_owned(), period.to_owned(), limit, action.to_owned())
    };
    assert_eq!(
        limits.collect::<Vec<_>>(),
        [
            limit("email", "total", 1, "refuse"),
            limit("phone", "total", 100, "refuse"),
            limit("email", "day", 40, "warn"),
        ]
    );
    let leads = json!({"leads": [{"email": "ada@reachable.example"}], "reveal_email": true});
    let beyond = team.post("/people/enrichment-requests", &leads).await;
    assert_eq!(beyond.status, 402, "the new limit holds");

    let remove = ["quota", "set", "sales", "--remove", "email/total"];
    assert_eq!(on(&gateway, &remove).code, 2, "a bound is not removed without a question");
    done(&gateway, &[&remove[..], &["--yes"]].concat());
    let listed = done(&gateway, &["quota", "list", "sales"]);
    assert_eq!(rows(&listed)[0], ["UNIT", "PERIOD", "LIMIT", "TIME", "ZONE", "ACTION"]);
    assert_eq!(
        rows(&listed)[1..],
        [["phone", "total", "100", "UTC", "refuse"], ["email", "day", "40", "UTC", "warn"],]
    );
    let absent = on(&gateway, &["quota", "set", "sales", "--remove", "phone/week", "--yes"]);
    assert_eq!(absent.code, 2, "{absent:?}");

    team.enrich(&leads).await;
    let usage = done(&gateway, &["usage", "sales"]);
    assert!(rows(&usage).contains(&vec!["sales", "email", "1.5", "0", "0", "0"]), "{usage}");
    let quota = rows(&usage).into_iter().find(|row| row.starts_with(&["email", "day"])).unwrap();
    assert_eq!(quota[2..7], ["40", "1.5", "0", "0", "38.5"], "{usage}");
    gateway.team("growth", 1).await;
    let all = json(&gateway, &["usage"]);
    let teams: Vec<_> = all["teams"].as_array().unwrap().iter().map(|one| &one["team"]).collect();
    assert_eq!(teams, ["growth", "sales"]);
    assert_eq!(all["teams"][1], json(&gateway, &["usage", "sales"]));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_with_its_bounds_listed_and_revoked() {
    let gateway = TestGateway::start().await;
    done(&gateway, &["team", "put", "sales", "--quota", "email/total=10"]);
    let create = ["key", "create", "sales", "--name", "nightly", "--reveal", "email"];
    let bounds = ["--network", "127.0.0.0/8", "--expires-at", "2999-01-01T00:00:00Z"];
    let made = json(&gateway, &[&create[..], &bounds].concat());
    assert_eq!(made["reveals"], json!(["email"]));
    assert_eq!(made["networks"], json!(["127.0.0.0/8"]));
    let caller = gateway.caller(made["key"].as_str().unwrap());
    assert_eq!(caller.get("/gateway/v1/usage").await.status, 200);
    let shown = on(&gateway, &["key", "create", "sales", "--name", "office"]);
    assert!(shown.err.contains("only once"), "{shown:?}");
    assert!(!shown.out.contains("only once"), "only data is on standard output: {shown:?}");

    let id = made["id"].as_str().unwrap();
    let listed = done(&gateway, &["key", "list", "sales"]);
    assert!(listed.contains(id) && listed.contains("nightly") && listed.contains("office"));
    assert!(!listed.contains(made["key"].as_str().unwrap()), "a key is shown once");
    assert_eq!(on(&gateway, &["key", "revoke", "sales", id]).code, 2);
    assert_eq!(caller.get("/gateway/v1/usage").await.status, 200, "nothing was done");
    let revoked = json(&gateway, &["key", "revoke", "sales", id, "--yes"]);
    assert_eq!(revoked, json!({"team": "sales", "id": id, "revoked": true}));
    assert_eq!(caller.get("/gateway/v1/usage").await.status, 401);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_comes_from_a_flag_a_file_or_the_environment() {
    let gateway = TestGateway::start().await;
    let url = format!("http://{}", gateway.app.operators);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{ADMIN_TOKEN}\n")).unwrap();
    let file = file.to_str().unwrap();
    let list = ["team", "list", "--url", &url];
    let with = |arguments: &[&str], environment: &[(&str, &str)]| {
        run(&[&list[..], arguments].concat(), environment).code
    };
    assert_eq!(with(&[], &[]), 2, "no token");
    assert_eq!(with(&["--token", ADMIN_TOKEN], &[]), 0);
    assert_eq!(with(&["--token-file", file], &[]), 0);
    assert_eq!(with(&[], &[("TOLLGATE_TOKEN", ADMIN_TOKEN)]), 0);
    assert_eq!(with(&[], &[("TOLLGATE_TOKEN_FILE", file)]), 0);
    assert_eq!(with(&["--token-file", file], &[("TOLLGATE_TOKEN", "wrong")]), 0, "flags first");
    assert_eq!(with(&["--token", "wrong"], &[("TOLLGATE_TOKEN_FILE", file)]), 1);
    assert_eq!(with(&["--token-file", "/nowhere"], &[]), 2);
    let help = run(&["team", "--help"], &[("TOLLGATE_TOKEN", ADMIN_TOKEN)]);
    assert!(!help.out.contains(ADMIN_TOKEN), "help shows no secret");
    gateway.finish().await;
}
