//! Routes: the only section whose keys are defined by the operator. They are patterns of the
//! vendor's paths, each with the access to these paths.
//!
//! [`crate::domain::route`] decides which paths a pattern covers and which pattern applies.

mod rule;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::remarks::{Place, Remark};
use super::values::Unfit;
use crate::domain::route::{Access, Method, Pattern, Route, Routes, VendorPath, setting};
use crate::domain::team::TeamId;

/// The section's name.
pub(super) const SECTION: &str = "routes";

/// The table with the routes of single teams.
const TEAMS: &str = "teams";

/// The effective routes, each with its place.
#[derive(Default)]
pub(super) struct RouteTable(BTreeMap<(Option<TeamId>, Pattern), (Place, Route)>);

impl RouteTable {
    /// Merges a table of routes over earlier layers, and returns its faults.
    pub(super) fn lay(
        &mut self,
        table: &DeTable<'_>,
        at: impl Fn(Range<usize>) -> Place,
    ) -> Vec<Remark> {
        let (mut faults, mut laid) = (Vec::new(), BTreeSet::new());
        for (key, value) in table {
            let (name, place) = (key.get_ref().as_ref(), at(key.span()));
            if name != TEAMS {
                faults.extend(self.lay_route(None, name, value.get_ref(), place, &mut laid));
                continue;
            }
            let Some(teams) = value.get_ref().as_table() else {
                let unfit = Unfit::new("is not a table", "write [routes.teams.NAME]");
                faults.push(fault(place, format!("{SECTION}.{TEAMS}"), unfit));
                continue;
            };
            for (team, value) in teams {
                faults.extend(self.lay_team(
                    team.get_ref(),
                    value.get_ref(),
                    &at(team.span()),
                    &at,
                ));
            }
        }
        faults
    }

    fn lay_team(
        &mut self,
        name: &str,
        value: &DeValue<'_>,
        place: &Place,
        at: &impl Fn(Range<usize>) -> Place,
    ) -> Vec<Remark> {
        let refuse = |unfit| vec![fault(place.clone(), format!("{SECTION}.{TEAMS}.{name}"), unfit)];
        let team = match name.parse::<TeamId>() {
            Ok(team) => team,
            Err(why) => return refuse(Unfit::new("is not a valid team name", why.to_string())),
        };
        let Some(table) = value.as_table() else {
            return refuse(Unfit::new("is not a table", "write a pattern and its access below it"));
        };
        let (mut faults, mut laid) = (Vec::new(), BTreeSet::new());
        for (key, value) in table {
            let (team, place) = (Some(team.clone()), at(key.span()));
            faults.extend(self.lay_route(team, key.get_ref(), value.get_ref(), place, &mut laid));
        }
        faults
    }

    fn lay_route(
        &mut self,
        team: Option<TeamId>,
        pattern: &str,
        value: &DeValue<'_>,
        place: Place,
        laid: &mut BTreeSet<Pattern>,
    ) -> Option<Remark> {
        match rule::route(pattern, value) {
            Ok(route) if !laid.insert(route.pattern.clone()) => {
                let wrong = format!("is the same route as {}, spelled differently", route.pattern);
                let unfit = Unfit::new(wrong, "define the route once");
                Some(fault(place, setting(team.as_ref(), pattern), unfit))
            }
            Ok(route) => {
                self.0.insert((team, route.pattern.clone()), (place, route));
                None
            }
            Err(unfit) => Some(fault(place, setting(team.as_ref(), pattern), unfit)),
        }
    }

    /// The routes that requests are checked against.
    pub(super) fn routes(&self) -> Routes {
        Routes::of(self.0.iter().map(|((team, _), (_, route))| (team.clone(), route.clone())))
    }

    /// Routes that set a price for email validations that is not per address.
    pub(super) fn faults(&self) -> Vec<Remark> {
        let (routes, path) = (self.routes(), VendorPath::of_validations());
        let taken_by = |team: Option<&TeamId>| match team {
            None => routes.everybodys(Method::Post, &path),
            Some(team) => routes.taken(team, Method::Post, &path).map(|taken| taken.route),
        };
        let mut faults = Vec::new();
        for ((team, pattern), (place, route)) in &self.0 {
            let has_price = matches!(route.access, Access::Priced(_));
            let is_of_addresses = route.access.address_price().is_some();
            if has_price && !is_of_addresses && taken_by(team.as_ref()) == Some(route) {
                let wrong = "has a price for email validations that is not per address";
                let remedy =
                    "write \"/email-validations\" = { email = 1, per = \"/emails\" } beside it";
                let key = setting(team.as_ref(), &pattern.to_string());
                faults.push(fault(place.clone(), key, Unfit::new(wrong, remedy)));
            }
        }
        faults
    }

    /// Warnings about the routes.
    pub(super) fn warnings(&self, requests_per_minute: u32) -> Vec<Remark> {
        let mut warnings = Vec::new();
        for ((team, pattern), (place, route)) in &self.0 {
            let key = || setting(team.as_ref(), &pattern.to_string());
            let is_unpriced = matches!(route.access, Access::Free | Access::ReadOnly);
            if pattern.is_everything() && is_unpriced {
                let wrong = "forwards every path that the vendor has or will have, priced or not";
                let unfit = Unfit::new(wrong, "name the paths to forward");
                warnings.push(fault(place.clone(), key(), unfit));
            }
            if route.requests_per_minute.is_some_and(|rate| rate.0.get() > requests_per_minute) {
                let wrong = "allows more requests than vendor.requests_per_minute";
                warnings.push(fault(place.clone(), key(), Unfit::new(wrong, "allow fewer")));
            }
        }
        warnings
    }

    /// Each route in its written form, with its table and its place.
    pub(super) fn written(&self) -> impl Iterator<Item = (String, String, String, &Place)> {
        self.0.iter().map(|((team, pattern), (place, route))| {
            let section = match team {
                None => SECTION.to_owned(),
                Some(team) => format!("{SECTION}.{TEAMS}.{}", quoted_if_dotted(team)),
            };
            let name = toml::Value::from(pattern.to_string()).to_string();
            (section, name, rule::written(route), place)
        })
    }
}

fn quoted_if_dotted(team: &TeamId) -> String {
    let name = team.as_str();
    if name.contains('.') { format!("\"{name}\"") } else { name.to_owned() }
}

fn fault(place: Place, key: String, unfit: Unfit) -> Remark {
    let Unfit { wrong, remedy } = unfit;
    Remark { place, key, wrong, remedy }
}
