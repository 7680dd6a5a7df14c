//! The user that `docs/operations.md` says to make for a gateway, who may do no more than it needs.

use std::path::Path;

use super::Server;

/// How its line begins.
const LINE: &str = "ACL SETUSER ";

/// The rules of the line on the page, which are all that a server knows of the user.
fn rules() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, from) = page.split_once(LINE).expect("the page has the line");
    let block = from.split("```").next().unwrap();
    block.split_whitespace().filter(|word| *word != "\\").collect::<Vec<_>>().join(" ")
}

/// The user as `redis.conf` has it.
pub(super) fn user() -> String {
    format!("user {}", rules())
}

impl Server {
    /// Where it listens, as the store of a gateway that logs in as the documented user.
    pub(crate) fn url_as_documented(&self) -> String {
        let rules = rules();
        let mut words = rules.split(' ');
        let name = words.next().expect("the user has a name");
        let password = words.find_map(|word| word.strip_prefix('>')).expect("and a password");
        format!("redis://{name}:{password}@{}", self.address())
    }
}
