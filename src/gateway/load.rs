//! What a job carries to the vendor: the leads of one batch, or of every batch
//! whose job travels in it.

use std::collections::BTreeSet;

use super::bodies::leads_of;
use super::{Failed, Gateway};
use crate::domain::identity::Reading;
use crate::domain::lead::Field;
use crate::domain::request_id::RequestId;
use crate::ledger::Ledger;
use crate::ledger::ids::{JobId, ResultRef, Token};
use crate::ledger::record::job::Job;
use crate::vendor::LeadFields;

/// One lead on its way.
pub(super) struct Carried {
    /// Where its answer is looked for.
    pub(super) at: ResultRef,
    /// As it is read and sent; none where the vault no longer has it.
    pub(super) reading: Option<Reading>,
    /// Its place in its batch, under the mark of the batch's admission; none where the batch is gone.
    pub(super) place: Option<(Token, u32)>,
    /// The id of the request that asked for it, where it had one.
    pub(super) request: Option<RequestId>,
    /// The vendor refused it: it is not sent any more.
    pub(super) is_refused: bool,
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
                let place = load.token.map(|token| (token, asked.position));
                // Whoever is sent is whoever is on the books, or nobody.
                let reading = place
                    .and_then(|(token, position)| found.remove(&(*token.as_bytes(), position)))
                    .map(|lead| Reading::of(&lead))
                    .filter(|reading| self.keyer.lead_key(&reading.whole) == asked.key);
                let at = ResultRef { job: load.job, index };
                let (request, is_refused) = (load.request.clone(), asked.is_refused);
                carried.push(Carried { at, reading, place, request, is_refused });
            }
        }
        Ok(carried)
    }
}

/// The leads that are sent: those that the vendor has not refused.
pub(super) fn sent_of(load: &[Carried]) -> Vec<&Carried> {
    load.iter().filter(|carried| !carried.is_refused).collect()
}

/// The ids of the requests that asked for these leads, for a log line.
pub(super) fn requests_of<'a>(load: impl IntoIterator<Item = &'a Carried>) -> String {
    const SHOWN_MAX: usize = 10;
    let mut ids: Vec<&str> = Vec::new();
    for id in load.into_iter().filter_map(|carried| carried.request.as_ref()) {
        if ids.len() < SHOWN_MAX && !ids.contains(&id.as_str()) {
            ids.push(id.as_str());
        }
    }
    ids.join(",")
}

/// The jobs of which something is gone that they were to send.
pub(super) fn incomplete(load: &[Carried]) -> Vec<JobId> {
    let gone = sent_of(load).into_iter().filter(|carried| carried.reading.is_none());
    gone.map(|carried| carried.at.job).collect::<BTreeSet<_>>().into_iter().collect()
}

/// A lead as the vendor is told of it. One that is gone tells, and contradicts, nothing.
pub(super) fn fields_of(carried: &Carried) -> LeadFields<'_> {
    let Some(Reading { sent, .. }) = &carried.reading else { return LeadFields::default() };
    let field = |field| sent[field].as_deref();
    LeadFields {
        email: field(Field::Email),
        linkedin_url: field(Field::LinkedinUrl),
        company_domain: field(Field::CompanyDomain),
        company_name: field(Field::CompanyName),
        name: field(Field::Name),
        title: field(Field::Title),
    }
}
