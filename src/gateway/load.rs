//! What a job carries to the vendor, as it was submitted: the leads of one batch, or of every batch
//! whose job travels in it.

use std::collections::BTreeSet;

use super::bodies::leads_of;
use super::{Failed, Gateway};
use crate::domain::lead::{Field, Lead};
use crate::ledger::Ledger;
use crate::ledger::ids::{JobId, ResultRef};
use crate::ledger::record::job::Job;
use crate::vendor::LeadFields;

/// One lead on its way.
pub(super) struct Carried {
    /// Where its answer is looked for.
    pub(super) at: ResultRef,
    /// As it was submitted; none where the vault no longer has it.
    pub(super) lead: Option<Lead>,
}

impl Gateway {
    /// The leads that travel with a job, in order, as far as the vault still has them.
    pub(super) async fn load(&self, job: &Job) -> Result<Vec<Carried>, Failed> {
        let loads = self.ledger.load(job.id).await?;
        let mut places = Vec::new();
        for load in &loads {
            let Some(token) = load.token else { continue };
            places.extend(load.leads.iter().map(|lead| (token, lead.position)));
        }
        let mut found = leads_of(&self.vault, places).await?;
        let mut carried = Vec::new();
        for load in loads {
            for (index, asked) in (load.first..).zip(&load.leads) {
                let place = load.token.map(|token| (*token.as_bytes(), asked.position));
                // Whoever is sent is whoever is on the books, or nobody.
                let lead = place
                    .and_then(|place| found.remove(&place))
                    .filter(|found| self.lead_ask(found).key == asked.key);
                carried.push(Carried { at: ResultRef { job: load.job, index }, lead });
            }
        }
        Ok(carried)
    }
}

/// The jobs of which something is gone that they were to send.
pub(super) fn incomplete(load: &[Carried]) -> Vec<JobId> {
    let gone = load.iter().filter(|carried| carried.lead.is_none());
    gone.map(|carried| carried.at.job).collect::<BTreeSet<_>>().into_iter().collect()
}

/// A lead as the vendor is told of it. One that is gone tells, and contradicts, nothing.
pub(super) fn fields_of(carried: &Carried) -> LeadFields<'_> {
    let Some(lead) = &carried.lead else { return LeadFields::default() };
    LeadFields {
        email: lead.field(Field::Email),
        linkedin_url: lead.field(Field::LinkedinUrl),
        company_domain: lead.field(Field::CompanyDomain),
        company_name: lead.field(Field::CompanyName),
        name: lead.field(Field::Name),
        title: lead.field(Field::Title),
    }
}
