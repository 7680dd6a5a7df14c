//! Stored forms of what the rules are written in.

use std::time::Duration;

use ipnet::IpNet;

use super::{Corrupt, Stored, stored_enum, stored_struct};
use crate::domain::budget::{Budget, HourlyUse, Meter};
use crate::domain::charge::Facts;
use crate::domain::credits::{Amounts, Credits, Unit};
use crate::domain::estimate::Observed;
use crate::domain::identity::Parts;
use crate::domain::identity::keys::{LeadKey, NameMarks, PersonKey, PhoneKey, RequestKey};
use crate::domain::key_terms::{KeyTerms, Scopes};
use crate::domain::limits::UpTo;
use crate::domain::note::Note;
use crate::domain::outage::Outage;
use crate::domain::period::{Period, PeriodId, Zone};
use crate::domain::policy::Policies;
use crate::domain::pricing::{Charges, PhoneBasis, Prices, WorstCase};
use crate::domain::quota::{Action, Quota};
use crate::domain::request_id::RequestId;
use crate::domain::reveal::Reveals;
use crate::domain::shortage::Shortage;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;

stored_struct!(Amounts { email, phone });
stored_struct!(Budget {
    requests,
    submissions,
    look_ups,
    passages,
    closed_until,
    passages_closed_until
});
stored_struct!(HourlyUse { slots });
stored_struct!(Charges { person_found, email_revealed, phone_revealed, other });
stored_struct!(Facts { found_free_until, found_charged_by, owned, phones });
stored_struct!(Outage { unanswered, unanswered_at, probe_at, probes, answer_counts_until });
stored_struct!(Shortage { probe_at, waiting });
stored_struct!(Parts<LeadKey> { profile, email, names });
stored_struct!(KeyTerms {
    scopes,
    reveals,
    networks,
    expires_at,
    requests_per_minute,
    requests_at_once,
    is_paused,
    owner,
});
stored_struct!(UpTo { email, phone });
stored_struct!(WorstCase { find, email, phones });
stored_struct!(Prices {
    person_found,
    email_revealed,
    phone_revealed,
    phone_basis,
    phone_numbers_max,
    person_window,
    window_margin,
});
stored_struct!(Observed { leads, found, emails_asked, emails, phones_asked, phones });
stored_struct!(Quota { unit, period, limit, zone, action });
stored_enum!(Action { 0 => Refuse, 1 => Warn });
stored_enum!(Period { 0 => Day, 1 => Week, 2 => Month, 3 => Total });
stored_enum!(PhoneBasis { 0 => Person, 1 => Number });
stored_enum!(Unit { 0 => Email, 1 => Phone });

/// What a team does with the cache is one number, so that forms without `ignore_no_cache` are read
/// as they were written. Its third bit says that limits of requests follow, and its fourth that limits of
/// what is kept do.
impl Stored for Policies {
    fn store(&self, out: &mut Vec<u8>) {
        let Self {
            strip_email_reveal,
            phones,
            max_age,
            shared_cache,
            ignore_no_cache,
            requests_per_minute,
            requests_at_once,
            open_batches,
            kept_bytes,
            leads_per_day,
            idempotency_keys,
        } = self;
        let requests = [requests_per_minute, requests_at_once];
        let kept = [open_batches, kept_bytes, leads_per_day, idempotency_keys];
        strip_email_reveal.store(out);
        phones.store(out);
        max_age.store(out);
        let has = |limits: &[bool]| u8::from(limits.contains(&true));
        let limits_requests = has(&requests.map(Option::is_some));
        let limits_kept = has(&kept.map(Option::is_some));
        let [shared_cache, ignore_no_cache] = [*shared_cache, *ignore_no_cache].map(u8::from);
        out.push(shared_cache | ignore_no_cache << 1 | limits_requests << 2 | limits_kept << 3);
        if limits_requests != 0 {
            for limit in requests {
                limit.store(out);
            }
        }
        if limits_kept != 0 {
            for limit in kept {
                limit.store(out);
            }
        }
    }

    fn load(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        let (strip_email_reveal, phones) = (Stored::load(bytes)?, Stored::load(bytes)?);
        let max_age = Stored::load(bytes)?;
        let [flags] = <[u8; 1]>::load(bytes)?;
        if flags > 15 {
            return Err(Corrupt("unknown Policies"));
        }
        let [shared_cache, ignore_no_cache, limits_requests, limits_kept] =
            [1, 2, 4, 8].map(|bit| flags & bit != 0);
        let mut policies = Self {
            strip_email_reveal,
            phones,
            max_age,
            shared_cache,
            ignore_no_cache,
            ..Self::default()
        };
        if limits_requests {
            policies.requests_per_minute = Stored::load(bytes)?;
            policies.requests_at_once = Stored::load(bytes)?;
        }
        if limits_kept {
            policies.open_batches = Stored::load(bytes)?;
            policies.kept_bytes = Stored::load(bytes)?;
            policies.leads_per_day = Stored::load(bytes)?;
            policies.idempotency_keys = Stored::load(bytes)?;
        }
        Ok(policies)
    }
}

/// The stored form of something that is another thing in a wrapper.
macro_rules! stored_as {
    ($type:ty as $inner:ty: $into:expr, $from:expr) => {
        impl Stored for $type {
            fn store(&self, out: &mut Vec<u8>) {
                let into: fn(&Self) -> $inner = $into;
                into(self).store(out);
            }

            fn load(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
                let from: fn($inner) -> Result<Self, Corrupt> = $from;
                from(<$inner>::load(bytes)?)
            }
        }
    };
}

pub(super) use stored_as;

stored_as!(Credits as i64: |credits| credits.as_thousandths(), |n| Ok(Credits::from_thousandths(n)));
stored_as!(Scopes as [u8; 1]: |scopes| [scopes.bits()], |[bits]| {
    Scopes::from_bits(bits).ok_or(Corrupt("not scopes"))
});
stored_as!(IpNet as String: |network| network.to_string(), |text| {
    text.parse().map_err(|_| Corrupt("not a network"))
});
stored_as!(Meter as u64: |meter| meter.0, |n| Ok(Meter(n)));
stored_as!(Timestamp as i64: |moment| moment.as_millis(), |n| Ok(Timestamp::from_millis(n)));
stored_as!(LeadKey as [u8; 16]: |key| *key.as_bytes(), |bytes| Ok(LeadKey::from_bytes(bytes)));
stored_as!(NameMarks as Vec<u32>: |marks| marks.stored().collect(), |numbers| {
    Ok(NameMarks::from_stored(numbers))
});
stored_as!(PersonKey as [u8; 16]: |key| *key.as_bytes(), |bytes| Ok(PersonKey::from_bytes(bytes)));
stored_as!(PhoneKey as [u8; 16]: |key| *key.as_bytes(), |bytes| Ok(PhoneKey::from_bytes(bytes)));
stored_as!(RequestKey as [u8; 16]: |key| *key.as_bytes(), |bytes| Ok(RequestKey::from_bytes(bytes)));
stored_as!(PeriodId as String: |id| id.as_str().to_owned(), |name| Ok(PeriodId::from_stored(&name)));
stored_as!(TeamId as String: |id| id.as_str().to_owned(), |name| {
    name.parse().map_err(|_| Corrupt("not a team"))
});
stored_as!(Zone as String: |zone| zone.name().to_owned(), |name| {
    name.parse().map_err(|_| Corrupt("not a time zone"))
});
stored_as!(RequestId as String: |id| id.as_str().to_owned(), |text| {
    text.parse().map_err(|_| Corrupt("not a request id"))
});
stored_as!(Note as String: |note| note.as_str().to_owned(), |text| {
    text.parse().map_err(|_| Corrupt("not a note"))
});
stored_as!(Duration as u64: |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX), |millis| {
    Ok(Duration::from_millis(millis))
});
stored_as!(Reveals as [u8; 1]: |reveals| [u8::from(reveals.email) | u8::from(reveals.phone) << 1],
|[bits]| match bits {
    0..4 => Ok(Reveals { email: bits & 1 != 0, phone: bits & 2 != 0 }),
    _ => Err(Corrupt("not reveals")),
});
