//! Corrections of a team's books.

use serde_json::{Value, json};

use super::{people, post_once, problem};
use crate::support::gateway::{Setup, Store, TestGateway};

const ADJUSTMENTS: &str = "/admin/v1/ledger/adjustments";

fn adjustment(amount: &str) -> Value {
    let amount: Value = serde_json::from_str(amount).unwrap();
    json!({"team": "sales", "unit": "email", "amount": amount, "reason": "invoice 11/26"})
}

#[tokio::test]
async fn an_adjustment_is_booked_once_however_often_it_is_sent() {
    for store in Store::ALL {
        let gateway = TestGateway::with(Setup::default().on(store)).await;
        let (operator, team) = (gateway.operator(), gateway.team("sales", 100).await);
        team.enrich(&people(&["ada"])).await;
        gateway.at_rest().await;
        let more = adjustment("2.125");
        let made = post_once(&operator, ADJUSTMENTS, "k1", &more).await;
        assert_eq!(made.status, 201, "{made:?}");
        let entry = made.body["entry"].as_u64().unwrap();
        let expected = json!({
            "entry": entry, "team": "sales", "unit": "email", "amount": 2.125,
            "reason": "invoice 11/26",
        });
        assert_eq!(made.body, expected);
        for _ in 0..3 {
            let again = post_once(&operator, ADJUSTMENTS, "k1", &more).await;
            assert_eq!((again.status, &again.body), (201, &expected), "{store:?}");
        }
        let reused = post_once(&operator, ADJUSTMENTS, "k1", &adjustment("2")).await;
        assert_eq!((reused.status, problem(&reused).0), (422, "idempotency_key_reused"));
        assert_eq!(gateway.sums().await.email.spent, 3.625);
        let undone = post_once(&operator, ADJUSTMENTS, "k2", &adjustment("-2.125")).await;
        assert_eq!(undone.status, 201);
        assert!(undone.body["entry"].as_u64().unwrap() > entry);
        gateway.finish().await;
    }
}

#[tokio::test]
async fn nothing_is_spent_below_zero() {
    for store in Store::ALL {
        let gateway = TestGateway::with(Setup::default().on(store)).await;
        let quotas = json!([{"unit": "email", "period": "month", "limit": 9}]);
        let team = gateway.team_with("sales", quotas).await;
        team.enrich(&people(&["ada"])).await;
        gateway.at_rest().await;
        let operator = gateway.operator();
        let below = post_once(&operator, ADJUSTMENTS, "k", &adjustment("-1.501")).await;
        assert_eq!((below.status, problem(&below).0), (409, "spent_below_zero"));
        let detail = below.body["detail"].as_str().unwrap();
        assert!(detail.contains("has spent 1.5 email credits"), "{detail}");
        let all = post_once(&operator, ADJUSTMENTS, "k", &adjustment("-1.5")).await;
        assert_eq!(all.status, 201, "a refused one does not use up its key: {all:?}");
        assert_eq!(gateway.usage("sales").await["quotas"][0]["spent"], json!(0));
        post_once(&operator, ADJUSTMENTS, "back", &adjustment("1.5")).await;
        gateway.finish().await;
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_adjustment_is_said_with_its_place() {
    let gateway = TestGateway::start().await;
    let operator = gateway.operator();
    gateway.team("sales", 1).await;
    let keyless = operator.post(ADJUSTMENTS, &adjustment("1")).await;
    assert_eq!((keyless.status, problem(&keyless).0), (400, "invalid_header"));
    assert!(keyless.body["detail"].as_str().unwrap().starts_with("Idempotency-Key: missing"));
    let mut nobody = adjustment("1");
    nobody["team"] = json!("nobody");
    let refused = post_once(&operator, ADJUSTMENTS, "k", &nobody).await;
    assert_eq!((refused.status, problem(&refused).0), (404, "not_found"));
    for amount in ["0", "0.0001", "\"1\"", "1000000000.5"] {
        let refused = post_once(&operator, ADJUSTMENTS, "k", &adjustment(amount)).await;
        let (code, faults) = problem(&refused);
        assert_eq!((refused.status, code), (400, "invalid_request"), "{amount}");
        assert_eq!(faults[0].1, "/amount", "{amount}");
    }
    gateway.finish().await;
}
