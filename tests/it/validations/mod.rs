//! Email validations through the front door: each address is paid once as long as it counts, an
//! unanswered call is never made again, and the books are equal to the vendor's bill.

mod addresses;
mod reading;
mod terms;
mod trouble;

use serde_json::{Value, json};
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use crate::support::client::{Answer, Client};
use crate::support::wait::Patience;

/// Test gateways take every request for a new one, unless they are told otherwise.
const RETRIES_ARE_TOLD: &str = "server.replay_window=5m";

const VALIDATIONS: &str = "/email-validations";

fn body(emails: &[&str]) -> Value {
    let emails: Vec<_> = emails.iter().map(|email| json!({"email": email})).collect();
    json!({"emails": emails})
}

async fn validate(team: &Client, emails: &[&str]) -> Answer {
    team.post(VALIDATIONS, &body(emails)).await
}

fn path(answer: &Answer) -> String {
    format!("{VALIDATIONS}/{}", answer.body["id"].as_str().unwrap())
}

/// Waits for the end of a validation that was accepted.
async fn ended(team: &Client, accepted: &Answer) -> Answer {
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let mut patience = Patience::new();
    loop {
        let answer = team.get(&path(accepted)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        if answer.has_ended() {
            return answer;
        }
        patience.look_again("the validation ends").await;
    }
}

/// Each address with its verdict, in order.
fn verdicts(answer: &Answer) -> Vec<(&str, &str)> {
    answer
        .results()
        .iter()
        .map(|one| {
            let email = one["email"].as_str().unwrap_or_default();
            (email, one["result"].as_str().unwrap_or_default())
        })
        .collect()
}

fn once(kind: FaultKind) -> Faults {
    Faults::of([Rule::always(Operation::Submit, kind).times(1)])
}
