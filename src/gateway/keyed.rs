//! Keys of leads, by which the ledger's steps know them.

use tokio::task::yield_now;

use super::Gateway;
use crate::domain::identity::Reading;
use crate::domain::lead::{Field, Lead};
use crate::ledger::step::LeadAsk;

/// How many leads get their keys before other requests are served.
const KEYED_AT_ONCE: usize = 100;

impl Gateway {
    /// The keys of leads. For many leads they take long, so other requests are served in between.
    pub(super) async fn lead_asks(&self, leads: &[Lead]) -> Vec<LeadAsk> {
        let mut asks = Vec::with_capacity(leads.len());
        for some in leads.chunks(KEYED_AT_ONCE) {
            if !asks.is_empty() {
                yield_now().await;
            }
            asks.extend(some.iter().map(|lead| self.lead_ask(lead)));
        }
        asks
    }

    /// The keys of a lead.
    pub(super) fn lead_ask(&self, lead: &Lead) -> LeadAsk {
        self.ask_of(&Reading::of(lead))
    }

    pub(super) fn ask_of(&self, reading: &Reading) -> LeadAsk {
        let Reading { whole, parts, sent, name, .. } = reading;
        LeadAsk {
            key: self.keyer.lead_key(whole),
            parts: parts.as_ref().map(|part| self.keyer.lead_key(part)),
            has_email: sent[Field::Email].is_some(),
            name: name
                .as_ref()
                .map(|name| self.keyer.name_marks(name.as_str()))
                .unwrap_or_default(),
        }
    }
}
