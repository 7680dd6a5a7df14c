//! Journal entries in exported files.

use serde::{Deserialize, Serialize};

use super::{Decimal, Name, Text};
use crate::domain::credits::{Amounts, Unit};
use crate::domain::note::Note;
use crate::domain::period::PeriodId;
use crate::domain::pricing::Charges;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::ids::{BatchId, JobId};
use crate::ledger::record::entry::{Change, Entry, Fact};

/// An entry of the journal.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::export) struct EntryForm {
    pub(in crate::export) number: u64,
    at: Text<Timestamp>,
    team: Text<TeamId>,
    fact: Name<Fact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    batch: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    job: Option<JobForm>,
    dated: Text<Timestamp>,
    periods: Vec<PeriodForm>,
    #[serde(default, skip_serializing_if = "AmountsForm::is_zero")]
    spent: AmountsForm,
    #[serde(default, skip_serializing_if = "AmountsForm::is_zero")]
    reserved: AmountsForm,
    #[serde(default, skip_serializing_if = "AmountsForm::is_zero")]
    unresolved: AmountsForm,
    #[serde(default, skip_serializing_if = "AmountsForm::is_zero")]
    avoided: AmountsForm,
    #[serde(default, skip_serializing_if = "ChargesForm::is_zero")]
    charges: ChargesForm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Text<Note>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JobForm {
    batch: u64,
    ordinal: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodForm {
    unit: Name<Unit>,
    period: String,
}

#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AmountsForm {
    #[serde(skip_serializing_if = "Decimal::is_zero")]
    email: Decimal,
    #[serde(skip_serializing_if = "Decimal::is_zero")]
    phone: Decimal,
}

#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ChargesForm {
    #[serde(skip_serializing_if = "Decimal::is_zero")]
    person_found: Decimal,
    #[serde(skip_serializing_if = "Decimal::is_zero")]
    email_revealed: Decimal,
    #[serde(skip_serializing_if = "Decimal::is_zero")]
    phone_revealed: Decimal,
    #[serde(skip_serializing_if = "AmountsForm::is_zero")]
    other: AmountsForm,
}

impl EntryForm {
    pub(in crate::export) fn of(number: u64, entry: &Entry) -> Self {
        let Entry { at, team, fact, batch, job, dated, periods, change, charges, note } = entry;
        Self {
            number,
            at: Text(*at),
            team: Text(team.clone()),
            fact: Name(*fact),
            batch: batch.map(BatchId::get),
            job: job.map(|job| JobForm { batch: job.batch.get(), ordinal: job.ordinal }),
            dated: Text(*dated),
            periods: periods.iter().map(PeriodForm::of).collect(),
            spent: AmountsForm::of(change.spent),
            reserved: AmountsForm::of(change.reserved),
            unresolved: AmountsForm::of(change.unresolved),
            avoided: AmountsForm::of(change.avoided),
            charges: ChargesForm {
                person_found: Decimal(charges.person_found),
                email_revealed: Decimal(charges.email_revealed),
                phone_revealed: Decimal(charges.phone_revealed),
                other: AmountsForm::of(charges.other),
            },
            note: note.clone().map(Text),
        }
    }

    /// The entry; `None` if an ID in it is not valid.
    pub(in crate::export) fn into_entry(self) -> Option<Entry> {
        let job =
            |form: JobForm| Some(JobId { batch: BatchId::new(form.batch)?, ordinal: form.ordinal });
        Some(Entry {
            at: self.at.0,
            team: self.team.0,
            fact: self.fact.0,
            batch: self.batch.map(|id| BatchId::new(id).ok_or(())).transpose().ok()?,
            job: self.job.map(|form| job(form).ok_or(())).transpose().ok()?,
            dated: self.dated.0,
            periods: self.periods.into_iter().map(PeriodForm::into_period).collect(),
            change: Change {
                spent: self.spent.amounts(),
                reserved: self.reserved.amounts(),
                unresolved: self.unresolved.amounts(),
                avoided: self.avoided.amounts(),
            },
            charges: Charges {
                person_found: self.charges.person_found.0,
                email_revealed: self.charges.email_revealed.0,
                phone_revealed: self.charges.phone_revealed.0,
                other: self.charges.other.amounts(),
            },
            note: self.note.map(|note| note.0),
        })
    }
}

impl PeriodForm {
    fn of((unit, period): &(Unit, PeriodId)) -> Self {
        Self { unit: Name(*unit), period: period.as_str().to_owned() }
    }

    fn into_period(self) -> (Unit, PeriodId) {
        (self.unit.0, PeriodId::from_stored(&self.period))
    }
}

impl AmountsForm {
    fn of(amounts: Amounts) -> Self {
        Self { email: Decimal(amounts.email), phone: Decimal(amounts.phone) }
    }

    fn amounts(self) -> Amounts {
        Amounts { email: self.email.0, phone: self.phone.0 }
    }

    fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

impl ChargesForm {
    fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}
