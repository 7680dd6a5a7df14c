//! One rule: the access to the paths of one pattern, in its written form.

use std::num::NonZeroU32;

use toml::de::{DeTable, DeValue};

use crate::config::schema::Form;
use crate::config::values::{Unfit, Value};
use crate::domain::budget::Rate;
use crate::domain::credits::{Amounts, Credits};
use crate::domain::route::{Access, NotAPattern, Pattern, Price, Route};

/// The maximum price, far above any real price.
const PRICE_MAX: Credits = Credits::from_thousandths(1_000_000);

const CHOICES: &str =
    "write \"free\", \"read\", \"refused\" or a price such as { email = 1, per = \"/emails\" }";

/// Parses a pattern and its access.
pub(super) fn route(pattern: &str, value: &DeValue<'_>) -> Result<Route, Unfit> {
    let pattern = pattern.parse::<Pattern>().map_err(|why| {
        Unfit::new(
            why.to_string(),
            match why {
                NotAPattern::Own => "remove it: this path always goes through the ledger",
                NotAPattern::Ending => "write the path without it",
                NotAPattern::Method => "write GET, HEAD, POST, PUT, PATCH or DELETE before a path",
                _ => "write a path such as \"/tasks\", \"/contacts/*\" or \"GET /companies/find\"",
            },
        )
    })?;
    let (access, requests_per_minute) = match value {
        DeValue::String(text) => (access(text)?, None),
        DeValue::Table(table) => rule(table)?,
        _ => return Err(Unfit::new("does not set the access of the path", CHOICES)),
    };
    Ok(Route { pattern, access, requests_per_minute })
}

fn access(text: &str) -> Result<Access, Unfit> {
    match text {
        "free" => Ok(Access::Free),
        "read" => Ok(Access::ReadOnly),
        "refused" => Ok(Access::Refused),
        _ => Err(Unfit::new(format!("\"{text}\" is not one of the choices"), CHOICES)),
    }
}

/// Parses a rule written as a table: the access to its path, and its rate limit.
fn rule(table: &DeTable<'_>) -> Result<(Access, Option<Rate>), Unfit> {
    let (mut named, mut email, mut phone, mut per, mut rate) = (None, None, None, None, None);
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        match (name, Form::of(value.get_ref())) {
            ("access", Some((Form::Text, text))) => named = Some(access(&text)?),
            ("email", Some((Form::Number, number))) => email = Some(price(&number)?),
            ("phone", Some((Form::Number, number))) => phone = Some(price(&number)?),
            ("per", Some((Form::Text, pointer))) => per = Some(array_at(pointer)?),
            ("requests_per_minute", Some((Form::Number, number))) => rate = Some(often(&number)?),
            ("access" | "email" | "phone" | "per" | "requests_per_minute", _) => {
                return Err(Unfit::new(format!("{name} has the wrong type"), CHOICES));
            }
            _ => {
                let remedy = "the keys are access, email, phone, per and requests_per_minute";
                return Err(Unfit::new(format!("{name} is an unknown key"), remedy));
            }
        }
    }
    let amounts = Amounts { email: email.unwrap_or_default(), phone: phone.unwrap_or_default() };
    let access = match (named, email.or(phone)) {
        (Some(_), Some(_)) => {
            return Err(Unfit::new("has both an access and a price", "set one of the two"));
        }
        (Some(_), None) if per.is_some() => {
            return Err(Unfit::new("has per, but no price", CHOICES));
        }
        (Some(named), None) => named,
        (None, None) => return Err(Unfit::new("does not set the access of the path", CHOICES)),
        (None, Some(_)) => Access::Priced(Price { amounts, per }),
    };
    match &access {
        Access::Priced(_) if rate.is_some() => {
            let wrong = "has a price and requests_per_minute";
            Err(Unfit::new(
                wrong,
                "remove one: priced requests are sent like leads, before free ones",
            ))
        }
        Access::Refused if rate.is_some() => {
            let wrong = "is refused but has requests_per_minute";
            Err(Unfit::new(wrong, "remove one: a refused path is not forwarded"))
        }
        Access::Priced(price) if price.is_nothing() => {
            Err(Unfit::new("has a price of zero", "write \"free\""))
        }
        _ => Ok((access, rate)),
    }
}

fn price(number: &str) -> Result<Credits, Unfit> {
    let credits = Credits::read(number)
        .map_err(|Unfit { wrong, remedy }| Unfit::new(format!("{number} {wrong}"), remedy))?;
    if credits > PRICE_MAX {
        let wrong = format!("the price {credits} is above {PRICE_MAX}");
        return Err(Unfit::new(wrong, "give the price of one request or item"));
    }
    Ok(credits)
}

fn array_at(pointer: String) -> Result<String, Unfit> {
    if pointer.starts_with('/') {
        return Ok(pointer);
    }
    let wrong = format!("\"{pointer}\" is not a JSON pointer to an array of the body");
    Err(Unfit::new(wrong, "write one such as \"/emails\""))
}

fn often(number: &str) -> Result<Rate, Unfit> {
    let number = number.parse().ok().filter(|number: &NonZeroU32| number.get() <= 1_000_000);
    number.map(Rate).ok_or_else(|| {
        Unfit::new("is not between 1 and 1000000 a minute", "write a number such as 60")
    })
}

/// The access of a route in its written form.
pub(super) fn written(route: &Route) -> String {
    let mut fields = Vec::new();
    match &route.access {
        Access::Free => fields.push("access = \"free\"".to_owned()),
        Access::ReadOnly => fields.push("access = \"read\"".to_owned()),
        Access::Refused => fields.push("access = \"refused\"".to_owned()),
        Access::Priced(Price { amounts, per }) => {
            for (unit, credits) in [("email", amounts.email), ("phone", amounts.phone)] {
                if !credits.is_zero() {
                    fields.push(format!("{unit} = {credits}"));
                }
            }
            fields
                .extend(per.iter().map(|per| format!("per = {}", toml::Value::from(per.as_str()))));
        }
    }
    let rate = route.requests_per_minute;
    fields.extend(rate.map(|rate| format!("requests_per_minute = {}", rate.0)));
    match (fields.as_slice(), &route.access) {
        ([_], Access::Free) => "\"free\"".to_owned(),
        ([_], Access::ReadOnly) => "\"read\"".to_owned(),
        ([_], Access::Refused) => "\"refused\"".to_owned(),
        _ => format!("{{ {} }}", fields.join(", ")),
    }
}
