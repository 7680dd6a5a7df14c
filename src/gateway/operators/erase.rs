//! Erasing a person: the person is first marked in the ledger, so that no answer contains it any
//! more, and then deleted from the vault.

use std::collections::BTreeSet;

use tracing::info;

use crate::domain::identity::Identity;
use crate::domain::identity::keys::{LeadKey, PersonKey};
use crate::domain::team::TeamId;
use crate::domain::uuid::Uuid;
use crate::gateway::bodies::forget;
use crate::gateway::caller::random;
use crate::gateway::{Failed, Gateway, Refusal};
use crate::ledger::Ledger;
use crate::ledger::step::{Holding, Removal};

/// How many batches are searched for a person in one step.
const BATCHES: usize = 500;

/// How an operator identifies a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// By an email address or a LinkedIn profile.
    Identity(Identity),
    /// By the vendor's id.
    Vendor(Uuid),
}

/// Whether anything is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasing {
    /// The person is erased.
    Now,
    /// Only counts what would be erased.
    Preview,
}

/// What was erased, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// The number of stored results.
    pub results: usize,
    /// The teams whose batches contain the person, or ask for it.
    pub teams: BTreeSet<TeamId>,
    /// An identifier that the log line has, too; `None` for a preview.
    pub receipt: Option<String>,
}

impl Gateway {
    /// Erases a person, or counts what would be erased. Unknown keys are marked, too. Repeated, it
    /// completes an interrupted erasure.
    ///
    /// # Errors
    /// [`Refusal`] if the store is not available.
    pub async fn erase_person(&self, named: Named, erasing: Erasing) -> Result<Erasure, Refusal> {
        let gateway = self.clone();
        self.owned(async move { Ok(gateway.erase_named(named, erasing).await?) }).await
    }

    async fn erase_named(&self, named: Named, erasing: Erasing) -> Result<Erasure, Failed> {
        let (keys, person): (Vec<LeadKey>, Option<PersonKey>) = match &named {
            Named::Identity(identity) => (vec![self.keyer.lead_key(identity)], None),
            Named::Vendor(id) => (Vec::new(), Some(self.keyer.person_key(&id.to_string()))),
        };
        let removal = match erasing {
            Erasing::Preview => self.ledger.removal(keys.clone(), person).await?,
            Erasing::Now => {
                let removal = self.hand_in(|| self.ledger.erase(keys.clone(), person)).await?;
                self.hand_in(|| forget(&self.vault, &removal.results)).await?;
                removal
            }
        };
        let Removal { results, answers } = removal;
        let mut teams = BTreeSet::new();
        let mut after = None;
        loop {
            let holding =
                Holding { keys: keys.clone(), answers: answers.clone(), after, batches: BATCHES };
            let held = self.ledger.holders(holding).await?;
            teams.extend(held.teams);
            after = held.next;
            if after.is_none() {
                break;
            }
        }
        let results = results.len();
        let receipt = (erasing == Erasing::Now).then(|| hex::encode(random::<8>()));
        if let Some(receipt) = &receipt {
            info!(receipt, results, teams = teams.len(), "erased a person; receipt {receipt}");
        }
        Ok(Erasure { results, teams, receipt })
    }
}
