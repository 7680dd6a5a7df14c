//! Recognition of retries: keyed fingerprints, so that no store contains the request.

use std::time::Duration;

use super::{Call, Caller, Enrichment, Gateway, Marks, Request, ValidationAsk};
use crate::domain::idempotency_key::IdempotencyKey;
use crate::domain::identity::keys::RequestKey;
use crate::domain::lead::Field;
use crate::ledger::record::replay::{Retry, ToldBy};

/// How long a caller's own key identifies a request.
const KEY_WINDOW: Duration = Duration::from_hours(24);

impl Gateway {
    /// How a retry of the request would be recognised; `None` if it cannot be.
    pub(super) fn retry(&self, caller: &Caller, ask: &Enrichment) -> Option<Retry> {
        let request = self.keyer.request_key(&texts(ask));
        self.retry_of(caller, ask.marks.key.as_ref(), request, self.settings.replay_window)
    }

    /// The same for a call. A request that only reads is a new one each time, unless it has a key.
    pub(super) fn retry_of_call(&self, caller: &Caller, call: &Call) -> Option<Retry> {
        let Call { request: Request { method, path_and_query, body, .. }, marks, .. } = call;
        // It may not be text.
        let body = blake3::hash(body).to_hex();
        let texts = ["call", method.as_str(), path_and_query, body.as_str()].map(Some).into_iter();
        let texts: Vec<_> = texts.chain(headers(marks)).collect();
        let window = if method.is_safe() { Duration::ZERO } else { self.settings.replay_window };
        self.retry_of(caller, marks.key.as_ref(), self.keyer.request_key(&texts), window)
    }

    /// The same for a validation.
    pub(super) fn retry_of_validation(
        &self,
        caller: &Caller,
        ask: &ValidationAsk,
    ) -> Option<Retry> {
        let emails = ask.addresses.iter().map(|lead| lead.field(Field::Email));
        let texts = [Some("email-validations")].into_iter().chain(headers(&ask.marks));
        let texts: Vec<_> = texts.chain([None]).chain(emails).collect();
        let request = self.keyer.request_key(&texts);
        self.retry_of(caller, ask.marks.key.as_ref(), request, self.settings.replay_window)
    }

    /// A request is identified by its caller's key; without one, for this long by its content.
    fn retry_of(
        &self,
        caller: &Caller,
        key: Option<&IdempotencyKey>,
        request: RequestKey,
        window: Duration,
    ) -> Option<Retry> {
        let (team, batch_ttl) = (&caller.team, self.settings.batch_ttl);
        let (key, by, window) = match key {
            Some(name) => (self.keyer.replay_key_named(team, name), ToldBy::Caller, KEY_WINDOW),
            None if window.is_zero() => return None,
            None => (self.keyer.replay_key_unnamed(team, request), ToldBy::Content, window),
        };
        Some(Retry { key, request, by, window, batch_ttl, lost: None })
    }
}

fn headers(marks: &Marks) -> impl Iterator<Item = Option<&str>> {
    marks.headers.iter().map(|header| Some(header.as_str()))
}

/// All texts that define a request. The leads follow the headers, each with all its fields, so
/// different requests never have the same texts.
fn texts(ask: &Enrichment) -> Vec<Option<&str>> {
    let reveals = [ask.reveals.email, ask.reveals.phone].map(|is_asked| is_asked.then_some(""));
    let leads = ask.leads.iter().flat_map(|lead| Field::ALL.map(|field| lead.field(field)));
    reveals.into_iter().chain(headers(&ask.marks)).chain([None]).chain(leads).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::lead::{Fields, Lead};
    use crate::domain::limits::Limits;
    use crate::domain::reveal::Reveals;

    fn asks(leads: &[&[(Field, &str)]], reveals: Reveals, headers: &[&str]) -> Enrichment {
        let lead = |texts: &&[(Field, &str)]| {
            let fields: Fields =
                texts.iter().map(|(field, text)| (*field, (*text).into())).collect();
            Lead::new(fields).unwrap()
        };
        let headers = headers.iter().map(|&header| header.to_owned()).collect();
        let marks = Marks { key: None, headers };
        let leads = leads.iter().map(lead).collect();
        Enrichment { leads, reveals, max_age: None, limits: Limits::default(), marks }
    }

    #[test]
    fn different_requests_have_different_texts() {
        let (ada, bob) = ((Field::Email, "ada@x.io"), (Field::Name, "Bob"));
        let requests = [
            asks(&[&[ada], &[bob]], Reveals::NONE, &[]),
            asks(&[&[bob], &[ada]], Reveals::NONE, &[]),
            asks(&[&[ada, bob]], Reveals::NONE, &[]),
            asks(&[&[ada]], Reveals::NONE, &[]),
            asks(&[&[ada], &[]], Reveals::NONE, &[]),
            asks(&[&[ada], &[bob]], Reveals { email: true, phone: false }, &[]),
            asks(&[&[ada], &[bob]], Reveals { email: false, phone: true }, &[]),
            asks(&[&[ada], &[bob]], Reveals::NONE, &["cache-control: no-cache"]),
            asks(&[&[ada], &[bob]], Reveals::NONE, &["cache-control: no-cache", "x"]),
            asks(&[&[ada, (Field::Title, "")], &[bob]], Reveals::NONE, &[]),
        ];
        let distinct: HashSet<_> = requests.iter().map(texts).collect();
        assert_eq!(distinct.len(), requests.len());
    }
}
