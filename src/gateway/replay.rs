//! What a retry is told by: keyed fingerprints, so that no store holds what was asked.

use std::time::Duration;

use super::{Caller, Enrichment, Gateway, Marks};
use crate::domain::lead::Field;
use crate::ledger::record::replay::{Retry, ToldBy};

/// For how long a caller's own key names a request.
const KEY_WINDOW: Duration = Duration::from_hours(24);

impl Gateway {
    /// How it is told whether a request, which is all of these texts, is a retry; none where nothing
    /// tells.
    pub(super) fn retry(
        &self,
        caller: &Caller,
        marks: &Marks,
        texts: &[Option<&str>],
    ) -> Option<Retry> {
        let is_told = marks.key.is_some() || !self.settings.replay_window.is_zero();
        is_told.then(|| {
            let request = self.keyer.request_key(texts);
            let batch_ttl = self.settings.batch_ttl;
            match &marks.key {
                Some(name) => Retry {
                    key: self.keyer.replay_key_named(&caller.team, name),
                    request,
                    by: ToldBy::Caller,
                    window: KEY_WINDOW,
                    batch_ttl,
                },
                None => Retry {
                    key: self.keyer.replay_key_unnamed(&caller.team, request),
                    request,
                    by: ToldBy::Content,
                    window: self.settings.replay_window,
                    batch_ttl,
                },
            }
        })
    }
}

/// All that makes a request this one and no other. What follows the headers are the leads, each
/// with all its fields, so no two requests have the same texts.
pub(super) fn texts(ask: &Enrichment) -> Vec<Option<&str>> {
    let reveals = [ask.reveals.email, ask.reveals.phone].map(|is_asked| is_asked.then_some(""));
    let headers = ask.marks.headers.iter().map(|header| Some(header.as_str()));
    let leads = ask.leads.iter().flat_map(|lead| Field::ALL.map(|field| lead.field(field)));
    reveals.into_iter().chain(headers).chain([None]).chain(leads).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::lead::{Fields, Lead};
    use crate::domain::limits::Limits;
    use crate::domain::reveal::Reveals;
    use crate::gateway::Marks;

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
    fn no_two_requests_have_the_same_texts() {
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
        let told: HashSet<_> = requests.iter().map(texts).collect();
        assert_eq!(told.len(), requests.len());
    }
}
