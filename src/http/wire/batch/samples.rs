//! Batches for tests.

use std::ops::Range;
use std::time::Duration;

use crate::domain::credits::{Amounts, Credits, Unit};
use crate::domain::lead::{Field, Lead};
use crate::domain::period::Period;
use crate::domain::reveal::Reveals;
use crate::gateway::{
    Account, BatchId, BatchPage, Dispositions, Finding, Line, QuotaLeft, Remaining, Reset, Status,
};

/// A batch under way of so many leads, with these positions shown.
pub(in crate::http) fn page(leads: u32, shown: Range<u32>) -> BatchPage {
    let line = |position| Line { position, echo: None, finding: Finding::Pending };
    BatchPage {
        reveals: Reveals::NONE,
        id: BatchId::new(7).unwrap(),
        status: Status::Processing,
        leads,
        lines: shown.map(line).collect(),
        retry_after: Some(Duration::from_millis(1_500)),
        account: account(),
        is_replay: false,
    }
}

pub(in crate::http) fn account() -> Account {
    let amounts = |email, phone| Amounts {
        email: Credits::from_thousandths(email),
        phone: Credits::from_thousandths(phone),
    };
    Account {
        dispositions: Dispositions {
            submitted: 10,
            repeated: 1,
            cached: 3,
            joined: 1,
            fresh: 5,
            trimmed: 0,
        },
        reserved: amounts(7_500, 5_000),
        spent: Some(amounts(4_500, 2_000)),
        avoided: amounts(6_000, 1_000),
        remaining: Some(remaining()),
    }
}

/// What is left of a quota of each unit: one that resets within the hour, and one that never does.
pub(in crate::http) fn remaining() -> Remaining {
    let left = |unit, period, limit, remaining, resets| QuotaLeft {
        unit,
        period,
        limit: Credits::from_thousandths(limit),
        remaining: Credits::from_thousandths(remaining),
        resets,
    };
    let (lasts, ends_in) = (Duration::from_hours(24), Duration::from_millis(3_599_001));
    let resets = Some(Reset { lasts, ends_in });
    let daily = left(Unit::Email, Period::Day, 500_000, 492_500, resets);
    let ever = left(Unit::Phone, Period::Total, 100_500, 95_000, None);
    Remaining { quotas: vec![daily, ever], limits: Vec::new() }
}

/// A lead with one field.
pub(in crate::http) fn lead(field: Field, text: &str) -> Lead {
    Lead::new([(field, text.to_owned())].into_iter().collect()).unwrap()
}
