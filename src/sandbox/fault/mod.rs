//! Faults between the gateway and the vendor, set by tests and demos.

mod chance;
mod rule;
mod spoil;

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

pub use chance::Chance;
pub use rule::{ErrorEnding, Failure, FaultKind, NextLink, Operation, Rule};

pub(super) use spoil::{refusal, spoil};

/// All current faults. In JSON every field is optional.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Rules for single requests, applied in this order.
    pub rules: Vec<Rule>,
    /// The time from a batch's submission to the finish of its last lead, for later batches.
    pub processing_ms: Option<u64>,
    /// Results on one page, by default and at most.
    pub page_size: Option<NonZeroUsize>,
    /// The limit of requests in any minute; further ones get 429 with `Retry-After`.
    pub requests_per_minute: Option<NonZeroUsize>,
    /// Leads that the vendor refuses, each given by its LinkedIn address, or else its email, or
    /// else its name. A submission with one of them gets 400.
    pub refused_leads: Vec<String>,
    /// The leads that the refusal names.
    pub refusals_name: Naming,
    /// The leads for which the vendor's deduplication misses that the person was already charged.
    pub dedupe_misses: Vec<Miss>,
}

/// The leads that a refusal names by a pointer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Naming {
    /// The first refused lead.
    #[default]
    First,
    /// Every refused lead.
    Every,
    /// None: it points to the list.
    None,
}

/// Two ways to request one person that the vendor's deduplication treats as two people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Miss {
    /// Addresses that differ in case only.
    EmailCase,
    /// LinkedIn addresses written differently.
    LinkedinForm,
    /// An email in one request, a LinkedIn address in the other.
    EmailVsLinkedin,
    /// Two leads of one batch.
    SameBatch,
    /// Two batches, of which the second is submitted before the first has finished the person.
    ConcurrentBatches,
}

impl Faults {
    /// Only these rules.
    #[must_use]
    pub fn of(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self { rules: rules.into_iter().collect(), ..Self::default() }
    }

    /// The faults of one request: each rule that it `concerns` is applied, up to the first refusal,
    /// after which the request goes no further.
    pub(super) fn draw(&mut self, concerns: impl Fn(&Rule) -> bool) -> Vec<FaultKind> {
        let mut drawn = Vec::new();
        for rule in self.rules.iter_mut().filter(|rule| concerns(rule)) {
            if rule.strikes() {
                drawn.push(rule.kind);
            }
            if drawn.last().is_some_and(|kind| kind.is_refusal()) {
                break;
            }
        }
        self.rules.retain(|rule| rule.times != Some(0));
        drawn
    }
}

#[cfg(test)]
mod tests {
    use serde_json::from_str;

    use super::*;

    fn draw(faults: &mut Faults, operation: Operation) -> Vec<FaultKind> {
        faults.draw(|rule| rule.concerns(operation))
    }

    #[test]
    fn a_rule_applies_as_often_as_it_says_and_is_then_removed() {
        let rule = Rule::always(Operation::Submit, FaultKind::CutAfter).times(2);
        let mut faults = Faults::of([rule]);
        assert_eq!(draw(&mut faults, Operation::Read), []);
        assert_eq!(draw(&mut faults, Operation::Submit), [FaultKind::CutAfter]);
        assert_eq!(faults.rules[0].times, Some(1));
        assert_eq!(draw(&mut faults, Operation::Submit), [FaultKind::CutAfter]);
        assert_eq!(faults, Faults::default());
    }

    #[test]
    fn rules_after_a_refusal_are_not_used() {
        let refused = Rule::always(Operation::Any, FaultKind::CutBefore).times(1);
        let late = Rule::always(Operation::Any, FaultKind::LatencyMs(5)).times(1);
        let mut faults = Faults::of([refused, late]);
        assert_eq!(draw(&mut faults, Operation::Read), [FaultKind::CutBefore]);
        assert_eq!(draw(&mut faults, Operation::Read), [FaultKind::LatencyMs(5)]);
    }

    #[test]
    fn chance_is_reproducible() {
        let rule = Rule::always(Operation::Read, FaultKind::Malformed);
        let faults = Faults::of([rule.by_chance(0.25, 7)]);
        let struck = |mut faults: Faults| {
            (0..1_000).map(|_| draw(&mut faults, Operation::Read).len()).collect::<Vec<_>>()
        };
        assert_eq!(struck(faults.clone()), struck(faults.clone()));
        let hits: usize = struck(faults).into_iter().sum();
        assert!((200..300).contains(&hits), "{hits}");
    }

    #[test]
    fn every_example_in_the_documentation_is_read() {
        let page = include_str!("../../../docs/sandbox.md");
        let examples: Vec<&str> =
            page.split("-d '").skip(1).filter_map(|d| d.split('\'').next()).collect();
        assert_eq!(examples.len(), 4);
        for example in examples {
            assert!(from_str::<Faults>(example).is_ok(), "{example}");
        }
    }

    #[test]
    fn every_kind_in_the_documentation_is_read() {
        let page = include_str!("../../../docs/sandbox.md");
        let (_, table) = page.split_once("| `kind` | what happens |").unwrap();
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let kinds: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
        assert_eq!(kinds.len(), 20);
        for kind in kinds {
            assert!(from_str::<FaultKind>(kind).is_ok(), "{kind}");
        }
    }

    #[test]
    fn undocumented_faults_are_refused() {
        let rule = |fields: &str| format!(r#"{{"rules": [{{"operation": "read", {fields}}}]}}"#);
        assert!(from_str::<Faults>(&rule(r#""kind": "malformed""#)).is_ok());
        for wrong in [
            r#"{"rule": []}"#.to_owned(),
            r#"{"page_size": 0}"#.to_owned(),
            r#"{"requests_per_minute": 0}"#.to_owned(),
            r#"{"dedupe_misses": ["spelling"]}"#.to_owned(),
            rule(r#""kind": "malformed", "time": 1"#),
            rule(r#""kind": "broken""#),
            rule(r#""kind": {"status": {"code": 200}}"#),
            rule(r#""kind": {"status": {"code": 429, "x": 1}}"#),
            rule(r#""kind": "malformed", "chance": {"probability": 1.5, "seed": 7}"#),
        ] {
            assert!(from_str::<Faults>(&wrong).is_err(), "{wrong}");
        }
    }
}
