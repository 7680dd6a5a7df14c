//! A team's policies: what an operator says they are, and what operators are shown.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;

use super::fault::Faults;
use super::given::Given;
use crate::domain::measure;
use crate::domain::policy::Policies;

/// Reads policies; what is left out has its default.
pub(super) fn read(given: &Given<'_>, faults: &mut Faults) -> Option<Policies> {
    let names = [
        "strip_email_reveal",
        "phones",
        "max_age",
        "shared_cache",
        "ignore_no_cache",
        "requests_per_minute",
        "requests_at_once",
        "open_batches",
        "kept_bytes",
        "leads_per_day",
        "idempotency_keys",
    ];
    let [
        strip_email_reveal,
        phones,
        max_age,
        shared_cache,
        ignore_no_cache,
        requests_per_minute,
        requests_at_once,
        open_batches,
        kept_bytes,
        leads_per_day,
        idempotency_keys,
    ] = given.properties(names, faults)?;
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
        requests_per_minute: count(requests_per_minute, u32::MAX, faults),
        requests_at_once: count(requests_at_once, u32::MAX, faults),
        open_batches: count(open_batches, COUNT_MAX, faults),
        kept_bytes: count(kept_bytes, COUNT_MAX, faults),
        leads_per_day: count(leads_per_day, COUNT_MAX, faults),
        idempotency_keys: count(idempotency_keys, COUNT_MAX, faults),
    })
}

/// The most that a limit may say: more than any store holds, and exact as a JSON number.
const COUNT_MAX: u64 = 1 << 53;

/// A limit; null, or left out, leaves it to the settings.
fn count<T: Copy + FromStr + PartialOrd + Display>(
    given: Option<Given<'_>>,
    most: T,
    faults: &mut Faults,
) -> Option<T> {
    let given = given.filter(|given| !given.is_null())?;
    given.whole_number(most, faults)
}

fn age(given: &Given<'_>, faults: &mut Faults) -> Option<Duration> {
    let age = measure::duration(&given.string(faults)?);
    if age.is_none() {
        given.refuse("an age must be null or a duration such as 30m, 24h or 7d", faults);
    }
    age
}

/// Policies as operators are shown them, and may send them back.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate switch for operators")]
pub(super) struct PoliciesShown {
    strip_email_reveal: bool,
    phones: bool,
    max_age: Option<String>,
    shared_cache: bool,
    ignore_no_cache: bool,
    requests_per_minute: Option<u32>,
    requests_at_once: Option<u32>,
    open_batches: Option<u64>,
    kept_bytes: Option<u64>,
    leads_per_day: Option<u64>,
    idempotency_keys: Option<u64>,
}

impl From<Policies> for PoliciesShown {
    fn from(policies: Policies) -> Self {
        let Policies {
            strip_email_reveal,
            phones,
            max_age,
            shared_cache,
            ignore_no_cache,
            requests_per_minute,
            requests_at_once,
            open_batches,
            kept_bytes,
            leads_per_day,
            idempotency_keys,
        } = policies;
        Self {
            strip_email_reveal,
            phones,
            max_age: max_age.map(measure::told),
            shared_cache,
            ignore_no_cache,
            requests_per_minute,
            requests_at_once,
            open_batches,
            kept_bytes,
            leads_per_day,
            idempotency_keys,
        }
    }
}
