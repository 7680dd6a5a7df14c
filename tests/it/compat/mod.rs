//! What callers' programs do, habit by habit: small scripts as people write them, for HTTP clients
//! that are not ours, against the gateway and the sandbox.
//!
//! A script lies in the folder of its client and is told base URL and key by the environment, and
//! leads, one in a line, by its input. The page `docs/compatibility.md` lists every habit.

mod balancer;
mod joining;
mod paging;
mod polling;
mod resuming;
mod retrying;
mod scripts;
mod sending;
mod swapping;

use serde_json::{Value, json};

/// How long scripts wait between looks, in seconds, as their argument.
const SOON: &str = "0.02";

/// Somebody who is found with an email and a number, by LinkedIn address.
fn reachable(name: &str) -> Value {
    json!({"linkedin_url": format!("https://www.linkedin.com/in/{name}-reachable")})
}
