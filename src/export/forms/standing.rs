//! Teams, keys and counters in a checkpoint.

use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{Decimal, Hex, Name, Text};
use crate::domain::credits::Unit;
use crate::domain::key_terms::{KeyTerms, Scope, Scopes};
use crate::domain::period::{Period, PeriodId, Zone};
use crate::domain::policy::Policies;
use crate::domain::quota::{Action, Quota};
use crate::domain::reveal::Reveals;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::record::tally::{Tally, TallyKey};
use crate::ledger::record::team::{Key, Standing, Team};

/// A line of a checkpoint.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::export) enum CheckpointLine {
    Team(TeamForm),
    Key(KeyForm),
    Tally(TallyForm),
}

/// A team, with its quotas.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::export) struct TeamForm {
    id: Text<TeamId>,
    version: u64,
    name: String,
    quotas: Vec<QuotaForm>,
    policies: PoliciesForm,
    standing: Name<Standing>,
    opening: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaForm {
    unit: Name<Unit>,
    period: Name<Period>,
    limit: Decimal,
    time_zone: Text<Zone>,
    action: Name<Action>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate switch for operators")]
struct PoliciesForm {
    strip_email_reveal: bool,
    phones: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_age_ms: Option<u64>,
    shared_cache: bool,
    /// Omitted if false, as before this policy existed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    ignore_no_cache: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requests_per_minute: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requests_at_once: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open_batches: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kept_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leads_per_day: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idempotency_keys: Option<u64>,
}

/// A key's digest, and its team.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::export) struct KeyForm {
    id: String,
    team: Text<TeamId>,
    name: String,
    sha256: Hex<32>,
    created_at: Text<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Text<Timestamp>>,
    /// Omitted if the key has no bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    terms: Option<TermsForm>,
}

/// The bounds of a key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TermsForm {
    scopes: Vec<Name<Scope>>,
    email: bool,
    phones: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    networks: Vec<Text<IpNet>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Text<Timestamp>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requests_per_minute: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requests_at_once: Option<u32>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    paused: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
}

/// A counter.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::export) struct TallyForm {
    team: Text<TeamId>,
    unit: Name<Unit>,
    period: String,
    #[serde(default, skip_serializing_if = "Decimal::is_zero")]
    spent: Decimal,
    #[serde(default, skip_serializing_if = "Decimal::is_zero")]
    reserved: Decimal,
    #[serde(default, skip_serializing_if = "Decimal::is_zero")]
    unresolved: Decimal,
    #[serde(default, skip_serializing_if = "Decimal::is_zero")]
    avoided: Decimal,
}

impl From<&Team> for CheckpointLine {
    fn from(team: &Team) -> Self {
        let quota = |quota: &Quota| QuotaForm {
            unit: Name(quota.unit),
            period: Name(quota.period),
            limit: Decimal(quota.limit),
            time_zone: Text(quota.zone.clone()),
            action: Name(quota.action),
        };
        Self::Team(TeamForm {
            id: Text(team.id.clone()),
            version: team.version,
            name: team.name.clone(),
            quotas: team.quotas.iter().map(quota).collect(),
            policies: PoliciesForm::from(team.policies),
            standing: Name(team.standing),
            opening: team.opening,
        })
    }
}

impl From<&Key> for CheckpointLine {
    fn from(key: &Key) -> Self {
        Self::Key(KeyForm {
            id: key.id.clone(),
            team: Text(key.team.clone()),
            name: key.name.clone(),
            sha256: Hex(key.digest),
            created_at: Text(key.created_at),
            revoked_at: key.revoked_at.map(Text),
            terms: (key.terms != KeyTerms::default()).then(|| TermsForm::from(&key.terms)),
        })
    }
}

impl From<&(TallyKey, Tally)> for CheckpointLine {
    fn from((key, tally): &(TallyKey, Tally)) -> Self {
        Self::Tally(TallyForm {
            team: Text(key.team.clone()),
            unit: Name(key.unit),
            period: key.period.as_str().to_owned(),
            spent: Decimal(tally.spent),
            reserved: Decimal(tally.reserved),
            unresolved: Decimal(tally.unresolved),
            avoided: Decimal(tally.avoided),
        })
    }
}

impl From<TeamForm> for Team {
    fn from(form: TeamForm) -> Self {
        let quota = |quota: QuotaForm| Quota {
            unit: quota.unit.0,
            period: quota.period.0,
            limit: quota.limit.0,
            zone: quota.time_zone.0,
            action: quota.action.0,
        };
        Self {
            id: form.id.0,
            version: form.version,
            name: form.name,
            quotas: form.quotas.into_iter().map(quota).collect(),
            policies: form.policies.into(),
            standing: form.standing.0,
            opening: form.opening,
            counting: Vec::new(),
        }
    }
}

impl From<Policies> for PoliciesForm {
    fn from(policies: Policies) -> Self {
        let Policies {
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
        } = policies;
        let millis = |age: Duration| u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        let max_age_ms = max_age.map(millis);
        Self {
            strip_email_reveal,
            phones,
            max_age_ms,
            shared_cache,
            ignore_no_cache,
            requests_per_minute,
            requests_at_once,
            open_batches,
            kept_bytes,
            leads_per_day,
            idempotency_keys,
        }
    }
}

impl From<PoliciesForm> for Policies {
    fn from(form: PoliciesForm) -> Self {
        let PoliciesForm {
            strip_email_reveal,
            phones,
            max_age_ms,
            shared_cache,
            ignore_no_cache,
            requests_per_minute,
            requests_at_once,
            open_batches,
            kept_bytes,
            leads_per_day,
            idempotency_keys,
        } = form;
        let max_age = max_age_ms.map(Duration::from_millis);
        Self {
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
        }
    }
}

impl From<&KeyTerms> for TermsForm {
    fn from(terms: &KeyTerms) -> Self {
        Self {
            scopes: terms.scopes.iter().map(Name).collect(),
            email: terms.reveals.email,
            phones: terms.reveals.phone,
            networks: terms.networks.iter().copied().map(Text).collect(),
            expires_at: terms.expires_at.map(Text),
            requests_per_minute: terms.requests_per_minute,
            requests_at_once: terms.requests_at_once,
            paused: terms.is_paused,
            owner: terms.owner.clone(),
        }
    }
}

impl From<TermsForm> for KeyTerms {
    fn from(form: TermsForm) -> Self {
        let scopes: Vec<_> = form.scopes.into_iter().map(|Name(scope)| scope).collect();
        Self {
            scopes: Scopes::of(&scopes),
            reveals: Reveals { email: form.email, phone: form.phones },
            networks: form.networks.into_iter().map(|Text(network)| network).collect(),
            expires_at: form.expires_at.map(|Text(at)| at),
            requests_per_minute: form.requests_per_minute,
            requests_at_once: form.requests_at_once,
            is_paused: form.paused,
            owner: form.owner,
        }
    }
}

impl From<KeyForm> for Key {
    fn from(form: KeyForm) -> Self {
        Self {
            id: form.id,
            team: form.team.0,
            name: form.name,
            digest: form.sha256.0,
            created_at: form.created_at.0,
            revoked_at: form.revoked_at.map(|Text(at)| at),
            terms: form.terms.map_or_else(KeyTerms::default, KeyTerms::from),
        }
    }
}

impl From<TallyForm> for (TallyKey, Tally) {
    fn from(form: TallyForm) -> Self {
        let key = TallyKey {
            team: form.team.0,
            unit: form.unit.0,
            period: PeriodId::from_stored(&form.period),
        };
        let tally = Tally {
            spent: form.spent.0,
            reserved: form.reserved.0,
            unresolved: form.unresolved.0,
            avoided: form.avoided.0,
        };
        (key, tally)
    }
}
