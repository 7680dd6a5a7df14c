//! Keys of rows: their bytes sort as they do.

use super::{Corrupt, take};
use crate::domain::credits::Unit;
use crate::domain::identity::keys::{LeadKey, PersonKey, ReplayKey};
use crate::domain::period::PeriodId;
use crate::domain::reveal::Reveals;
use crate::domain::team::TeamId;
use crate::domain::team_limits::Measure;
use crate::domain::time::Timestamp;
use crate::ledger::ids::{BatchId, JobId, ResultRef};
use crate::ledger::record::lane::{DueAt, Lane};
use crate::ledger::record::remnant::Remnant;
use crate::ledger::record::stage::Stage;
use crate::ledger::record::tally::TallyKey;
use crate::ledger::record::usage::UseKey;
use crate::ledger::record::validation::AddressKey;

/// A key whose bytes sort as it does, also as the front of a longer key.
pub trait Ordered: Sized {
    /// Appends the bytes.
    fn order(&self, out: &mut Vec<u8>);
    /// Reads the bytes from the front, and moves past them.
    ///
    /// # Errors
    /// [`Corrupt`] where they are no such key.
    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt>;

    /// The whole key.
    fn to_key(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.order(&mut out);
        out
    }
}

fn array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Corrupt> {
    take(bytes, N)?.try_into().map_err(|_| Corrupt("too short"))
}

/// The front of every key.
impl Ordered for () {
    fn order(&self, _: &mut Vec<u8>) {}

    fn parse(_: &mut &[u8]) -> Result<Self, Corrupt> {
        Ok(())
    }
}

impl Ordered for u32 {
    fn order(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        array(bytes).map(Self::from_be_bytes)
    }
}

impl Ordered for u64 {
    fn order(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        array(bytes).map(Self::from_be_bytes)
    }
}

/// A text ends with a zero byte, which no name in the books contains.
impl Ordered for String {
    fn order(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
        out.push(0);
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        let end = bytes.iter().position(|byte| *byte == 0).ok_or(Corrupt("endless text"))?;
        let text = take(bytes, end)?.to_vec();
        take(bytes, 1)?;
        Self::from_utf8(text).map_err(|_| Corrupt("not UTF-8"))
    }
}

impl Ordered for TeamId {
    fn order(&self, out: &mut Vec<u8>) {
        self.as_str().to_owned().order(out);
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        String::parse(bytes)?.parse().map_err(|_| Corrupt("not a team"))
    }
}

impl Ordered for Timestamp {
    fn order(&self, out: &mut Vec<u8>) {
        // With the sign turned, negative moments sort before positive ones.
        out.extend_from_slice(&(self.as_millis() ^ i64::MIN).to_be_bytes());
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        Ok(Self::from_millis(i64::from_be_bytes(array(bytes)?) ^ i64::MIN))
    }
}

impl Ordered for BatchId {
    fn order(&self, out: &mut Vec<u8>) {
        self.get().order(out);
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        Self::new(u64::parse(bytes)?).ok_or(Corrupt("not a batch id"))
    }
}

impl Ordered for JobId {
    fn order(&self, out: &mut Vec<u8>) {
        self.batch.order(out);
        self.ordinal.order(out);
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        Ok(Self { batch: BatchId::parse(bytes)?, ordinal: u32::parse(bytes)? })
    }
}

impl Ordered for ResultRef {
    fn order(&self, out: &mut Vec<u8>) {
        self.job.order(out);
        self.index.order(out);
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        Ok(Self { job: JobId::parse(bytes)?, index: u32::parse(bytes)? })
    }
}

impl Ordered for LeadKey {
    fn order(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        array(bytes).map(Self::from_bytes)
    }
}

impl Ordered for PersonKey {
    fn order(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        array(bytes).map(Self::from_bytes)
    }
}

impl Ordered for Reveals {
    fn order(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.email) | u8::from(self.phone) << 1);
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        let [set] = array(bytes)?;
        match set {
            0..4 => Ok(Self { email: set & 1 != 0, phone: set & 2 != 0 }),
            _ => Err(Corrupt("not a set of reveals")),
        }
    }
}

impl Ordered for Lane {
    fn order(&self, out: &mut Vec<u8>) {
        out.push(match self {
            Self::LookUps => 0,
            Self::UrgentSubmissions => 1,
            Self::Submissions => 2,
            Self::UrgentPolls => 3,
            Self::Polls => 4,
            Self::Housekeeping => 5,
        });
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        match take(bytes, 1)? {
            [0] => Ok(Self::LookUps),
            [1] => Ok(Self::UrgentSubmissions),
            [2] => Ok(Self::Submissions),
            [3] => Ok(Self::UrgentPolls),
            [4] => Ok(Self::Polls),
            [5] => Ok(Self::Housekeeping),
            _ => Err(Corrupt("not a lane")),
        }
    }
}

impl Ordered for Stage {
    fn order(&self, out: &mut Vec<u8>) {
        out.push(match self {
            Self::Queued => 0,
            Self::Processing => 1,
            Self::Unresolved => 2,
        });
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        match take(bytes, 1)? {
            [0] => Ok(Self::Queued),
            [1] => Ok(Self::Processing),
            [2] => Ok(Self::Unresolved),
            _ => Err(Corrupt("not a stage")),
        }
    }
}

impl Ordered for DueAt {
    fn order(&self, out: &mut Vec<u8>) {
        self.lane.order(out);
        self.team.order(out);
        self.at.order(out);
        self.job.order(out);
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        let (lane, team) = (Lane::parse(bytes)?, TeamId::parse(bytes)?);
        Ok(Self { lane, team, at: Timestamp::parse(bytes)?, job: JobId::parse(bytes)? })
    }
}

impl Ordered for Remnant {
    fn order(&self, out: &mut Vec<u8>) {
        match self {
            Self::Slots(batch) => {
                out.push(0);
                batch.order(out);
            }
            Self::Leads(job) => {
                out.push(1);
                job.order(out);
            }
        }
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        match take(bytes, 1)? {
            [0] => BatchId::parse(bytes).map(Self::Slots),
            [1] => JobId::parse(bytes).map(Self::Leads),
            _ => Err(Corrupt("not a remnant")),
        }
    }
}

impl Ordered for ReplayKey {
    fn order(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        array(bytes).map(Self::from_bytes)
    }
}

impl Ordered for TallyKey {
    fn order(&self, out: &mut Vec<u8>) {
        self.team.order(out);
        out.push(match self.unit {
            Unit::Email => 0,
            Unit::Phone => 1,
        });
        self.period.as_str().to_owned().order(out);
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        let team = TeamId::parse(bytes)?;
        let unit = match take(bytes, 1)? {
            [0] => Unit::Email,
            [1] => Unit::Phone,
            _ => return Err(Corrupt("not a unit")),
        };
        Ok(Self { team, unit, period: PeriodId::from_stored(&String::parse(bytes)?) })
    }
}

impl Ordered for UseKey {
    fn order(&self, out: &mut Vec<u8>) {
        self.team.order(out);
        out.push(match self.measure {
            Measure::OpenBatches => 0,
            Measure::KeptBytes => 1,
            Measure::LeadsPerDay => 2,
            Measure::IdempotencyKeys => 3,
        });
        self.period.as_str().to_owned().order(out);
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        let team = TeamId::parse(bytes)?;
        let measure = match take(bytes, 1)? {
            [0] => Measure::OpenBatches,
            [1] => Measure::KeptBytes,
            [2] => Measure::LeadsPerDay,
            [3] => Measure::IdempotencyKeys,
            _ => return Err(Corrupt("not a measure")),
        };
        Ok(Self { team, measure, period: PeriodId::from_stored(&String::parse(bytes)?) })
    }
}

/// What is everybody's comes first: no team has an empty name.
impl Ordered for AddressKey {
    fn order(&self, out: &mut Vec<u8>) {
        self.address.order(out);
        self.kept_for.as_ref().map_or("", TeamId::as_str).to_owned().order(out);
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        let (address, team) = <(LeadKey, String)>::parse(bytes)?;
        let team = Some(team).filter(|team| !team.is_empty());
        let kept_for = team.map(|team| team.parse().map_err(|_| Corrupt("not a team")));
        Ok(Self { address, kept_for: kept_for.transpose()? })
    }
}

impl<A: Ordered, B: Ordered> Ordered for (A, B) {
    fn order(&self, out: &mut Vec<u8>) {
        self.0.order(out);
        self.1.order(out);
    }

    fn parse(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        Ok((A::parse(bytes)?, B::parse(bytes)?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_sort_as_their_bytes_do(a: (i64, u32), b: (i64, u32)) {
            let key = |(millis, n): (i64, u32)| (Timestamp::from_millis(millis), n);
            prop_assert_eq!(a.cmp(&b), key(a).to_key().cmp(&key(b).to_key()));
            prop_assert_eq!(<(Timestamp, u32)>::parse(&mut key(a).to_key().as_slice()), Ok(key(a)));
        }
    }
}
