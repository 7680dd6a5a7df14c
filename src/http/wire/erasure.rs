//! Erasures: the body that names a person, and what was erased.

use serde::Serialize;

use super::fault::Fault;
use super::given::Given;
use crate::domain::identity::Identity;
use crate::domain::uuid::Uuid;
use crate::gateway::{Erasure, Named};

/// Reads whom a body names, in exactly one way.
///
/// # Errors
/// Every fault; the only one where the body is no JSON.
pub(in crate::http) fn parse(body: &[u8]) -> Result<Named, Vec<Fault>> {
    Given::parse(body, |given, faults| {
        let ways = ["email", "linkedin_url", "person_id"];
        match given.properties(ways, faults)? {
            [Some(email), None, None] => {
                let found = Identity::of_address(&email.string(faults)?).map(Named::Identity);
                if found.is_none() {
                    email.refuse("this is not an email address that identifies one person", faults);
                }
                found
            }
            [None, Some(profile), None] => {
                let found =
                    Identity::of_linkedin_url(&profile.string(faults)?).map(Named::Identity);
                if found.is_none() {
                    profile.refuse("this is not the URL of a person's LinkedIn profile", faults);
                }
                found
            }
            [None, None, Some(person)] => person.named::<Uuid>(faults).map(Named::Vendor),
            _ => {
                given.refuse("give exactly one of: email, linkedin_url, person_id", faults);
                None
            }
        }
    })
}

/// What was erased, or would be.
#[derive(Serialize)]
pub(in crate::http) struct ErasureShown {
    erased: usize,
    teams: Vec<String>,
    kept: &'static [Kept],
    receipt: Option<String>,
}

/// Something that stays.
#[derive(Serialize)]
struct Kept {
    what: &'static str,
    why: &'static str,
}

/// What is on the books of a person for good, or for a while.
const KEPT: &[Kept] = &[
    Kept {
        what: "ledger_entries",
        why: "they record what was paid and contain no data that identifies a person",
    },
    Kept {
        what: "payment_facts",
        why: "records of charges under a keyed hash, so that the person is not paid for again",
    },
    Kept {
        what: "removal_marks",
        why: "keyed hashes, so that the person is not sent to the vendor or returned again",
    },
    Kept {
        what: "submitted_leads",
        why: "the submitted fields, encrypted with other leads of their batch; no reader gets \
              them, and they are deleted with the batch (cache.batch_ttl)",
    },
];

impl From<Erasure> for ErasureShown {
    fn from(erasure: Erasure) -> Self {
        let Erasure { results, teams, receipt } = erasure;
        let teams = teams.iter().map(|team| team.as_str().to_owned()).collect();
        Self { erased: results, teams, kept: KEPT, receipt }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_named_in_exactly_one_way() {
        for body in [
            r#"{"email":"Ada@X.io"}"#,
            r#"{"linkedin_url":"linkedin.com/in/ada"}"#,
            r#"{"person_id":"0f1e2d3c-0000-4000-8000-000000000001"}"#,
        ] {
            assert!(parse(body.as_bytes()).is_ok(), "{body}");
        }
        for (body, pointer) in [
            ("{}", ""),
            (r#"{"email":"a@x.io","person_id":"0f1e2d3c-0000-4000-8000-000000000001"}"#, ""),
            (r#"{"email":"ada"}"#, "/email"),
            (r#"{"email":1}"#, "/email"),
            (r#"{"linkedin_url":"linkedin.com/company/x"}"#, "/linkedin_url"),
            (r#"{"person_id":"7"}"#, "/person_id"),
        ] {
            let faults = parse(body.as_bytes()).expect_err(body);
            assert_eq!(faults.len(), 1, "{body}");
            assert_eq!(faults[0].pointer, pointer, "{body}");
        }
    }
}
