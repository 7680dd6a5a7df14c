//! What callers' programs do, habit by habit: small scripts as people write them, for HTTP clients
//! that are not ours, against the gateway and the sandbox.
//!
//! A script lies in the folder of its client and is told base URL and key by the environment, and
//! leads, one in a line, by its input. The page `docs/compatibility.md` lists every habit.

mod balancer;
mod joining;
mod looking_up;
mod paging;
mod passing;
mod polling;
mod resuming;
mod retrying;
mod scripts;
mod sending;
mod swapping;
mod tables;
mod tools;
mod validating;

use serde_json::{Value, json};

use crate::support::gateway::{Setup, TestGateway};

/// An identical POST is taken for a retry, as it is by default; other tests have that switched off.
const RETRIES_ARE_TOLD: &str = "server.replay_window=5m";

/// How long scripts wait between looks, in seconds, as their argument.
const SOON: &str = "0.02";

/// Somebody who is found with an email and a number, by LinkedIn address.
fn reachable(name: &str) -> Value {
    json!({"linkedin_url": format!("https://www.linkedin.com/in/{name}-reachable")})
}

async fn gateway() -> TestGateway {
    TestGateway::with(Setup::with_settings(&[RETRIES_ARE_TOLD])).await
}
