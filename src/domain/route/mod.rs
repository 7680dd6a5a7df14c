//! Routes: what each path of the vendor's may do, for everybody and for single teams.
//!
//! A request is judged by the most specific [`Pattern`] that covers its path; what no pattern
//! covers is refused. The gateway's own paths are never judged here: they go through the books. Of
//! email validations, which it serves too, the table says who may ask for them, and at what price.

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

/// Every route, and what single teams have of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    general: Vec<Route>,
    teams: BTreeMap<TeamId, Vec<Route>>,
}

/// What the paths that a pattern covers may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Which paths.
    pub pattern: Pattern,
    /// What they may do.
    pub access: Access,
    /// How often all replicas together may ask for them, within the request budget.
    pub requests_per_minute: Option<Rate>,
}

/// What a path may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// It costs nothing and is passed on as it comes.
    Free,
    /// Reading it costs nothing: `GET` and `HEAD` are passed on, what changes something is not.
    ReadOnly,
    /// It may cost so much, which is reserved before it is asked.
    Priced(Price),
    /// It is not asked at all.
    Refused,
}

impl Access {
    /// What it costs to have one email address validated; none where addresses are not validated by
    /// it, or it prices something else.
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

/// Where the addresses of a validation are.
const ADDRESSES: &str = "/emails";

/// What one request costs at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// How much, for the request or for each item of it.
    pub amounts: Amounts,
    /// Where the items are, as a JSON pointer to an array of the body; none where a request costs
    /// the same whatever it holds.
    pub per: Option<String>,
}

/// The route that a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken<'r> {
    /// The route.
    pub route: &'r Route,
    /// The team that has it of its own.
    pub team: Option<&'r TeamId>,
}

impl Routes {
    /// These routes, each everybody's or one team's.
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

    /// The route of a request, if any covers it: the most specific one of its team's own, or else
    /// of everybody's.
    #[must_use]
    pub fn taken(&self, team: &TeamId, method: Method, path: &VendorPath) -> Option<Taken<'_>> {
        let own = self.teams.get_key_value(team).and_then(|(team, routes)| {
            Some(Taken { route: most_specific(routes, method, path)?, team: Some(team) })
        });
        own.or_else(|| Some(Taken { route: self.everybodys(method, path)?, team: None }))
    }

    /// The route of a request whose team has none of its own.
    #[must_use]
    pub fn everybodys(&self, method: Method, path: &VendorPath) -> Option<&Route> {
        most_specific(&self.general, method, path)
    }

    /// Every allowance that there is, by the name that the books know it by.
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
    /// What requests by it are spent from besides the request budget.
    #[must_use]
    pub fn allowance(&self) -> Option<Allowance> {
        let rate = self.requests_per_minute?;
        Some(Allowance { name: self.pattern.to_string(), rate })
    }
}

impl Price {
    /// The most that a request with so many items costs.
    #[must_use]
    pub fn worst_case(&self, items: u64) -> Amounts {
        let times = |credits: Credits| credits.times(if self.per.is_some() { items } else { 1 });
        Amounts { email: times(self.amounts.email), phone: times(self.amounts.phone) }
    }

    /// Whether it costs nothing after all.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        Unit::ALL.iter().all(|unit| self.amounts.in_unit(*unit).is_zero())
    }
}

/// The setting that says what a pattern's paths may do.
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
    fn what_a_team_has_of_its_own_outweighs_everybodys() {
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
    fn an_address_has_a_price_where_it_is_the_address_that_is_priced() {
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
