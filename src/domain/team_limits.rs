//! How much work and how much of the store one team may have. Quotas bound what a team spends; these
//! bound what costs nothing.

use super::policy::Policies;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Batches, look-ups, validations and calls that wait to be sent or are with the vendor. A batch that
    /// is sent in parts counts until its first part has ended.
    OpenBatches,
    /// Bytes that the store keeps for its batches, by [`kept_bytes`].
    KeptBytes,
    /// Leads and addresses submitted in a day, as UTC counts days.
    LeadsPerDay,
    /// Requests that are remembered by their `Idempotency-Key`.
    IdempotencyKeys,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::OpenBatches, Self::KeptBytes, Self::LeadsPerDay, Self::IdempotencyKeys];

    /// The name of its policy, and of its setting below `limits`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenBatches => "open_batches",
            Self::KeptBytes => "kept_bytes",
            Self::LeadsPerDay => "leads_per_day",
            Self::IdempotencyKeys => "idempotency_keys",
        }
    }
}

/// The limits of one team; zero where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TeamLimits {
    /// How many batches may be open.
    pub open_batches: u64,
    /// How many bytes may be kept.
    pub kept_bytes: u64,
    /// How many leads and addresses may be submitted in a day.
    pub leads_per_day: u64,
    /// How many requests are remembered by their key.
    pub idempotency_keys: u64,
}

impl TeamLimits {
    /// No limits.
    pub const NONE: Self =
        Self { open_batches: 0, kept_bytes: 0, leads_per_day: 0, idempotency_keys: 0 };

    /// The limits of a team with these policies, where these are the usual ones.
    #[must_use]
    pub fn of(self, policies: &Policies) -> Self {
        let Policies { open_batches, kept_bytes, leads_per_day, idempotency_keys, .. } = policies;
        Self {
            open_batches: open_batches.unwrap_or(self.open_batches),
            kept_bytes: kept_bytes.unwrap_or(self.kept_bytes),
            leads_per_day: leads_per_day.unwrap_or(self.leads_per_day),
            idempotency_keys: idempotency_keys.unwrap_or(self.idempotency_keys),
        }
    }

    /// The limit of a measure; none where there is none.
    #[must_use]
    pub fn get(&self, measure: Measure) -> Option<u64> {
        let limit = match measure {
            Measure::OpenBatches => self.open_batches,
            Measure::KeptBytes => self.kept_bytes,
            Measure::LeadsPerDay => self.leads_per_day,
            Measure::IdempotencyKeys => self.idempotency_keys,
        };
        (limit > 0).then_some(limit)
    }
}

/// What the store keeps of a request, and of each of its leads, beside the sealed leads themselves.
const REQUEST_BYTES: u64 = 2 << 10;
const LEAD_BYTES: u64 = 512;

/// How many bytes the store keeps for a request with so many leads, whose fields have so many bytes. It
/// is reckoned once, when the request is admitted, and given back when its batch is removed.
#[must_use]
pub fn kept_bytes(leads: usize, field_bytes: usize) -> u64 {
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let rows = count(leads).saturating_mul(LEAD_BYTES).saturating_add(REQUEST_BYTES);
    rows.saturating_add(count(field_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_goes_before_the_setting_and_zero_is_no_limit() {
        let usual = TeamLimits { open_batches: 7, kept_bytes: 8, ..TeamLimits::NONE };
        let policies =
            Policies { open_batches: Some(0), leads_per_day: Some(3), ..Policies::default() };
        let limits = usual.of(&policies);
        let all = Measure::ALL.map(|measure| limits.get(measure));
        assert_eq!(all, [None, Some(8), Some(3), None]);
    }
}
