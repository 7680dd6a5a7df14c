//! Routes: the access to each path of the vendor, for all teams and for single teams.
//!
//! The most specific [`Pattern`] that covers a request's path applies; a path without a pattern is
//! refused. The gateway's own paths are not in the table: they are handled by the ledger. For email
//! validations, which the gateway also serves, the table decides which teams may use them, and
//! their price.

mod opening;
mod path;
mod pattern;

use std::collections::BTreeMap;

pub use opening::Opening;
pub use path::{Unsafe, VendorPath};
pub use pattern::{Method, NotAPattern, Pattern};

use super::budget::{Allowance, Rate};
use super::credits::{Amounts, Credits, Unit};
use super::team::TeamId;

/// All routes: the general ones and those of single teams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    general: Vec<Route>,
    teams: BTreeMap<TeamId, Vec<Route>>,
}

/// The access to the paths of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The pattern.
    pub pattern: Pattern,
    /// The access.
    pub access: Access,
    /// The limit of requests per minute for all replicas together, within the request budget.
    pub requests_per_minute: Option<Rate>,
}

/// The access to a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// It costs nothing and is forwarded unchanged.
    Free,
    /// Reading costs nothing: `GET` and `HEAD` are forwarded, other methods are refused.
    ReadOnly,
    /// It has a price, which is reserved before the request is sent.
    Priced(Price),
    /// It is refused.
    Refused,
}

impl Access {
    /// The price of validating one email address; `None` if the path does not validate addresses,
    /// or its price is not per address.
    #[must_use]
    pub fn address_price(&self) -> Option<Credits> {
        match self {
            Self::Free => Some(Credits::ZERO),
            Self::Priced(Price { amounts, per }) => {
                let is_of_addresses = per.as_deref() == Some(ADDRESSES) && amounts.phone.is_zero();
                is_of_addresses.then_some(amounts.email)
            }
            Self::ReadOnly | Self::Refused => None,
        }
    }
}

/// The pointer to the addresses of a validation.
const ADDRESSES: &str = "/emails";

/// The maximum cost of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// The price, per request or per item.
    pub amounts: Amounts,
    /// The items, as a JSON pointer to an array of the body; `None` for a price per request.
    pub per: Option<String>,
}

/// The route that applies to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken<'r> {
    /// The route.
    pub route: &'r Route,
    /// The team that owns it.
    pub team: Option<&'r TeamId>,
}

impl Routes {
    /// These routes, each general or of one team.
    #[must_use]
    pub fn of(routes: impl IntoIterator<Item = (Option<TeamId>, Route)>) -> Self {
        let mut all = Self::default();
        for (team, route) in routes {
            match team {
                None => all.general.push(route),
                Some(team) => all.teams.entry(team).or_default().push(route),
            }
        }
        all
    }

    /// The route of a request, if there is one: the most specific one of its team, or else the most
    /// specific general one.
    #[must_use]
    pub fn taken(&self, team: &TeamId, method: Method, path: &VendorPath) -> Option<Taken<'_>> {
        let own = self.teams.get_key_value(team).and_then(|(team, routes)| {
            Some(Taken { route: most_specific(routes, method, path)?, team: Some(team) })
        });
        own.or_else(|| Some(Taken { route: self.everybodys(method, path)?, team: None }))
    }

    /// The route of a request of a team without own routes.
    #[must_use]
    pub fn everybodys(&self, method: Method, path: &VendorPath) -> Option<&Route> {
        most_specific(&self.general, method, path)
    }

    /// All allowances, by their names in the ledger.
    pub fn allowances(&self) -> impl Iterator<Item = Allowance> {
        let routes = self.general.iter().chain(self.teams.values().flatten());
        routes.filter_map(Route::allowance)
    }
}

fn most_specific<'r>(routes: &'r [Route], method: Method, path: &VendorPath) -> Option<&'r Route> {
    let covering = routes.iter().filter(|route| route.pattern.covers(method, path));
    covering.max_by_key(|route| route.pattern.specificity())
}

impl Route {
    /// The allowance of its requests, besides the request budget.
    #[must_use]
    pub fn allowance(&self) -> Option<Allowance> {
        let rate = self.requests_per_minute?;
        Some(Allowance { name: self.pattern.to_string(), rate })
    }
}

impl Price {
    /// The maximum cost of a request with this many items.
    #[must_use]
    pub fn worst_case(&self, items: u64) -> Amounts {
        let times = |credits: Credits| credits.times(if self.per.is_some() { items } else { 1 });
        Amounts { email: times(self.amounts.email), phone: times(self.amounts.phone) }
    }

    /// Whether the price is zero.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        Unit::ALL.iter().all(|unit| self.amounts.in_unit(*unit).is_zero())
    }
}

/// The setting of a pattern.
#[must_use]
pub fn setting(team: Option<&TeamId>, pattern: &str) -> String {
    match team {
        None => format!("routes.\"{pattern}\""),
        Some(team) if team.as_str().contains('.') => {
            format!("routes.teams.\"{team}\".\"{pattern}\"")
        }
        Some(team) => format!("routes.teams.{team}.\"{pattern}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(pattern: &str, access: Access) -> Route {
        Route { pattern: pattern.parse().unwrap(), access, requests_per_minute: None }
    }

    fn taken(routes: &Routes, team: &str, method: Method, path: &str) -> Option<(String, bool)> {
        let path = VendorPath::of(path).unwrap();
        let taken = routes.taken(&team.parse().unwrap(), method, &path)?;
        Some((taken.route.pattern.to_string(), taken.team.is_some()))
    }

    #[test]
    fn the_most_specific_pattern_decides() {
        let patterns = ["/*", "/a/*", "/a/b*", "/a/b/*", "/a/b", "GET /a/b", "POST /a/*"];
        let routes = Routes::of(patterns.map(|text| (None, route(text, Access::Free))));
        for (method, path, pattern) in [
            (Method::Get, "/x", "/*"),
            (Method::Get, "/a", "/a/*"),
            (Method::Post, "/a/x", "POST /a/*"),
            (Method::Get, "/a/bc", "/a/b*"),
            (Method::Get, "/a/b", "GET /a/b"),
            (Method::Head, "/a/b", "GET /a/b"),
            (Method::Put, "/a/b", "/a/b"),
            (Method::Get, "/a/b/c", "/a/b/*"),
        ] {
            let expected = Some((pattern.to_owned(), false));
            assert_eq!(taken(&routes, "sales", method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn a_teams_own_routes_take_precedence() {
        let growth = || Some("growth".parse().unwrap());
        let routes = Routes::of([
            (None, route("/people/search", Access::Refused)),
            (growth(), route("/people/*", Access::Free)),
        ]);
        let search = |team| taken(&routes, team, Method::Get, "/people/search");
        assert_eq!(search("growth"), Some(("/people/*".to_owned(), true)));
        assert_eq!(search("sales"), Some(("/people/search".to_owned(), false)));
        assert_eq!(taken(&routes, "growth", Method::Get, "/lists"), None);
    }

    #[test]
    fn the_setting_is_named_as_it_is_written() {
        let team = |name: &str| name.parse::<TeamId>().unwrap();
        assert_eq!(setting(None, "/a/*"), r#"routes."/a/*""#);
        assert_eq!(setting(Some(&team("sales")), "/a"), r#"routes.teams.sales."/a""#);
        assert_eq!(setting(Some(&team("eu.sales")), "/a"), r#"routes.teams."eu.sales"."/a""#);
    }

    #[test]
    fn an_address_has_a_price_if_the_price_is_per_address() {
        let price = |email, phone, per: Option<&str>| {
            let [email, phone] = [email, phone].map(Credits::from_thousandths);
            let per = per.map(str::to_owned);
            Access::Priced(Price { amounts: Amounts { email, phone }, per }).address_price()
        };
        let credits = |thousandths| Some(Credits::from_thousandths(thousandths));
        assert_eq!(price(500, 0, Some("/emails")), credits(500));
        for unfit in
            [price(500, 0, None), price(500, 0, Some("/x")), price(500, 1, Some("/emails"))]
        {
            assert_eq!(unfit, None);
        }
        assert_eq!((Access::Free.address_price(), Access::Refused.address_price()), {
            (credits(0), None)
        });
    }

    #[test]
    fn a_price_is_for_the_request_or_for_each_of_its_items() {
        let amounts =
            Amounts { email: Credits::from_thousandths(500), phone: Credits::from_thousandths(2) };
        let price = |per: Option<&str>| Price { amounts, per: per.map(str::to_owned) };
        assert_eq!(price(None).worst_case(7), amounts);
        let seven = Amounts {
            email: Credits::from_thousandths(3500),
            phone: Credits::from_thousandths(14),
        };
        assert_eq!(price(Some("/emails")).worst_case(7), seven);
        assert!(price(Some("/emails")).worst_case(0).email.is_zero());
    }
}
