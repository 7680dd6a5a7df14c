//! Teams: what an operator says one is, and what operators are shown.

use serde::Serialize;

use super::credits::Number;
use super::fault::{Fault, Faults};
use super::given::Given;
use super::policies::{self, PoliciesShown};
use crate::domain::credits::{Credits, Unit};
use crate::domain::period::{Period, Zone};
use crate::domain::quota::{Action, Quota};
use crate::domain::team::TeamId;
use crate::gateway::{NewTeam, Standing, Team};

/// The longest name for people, in characters.
const NAME_CHARS_MAX: usize = 200;
/// The most quotas of one team.
const QUOTAS_MAX: usize = 32;

/// Reads what the body says that `team` is. Without a name it has that of its path, without
/// quotas no bound, without policies their defaults; a `team` in the body, as in what is shown of one, can only repeat the path's.
///
/// # Errors
/// Every fault; the only one where the body is no JSON.
pub(in crate::http) fn parse(body: &[u8], team: &TeamId) -> Result<NewTeam, Vec<Fault>> {
    Given::parse(body, |given, faults| {
        let names = ["team", "name", "quotas", "policies", "paused"];
        let [id, name, quotas, policies, paused] = given.properties(names, faults)?;
        if let Some(id) = id
            && id.string(faults).is_some_and(|id| id != team.as_str())
        {
            id.refuse("A team cannot be renamed: this is not the team in the path", faults);
        }
        let name = name.and_then(|given| name_for_people(&given, faults));
        let quotas = quotas.map(|given| read_quotas(&given, faults)).unwrap_or_default();
        let policies = policies.and_then(|given| policies::read(&given, faults));
        let paused = paused.and_then(|given| given.boolean(faults));
        Some(NewTeam {
            name: name.unwrap_or_else(|| team.as_str().to_owned()),
            quotas,
            policies: policies.unwrap_or_default(),
            standing: if paused == Some(true) { Standing::Paused } else { Standing::Open },
        })
    })
}

/// Reads a name that nothing is looked up by.
pub(super) fn name_for_people(given: &Given<'_>, faults: &mut Faults) -> Option<String> {
    let name = given.string(faults)?;
    let is_fit = !name.trim().is_empty()
        && name.chars().count() <= NAME_CHARS_MAX
        && !name.chars().any(char::is_control);
    if !is_fit {
        let detail =
            format!("A name has 1 to {NAME_CHARS_MAX} characters and no control characters");
        given.refuse(detail, faults);
    }
    Some(name)
}

fn read_quotas(given: &Given<'_>, faults: &mut Faults) -> Vec<Quota> {
    let items = given.items(faults).unwrap_or_default();
    if items.len() > QUOTAS_MAX {
        given.refuse(format!("A team has at most {QUOTAS_MAX} quotas"), faults);
        return Vec::new();
    }
    let mut quotas: Vec<Quota> = Vec::new();
    for item in items {
        let Some(quota) = read_quota(&item, faults) else { continue };
        if quotas.iter().any(|other| other.counts_as(&quota)) {
            let detail = "An earlier quota has the same unit, period and time zone";
            item.refuse(detail, faults);
        }
        quotas.push(quota);
    }
    quotas
}

/// Reads one quota; none where anything that it needs is missing or wrong.
fn read_quota(given: &Given<'_>, faults: &mut Faults) -> Option<Quota> {
    let names = ["unit", "period", "limit", "time_zone", "action"];
    let [unit, period, limit, zone, action] = given.with_required(names, 3, faults)?;
    // All are read before any is asked for, so that every fault is noted.
    let unit = unit.and_then(|given| read_unit(&given, faults));
    let period = period.and_then(|given| given.named::<Period>(faults));
    let limit = limit.and_then(|given| read_limit(&given, faults));
    let zone = zone.map_or(Some(Zone::UTC), |given| given.named(faults));
    let action = action.map_or(Some(Action::Refuse), |given| given.named(faults));
    Some(Quota { unit: unit?, period: period?, limit: limit?, zone: zone?, action: action? })
}

pub(super) fn read_unit(given: &Given<'_>, faults: &mut Faults) -> Option<Unit> {
    let name = given.string(faults)?;
    let unit = Unit::ALL.into_iter().find(|unit| unit.name() == name);
    if unit.is_none() {
        given.refuse("a unit is one of: email, phone", faults);
    }
    unit
}

fn read_limit(given: &Given<'_>, faults: &mut Faults) -> Option<Credits> {
    let limit = given.credits(faults)?;
    if limit.is_negative() {
        given.refuse("a limit must not be negative", faults);
    }
    Some(limit)
}

/// A team as operators are shown it, and may send it back.
#[derive(Serialize)]
pub(in crate::http) struct TeamShown {
    team: String,
    name: String,
    quotas: Vec<QuotaShown>,
    policies: PoliciesShown,
    paused: bool,
}

#[derive(Serialize)]
struct QuotaShown {
    unit: &'static str,
    period: &'static str,
    limit: Number,
    time_zone: String,
    action: &'static str,
}

impl From<Team> for TeamShown {
    fn from(team: Team) -> Self {
        let shown = |quota: &Quota| QuotaShown {
            unit: quota.unit.name(),
            period: quota.period.name(),
            limit: Number(quota.limit),
            time_zone: quota.zone.name().to_owned(),
            action: quota.action.name(),
        };
        Self {
            team: team.id.as_str().to_owned(),
            quotas: team.quotas.iter().map(shown).collect(),
            name: team.name,
            policies: team.policies.into(),
            paused: team.standing == Standing::Paused,
        }
    }
}

/// One page of the teams there are.
#[derive(Serialize)]
pub(in crate::http) struct TeamsShown {
    /// By name.
    pub(in crate::http) teams: Vec<TeamShown>,
    /// Where the next page begins; null on the last.
    pub(in crate::http) next_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::super::fault::places;
    use super::*;

    fn sales() -> TeamId {
        "sales".parse().unwrap()
    }

    fn faults(body: &str) -> Vec<(&'static str, String)> {
        places(parse(body.as_bytes(), &sales()))
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let open = |name, quotas| NewTeam { quotas, ..NewTeam::open(name) };
        assert_eq!(parse(b"{}", &sales()), Ok(open("sales", vec![])));
        let body =
            br#"{"name":"Sales","quotas":[{"unit":"phone","period":"total","limit":7.125}]}"#;
        let quota = Quota {
            unit: Unit::Phone,
            period: Period::Total,
            limit: Credits::from_thousandths(7_125),
            zone: Zone::UTC,
            action: Action::Refuse,
        };
        assert_eq!(parse(body, &sales()), Ok(open("Sales", vec![quota])));
    }

    #[test]
    fn a_team_that_is_shown_can_be_sent_back() {
        let body = r#"{"team":"sales","name":"Verkauf","quotas":[{"unit":"email","period":"month","limit":0.1,"time_zone":"Europe/Lisbon","action":"warn"}],"policies":{"strip_email_reveal":true,"phones":false,"max_age":"36h","shared_cache":false,"ignore_no_cache":true,"requests_per_minute":600,"requests_at_once":null,"open_batches":null,"kept_bytes":1048576,"leads_per_day":null,"idempotency_keys":null},"paused":true}"#;
        let NewTeam { name, quotas, policies, standing } =
            parse(body.as_bytes(), &sales()).unwrap();
        let (opening, counting) = (1, Vec::new());
        let team =
            Team { id: sales(), version: 3, name, quotas, policies, standing, opening, counting };
        assert_eq!(serde_json::to_string(&TeamShown::from(team)).unwrap(), body);
    }

    #[test]
    fn a_limit_is_exact_and_never_below_zero() {
        for limit in ["1e3", "0.0001", "-1", "9007199254740993", "1E0"] {
            let body =
                format!(r#"{{"quotas":[{{"unit":"email","period":"day","limit":{limit}}}]}}"#);
            assert_eq!(faults(&body), [("invalid_field", "/quotas/0/limit".to_owned())], "{limit}");
        }
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let body = r#"{"tags":{},"policies":{"phones":1,"max_age":"soon","ttl":"24h"},"team":"growth","name":" ","paused":"no","quotas":[
            {"unit":"mail","period":"year","limit":"500","time_zone":"Mars/Olympus","action":"stop"},
            {"unit":"email","tag":1},
            7]}"#;
        let expected = [
            ("unknown_field", "/tags"),
            ("invalid_field", "/team"),
            ("invalid_field", "/name"),
            ("invalid_field", "/quotas/0/unit"),
            ("invalid_field", "/quotas/0/period"),
            ("type_error", "/quotas/0/limit"),
            ("invalid_field", "/quotas/0/time_zone"),
            ("invalid_field", "/quotas/0/action"),
            ("unknown_field", "/quotas/1/tag"),
            ("missing_field", "/quotas/1/period"),
            ("missing_field", "/quotas/1/limit"),
            ("type_error", "/quotas/2"),
            ("unknown_field", "/policies/ttl"),
            ("type_error", "/policies/phones"),
            ("invalid_field", "/policies/max_age"),
            ("type_error", "/paused"),
        ];
        assert_eq!(faults(body), expected.map(|(code, pointer)| (code, pointer.to_owned())));
    }

    #[test]
    fn two_quotas_that_count_the_same_are_refused() {
        let quota = |period: &str, zone: &str| {
            format!(r#"{{"unit":"email","period":"{period}","limit":1,"time_zone":"{zone}"}}"#)
        };
        let body = |a, b| format!(r#"{{"quotas":[{a},{b}]}}"#);
        let twice = body(quota("day", "UTC"), quota("day", "UTC"));
        assert_eq!(faults(&twice), [("invalid_field", "/quotas/1".to_owned())]);
        let all_time = body(quota("total", "UTC"), quota("total", "Asia/Tokyo"));
        assert_eq!(faults(&all_time), [("invalid_field", "/quotas/1".to_owned())]);
        let two_zones = body(quota("day", "UTC"), quota("day", "Asia/Tokyo"));
        assert_eq!(parse(two_zones.as_bytes(), &sales()).unwrap().quotas.len(), 2);
        let quotas = vec![quota("day", "UTC"); QUOTAS_MAX + 1].join(",");
        let too_many = format!(r#"{{"quotas":[{quotas}]}}"#);
        assert_eq!(faults(&too_many), [("invalid_field", "/quotas".to_owned())]);
    }
}
