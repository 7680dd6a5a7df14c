//! The payload of a job: the leads of one batch, or of every member of a combined job.

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

/// One lead of a payload.
pub(super) struct Carried {
    /// The position of its result.
    pub(super) at: ResultRef,
    /// The lead as parsed and sent; `None` if the vault has lost it.
    pub(super) reading: Option<Reading>,
    /// Its position in its batch, with the token of the batch's admission; `None` if the batch was
    /// removed.
    pub(super) place: Option<(Token, u32)>,
    /// The id of the request that asked for it, if it had one.
    pub(super) request: Option<RequestId>,
    /// The vendor refused it, and it is not sent again.
    pub(super) is_refused: bool,
}

impl Gateway {
    /// The leads of a job, in order, as far as the vault still has them.
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
                // Only a lead whose key matches the ledger is sent.
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

/// The leads to send: those that the vendor has not refused.
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

/// The members whose leads are lost in part.
pub(super) fn incomplete(load: &[Carried]) -> Vec<JobId> {
    let gone = sent_of(load).into_iter().filter(|carried| carried.reading.is_none());
    gone.map(|carried| carried.at.job).collect::<BTreeSet<_>>().into_iter().collect()
}

/// A lead in the form for the vendor. A lost one is empty and contradicts nothing.
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
