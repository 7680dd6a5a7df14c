//! A team's policies: what an operator says they are, and what operators are shown.

use std::time::Duration;

use serde::Serialize;

use super::fault::Faults;
use super::given::Given;
use crate::domain::measure;
use crate::domain::policy::Policies;

/// Reads policies; what is left out has its default.
pub(super) fn read(given: &Given<'_>, faults: &mut Faults) -> Option<Policies> {
    let names = ["strip_email_reveal", "phones", "max_age", "shared_cache", "ignore_no_cache"];
    let [strip_email_reveal, phones, max_age, shared_cache, ignore_no_cache] =
        given.properties(names, faults)?;
    let mut yes_or_no = |given: Option<Given<'_>>, default| {
        given.and_then(|given| given.boolean(faults)).unwrap_or(default)
    };
    let defaults = Policies::default();
    Some(Policies {
        strip_email_reveal: yes_or_no(strip_email_reveal, defaults.strip_email_reveal),
        phones: yes_or_no(phones, defaults.phones),
        shared_cache: yes_or_no(shared_cache, defaults.shared_cache),
        ignore_no_cache: yes_or_no(ignore_no_cache, defaults.ignore_no_cache),
        max_age: max_age.filter(|given| !given.is_null()).and_then(|given| age(&given, faults)),
    })
}

fn age(given: &Given<'_>, faults: &mut Faults) -> Option<Duration> {
    let age = measure::duration(&given.string(faults)?);
    if age.is_none() {
        given.refuse("an age is null or a duration such as 30m, 24h or 7d", faults);
    }
    age
}

/// Policies as operators are shown them, and may send them back.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of an operator's own")]
pub(super) struct PoliciesShown {
    strip_email_reveal: bool,
    phones: bool,
    max_age: Option<String>,
    shared_cache: bool,
    ignore_no_cache: bool,
}

impl From<Policies> for PoliciesShown {
    fn from(policies: Policies) -> Self {
        let Policies { strip_email_reveal, phones, max_age, shared_cache, ignore_no_cache } =
            policies;
        let max_age = max_age.map(measure::told);
        Self { strip_email_reveal, phones, max_age, shared_cache, ignore_no_cache }
    }
}
