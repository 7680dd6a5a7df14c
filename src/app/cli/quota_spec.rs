//! Quotas on the command line, as in `email/month=500,time_zone=Europe/Lisbon`.

use std::str::FromStr;

use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::output::items;
use crate::domain::credits::Credits;

/// One quota. The gateway checks units, periods and time zones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QuotaSpec {
    unit: String,
    period: String,
    limit: Option<Credits>,
    time_zone: Option<String>,
    action: Option<String>,
}

impl FromStr for QuotaSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "write UNIT/PERIOD=LIMIT, as in email/month=500; after it, if needed, \
                            ,time_zone=Europe/Lisbon and ,action=warn";
        let mut parts = text.split(',');
        let head = parts.next().unwrap_or_default();
        let (name, limit) = match head.split_once('=') {
            Some((name, limit)) => (name, Some(limit)),
            None => (head, None),
        };
        let (unit, period) = name.split_once('/').ok_or(FORM)?;
        let limit = limit.map(|limit| limit.parse().map_err(|why| format!("the limit is {why}")));
        let limit = limit.transpose()?;
        let (unit, period) = (unit.to_owned(), period.to_owned());
        let mut spec = Self { unit, period, limit, time_zone: None, action: None };
        for part in parts {
            match part.split_once('=') {
                Some(("time_zone", zone)) => spec.time_zone = Some(zone.to_owned()),
                Some(("action", action)) => spec.action = Some(action.to_owned()),
                _ => return Err(FORM.to_owned()),
            }
        }
        Ok(spec)
    }
}

impl QuotaSpec {
    /// The index of the quota with this unit, period and time zone. Without a time zone there must be at
    /// most one quota of the unit and period.
    fn place_in(&self, quotas: &Value) -> Result<Option<usize>, Failure> {
        let is_same = |quota: &Value| {
            quota["unit"] == *self.unit
                && quota["period"] == *self.period
                && self.time_zone.as_ref().is_none_or(|zone| quota["time_zone"] == **zone)
        };
        let places = items(quotas).enumerate().filter(|(_, quota)| is_same(quota));
        match places.map(|(place, _)| place).collect::<Vec<_>>()[..] {
            [] => Ok(None),
            [place] => Ok(Some(place)),
            _ => Err(Failure::Usage(format!(
                "there are several {} quotas per {}: say which by ,time_zone=",
                self.unit, self.period
            ))),
        }
    }
}

/// Replaces the quota with the same unit, period and time zone, or appends a new one. Properties that
/// are not given keep their value.
pub(super) fn merge(quotas: &mut Value, spec: &QuotaSpec) -> Result<(), Failure> {
    let Some(limit) = spec.limit else {
        let wrong = format!("{}/{} has no limit: write =LIMIT after it", spec.unit, spec.period);
        return Err(Failure::Usage(wrong));
    };
    let place = spec.place_in(quotas)?;
    let mut quota = place.map_or_else(
        || json!({"unit": spec.unit, "period": spec.period}),
        |place| quotas[place].clone(),
    );
    let properties = quota.as_object_mut().expect("a quota is an object");
    set(properties, "limit", Some(number(limit)));
    set(properties, "time_zone", spec.time_zone.clone().map(Value::from));
    set(properties, "action", spec.action.clone().map(Value::from));
    match place {
        Some(place) => quotas[place] = quota,
        None => quotas.as_array_mut().expect("quotas are a list").push(quota),
    }
    Ok(())
}

/// Removes a quota from a team's list.
pub(super) fn remove(quotas: &mut Value, spec: &QuotaSpec) -> Result<(), Failure> {
    let Some(place) = spec.place_in(quotas)? else {
        let wrong = format!("the team has no {} quota per {}", spec.unit, spec.period);
        return Err(Failure::Usage(wrong));
    };
    quotas.as_array_mut().expect("quotas are a list").remove(place);
    Ok(())
}

fn set(properties: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        properties.insert(name.to_owned(), value);
    }
}

/// Credits as a JSON number. A float represents thousandths of credits without loss.
pub(crate) fn number(credits: Credits) -> Value {
    serde_json::from_str(&credits.to_string()).expect("credits are written as a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> QuotaSpec {
        text.parse().unwrap()
    }

    #[test]
    fn a_quota_replaces_the_one_of_its_unit_period_and_zone_and_keeps_what_is_not_given() {
        let mut quotas = json!([
            {"unit": "email", "period": "month", "limit": 500, "time_zone": "Europe/Lisbon", "action": "warn"},
            {"unit": "email", "period": "day", "limit": 50, "time_zone": "UTC", "action": "refuse"},
            {"unit": "email", "period": "day", "limit": 60, "time_zone": "Asia/Tokyo", "action": "refuse"},
        ]);
        merge(&mut quotas, &spec("email/month=750.125")).unwrap();
        merge(&mut quotas, &spec("email/day=70,time_zone=Asia/Tokyo")).unwrap();
        merge(&mut quotas, &spec("phone/total=5,action=warn")).unwrap();
        assert_eq!(
            quotas,
            json!([
                {"unit": "email", "period": "month", "limit": 750.125, "time_zone": "Europe/Lisbon", "action": "warn"},
                {"unit": "email", "period": "day", "limit": 50, "time_zone": "UTC", "action": "refuse"},
                {"unit": "email", "period": "day", "limit": 70, "time_zone": "Asia/Tokyo", "action": "refuse"},
                {"unit": "phone", "period": "total", "limit": 5, "action": "warn"},
            ])
        );
        assert!(merge(&mut quotas, &spec("email/day=1")).is_err(), "which of the two?");
        remove(&mut quotas, &spec("phone/total")).unwrap();
        assert_eq!(items(&quotas).count(), 3);
        assert!(remove(&mut quotas, &spec("phone/total")).is_err());
        assert!(merge(&mut quotas, &spec("email/week")).is_err(), "no limit");
    }

    #[test]
    fn what_is_no_quota_is_refused() {
        for text in ["", "email", "email=5", "email/day=x", "email/day=5,zone=UTC", "email/day=5,"]
        {
            assert!(text.parse::<QuotaSpec>().is_err(), "{text:?}");
        }
    }
}
