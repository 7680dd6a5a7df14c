//! Matching of results to leads.
//!
//! A wrong match gives one person's data to a caller who asked for another; a missed one leaves a
//! lead unresolved. The order of the list is therefore used only if nothing contradicts it.
//! Otherwise a result counts only for the one lead that it echoes.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization as _;

use super::{LeadFields, VendorResult};
use crate::domain::identity::Identity;

/// The matched results.
#[derive(Debug, PartialEq, Eq)]
pub struct Matched {
    /// One per lead, in the order of the leads; `None` if no result certainly belongs to the lead.
    pub answers: Vec<Option<VendorResult>>,
    /// Results that certainly belong to no lead, or do not certainly belong to one.
    pub extras: Vec<VendorResult>,
}

/// Matches each result with its lead: by position if there are as many results as leads and no echo
/// contradicts it, otherwise by unique echo.
#[must_use]
pub fn match_results(leads: &[LeadFields<'_>], results: Vec<VendorResult>) -> Matched {
    let asked: Vec<_> = leads.iter().copied().map(Words::of).collect();
    let echoed: Vec<_> = results.iter().map(|result| Words::of(result.echo.fields())).collect();
    let places = by_position(&asked, &echoed, &results).unwrap_or_else(|| by_echo(&asked, &echoed));

    let mut answers: Vec<_> = leads.iter().map(|_| None).collect();
    let mut extras = Vec::new();
    for (result, place) in results.into_iter().zip(places) {
        match place {
            Some(lead) => answers[lead] = Some(result),
            None => extras.push(result),
        }
    }
    Matched { answers, extras }
}

/// The lead of each result by position, or `None` if one of them contradicts its lead.
fn by_position(
    asked: &[Words],
    echoed: &[Words],
    results: &[VendorResult],
) -> Option<Vec<Option<usize>>> {
    if results.len() != asked.len() {
        return None;
    }
    let places = numbered(results).unwrap_or_else(|| (0..results.len()).collect());
    let is_contradicted =
        places.iter().zip(echoed).any(|(place, echo)| echo.contradicts(&asked[*place]));
    (!is_contradicted).then(|| places.into_iter().map(Some).collect())
}

/// The positions that the results give themselves, if each is given once.
fn numbered(results: &[VendorResult]) -> Option<Vec<usize>> {
    let mut is_taken = vec![false; results.len()];
    results
        .iter()
        .map(|result| {
            let place = usize::try_from(result.position?.checked_sub(1)?).ok()?;
            let taken = is_taken.get_mut(place)?;
            (!std::mem::replace(taken, true)).then_some(place)
        })
        .collect()
}

/// The lead of each result that echoes exactly one lead, which no other result echoes.
fn by_echo(asked: &[Words], echoed: &[Words]) -> Vec<Option<usize>> {
    let (leads, results) = (only_places(asked), only_places(echoed));
    echoed
        .iter()
        .map(|echo| {
            results.get(echo).copied().flatten()?;
            leads.get(echo).copied().flatten()
        })
        .collect()
}

/// The position of each text, or `None` if it has several.
fn only_places(all: &[Words]) -> HashMap<&Words, Option<usize>> {
    let mut places = HashMap::new();
    for (place, words) in all.iter().enumerate().filter(|(_, words)| !words.are_none()) {
        places.entry(words).and_modify(|place| *place = None).or_insert(Some(place));
    }
    places
}

/// The six fields for comparison, since vendors normalise what they echo. LinkedIn and email
/// addresses are compared as identities; in other texts case, spaces, compatibility characters, a
/// scheme, `www.` and a trailing slash do not matter. A blank field counts as omitted.
#[derive(PartialEq, Eq, Hash)]
struct Words([Option<Form>; 6]);

/// A field in the form for comparison.
#[derive(PartialEq, Eq, Hash)]
enum Form {
    Identity(Identity),
    Text(String),
}

impl Words {
    fn of(fields: LeadFields<'_>) -> Self {
        let LeadFields { email, linkedin_url, company_domain, company_name, name, title } = fields;
        let form = |text: &str, identity: Option<Identity>| match identity {
            Some(identity) => Some(Form::Identity(identity)),
            None => Some(tidied(text)).filter(|text| !text.is_empty()).map(Form::Text),
        };
        Self([
            email.and_then(|text| form(text, Identity::of_email(text))),
            linkedin_url.and_then(|text| form(text, Identity::of_linkedin_url(text))),
            company_domain.and_then(|text| form(host(&tidied(text)), None)),
            company_name.and_then(|text| form(text, None)),
            name.and_then(|text| form(text, None)),
            title.and_then(|text| form(text, None)),
        ])
    }

    fn are_none(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Whether this echo cannot belong to that lead: a common field differs, or each has a field
    /// that the other lacks. An echo with fewer fields, or none, contradicts nothing; nor does one
    /// with all fields and more.
    fn contradicts(&self, lead: &Self) -> bool {
        let pairs = || self.0.iter().zip(&lead.0);
        let differs = pairs().any(|(echo, lead)| echo.is_some() && lead.is_some() && echo != lead);
        let says_more = pairs().any(|(echo, lead)| echo.is_some() && lead.is_none());
        let says_less = pairs().any(|(echo, lead)| echo.is_none() && lead.is_some());
        differs || (says_more && says_less)
    }
}

fn tidied(text: &str) -> String {
    let folded: String = text.nfkc().collect::<String>().to_lowercase().nfkc().collect();
    let spaced = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    let bare = spaced.strip_prefix("https://").or_else(|| spaced.strip_prefix("http://"));
    let bare = bare.unwrap_or(&spaced);
    bare.strip_prefix("www.").unwrap_or(bare).trim_end_matches('/').to_owned()
}

/// The part of an address before port, path or query.
fn host(address: &str) -> &str {
    address.split([':', '/', '?', '#']).next().unwrap_or(address).trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::subsequence;

    use super::*;
    use crate::vendor::{Echo, Finding};

    fn email(email: &str) -> LeadFields<'_> {
        LeadFields { email: Some(email), ..LeadFields::default() }
    }

    fn result(position: Option<u32>, echo: LeadFields<'_>) -> VendorResult {
        let echo = Echo {
            email: echo.email.map(str::to_owned),
            linkedin_url: echo.linkedin_url.map(str::to_owned),
            company_domain: echo.company_domain.map(str::to_owned),
            company_name: echo.company_name.map(str::to_owned),
            name: echo.name.map(str::to_owned),
            title: echo.title.map(str::to_owned),
        };
        VendorResult { position, echo, finding: Finding::NotFound }
    }

    /// The position of each lead's result, 0 for none, and the number of extra results.
    fn matched(leads: &[LeadFields<'_>], results: Vec<VendorResult>) -> (Vec<u32>, usize) {
        let Matched { answers, extras } = match_results(leads, results);
        let positions = answers.into_iter().map(|answer| answer.map_or(0, |a| a.position.unwrap()));
        (positions.collect(), extras.len())
    }

    #[test]
    fn empty_echoes_are_matched_by_position() {
        let leads = [email("a@x.io"), email("b@x.io")];
        let none = LeadFields::default();
        let results = vec![result(Some(2), none), result(Some(1), none)];
        assert_eq!(matched(&leads, results), (vec![1, 2], 0));
    }

    #[test]
    fn ids_that_are_not_positions_leave_the_order_of_the_list() {
        let leads = [email("a@x.io"), email("b@x.io")];
        let none = LeadFields::default();
        for ids in [[902, 901], [1, 1], [0, 1]] {
            let results = ids.map(|id| result(Some(id), none)).to_vec();
            assert_eq!(matched(&leads, results), (ids.to_vec(), 0));
        }
    }

    #[test]
    fn one_contradiction_invalidates_the_whole_order() {
        let leads = [email("a@x.io"), email("b@x.io"), email("c@x.io")];
        let results = vec![
            result(Some(1), LeadFields::default()),
            result(Some(2), email("c@x.io")),
            result(Some(3), email("b@x.io")),
        ];
        assert_eq!(matched(&leads, results), (vec![0, 3, 2], 1));
    }

    #[test]
    fn a_common_title_or_company_is_not_a_match() {
        let by_email = LeadFields { title: Some("CTO"), ..email("a@x.io") };
        let by_url = LeadFields {
            linkedin_url: Some("linkedin.com/in/b"),
            title: Some("CTO"),
            ..LeadFields::default()
        };
        let results = vec![result(Some(1), by_url), result(Some(2), by_email)];
        assert_eq!(matched(&[by_email, by_url], results), (vec![2, 1], 0));
    }

    #[test]
    fn a_lead_whose_company_agrees_and_whose_name_does_not_is_contradicted() {
        let at_acme = |name| LeadFields {
            name: Some(name),
            company_name: Some("Acme"),
            ..LeadFields::default()
        };
        let leads = [at_acme("Ada"), at_acme("Bob")];
        let results = vec![result(Some(1), at_acme("Bob")), result(Some(2), at_acme("Ada"))];
        assert_eq!(matched(&leads, results), (vec![2, 1], 0));
    }

    #[test]
    fn an_echo_that_shares_no_field_with_its_lead_contradicts_it() {
        let named = LeadFields { name: Some("Ada"), ..LeadFields::default() };
        let (leads, results) = ([email("a@x.io")], vec![result(Some(1), named)]);
        assert_eq!(matched(&leads, results), (vec![0], 1));
    }

    #[test]
    fn a_normalised_echo_and_one_with_an_extra_field_contradict_nothing() {
        let lead = LeadFields {
            email: Some("Ada@X.io"),
            linkedin_url: Some("https://www.LinkedIn.com/in/ada/"),
            title: Some(" "),
            ..LeadFields::default()
        };
        let echo = LeadFields {
            email: Some("ada@x.io "),
            linkedin_url: Some("linkedin.com/in/ada"),
            title: Some("Countess"),
            name: Some("Ada"),
            ..LeadFields::default()
        };
        assert_eq!(matched(&[lead], vec![result(Some(9), echo)]), (vec![9], 0));
    }

    #[test]
    fn an_echo_in_another_spelling_is_the_same_lead() {
        let url = |url| LeadFields { linkedin_url: Some(url), ..LeadFields::default() };
        let domain = |domain| LeadFields { company_domain: Some(domain), ..LeadFields::default() };
        let name = |name| LeadFields { name: Some(name), ..LeadFields::default() };
        for (lead, echo) in [
            (url("https://uk.linkedin.com/in/ada?utm_source=share"), url("linkedin.com/in/ada")),
            (url("https://www.linkedin.com/in/J%C3%BCrgen/de"), url("linkedin.com/in/jürgen")),
            (email("ada@bücher.example"), email("Ada@xn--bcher-kva.example")),
            (domain("https://www.X.io:443/about?x"), domain("x.io")),
            (name("Ａda\u{a0} LOVELACE"), name("Ada Lovelace")),
        ] {
            let other = email("bob@x.io");
            let results = vec![result(Some(1), echo), result(Some(2), other)];
            assert_eq!(matched(&[lead, other], results), (vec![1, 2], 0), "{lead:?}");
            // If the order is wrong, only the echo identifies the lead.
            let results = vec![result(None, other), result(None, echo)];
            let Matched { answers, .. } = match_results(&[lead, other], results);
            assert!(answers.iter().all(Option::is_some), "{lead:?}");
        }
        let (one, other) = (url("linkedin.com/in/ada"), url("linkedin.com/in/ada-2"));
        assert_eq!(matched(&[one], vec![result(Some(1), other)]), (vec![0], 1));
    }

    #[test]
    fn fewer_results_are_matched_by_echo_and_ambiguous_echoes_with_no_lead() {
        let leads = [email("a@x.io"), email("b@x.io"), email("c@x.io"), email("c@x.io")];
        let results = vec![result(Some(1), email("b@x.io")), result(Some(2), email("c@x.io"))];
        assert_eq!(matched(&leads, results), (vec![0, 1, 0, 0], 1));

        let leads = [email("a@x.io")];
        let results = vec![result(Some(1), email("a@x.io")), result(Some(2), email("a@x.io"))];
        assert_eq!(matched(&leads, results), (vec![0], 2));
    }

    /// Leads that differ in every identifying field.
    fn leads() -> impl Strategy<Value = Vec<[Option<String>; 3]>> {
        let lead = (any::<bool>(), any::<bool>());
        proptest::collection::vec(lead, 1..8).prop_map(|leads| {
            let fields = |(n, (by_email, titled)): (usize, (bool, bool))| {
                let email = format!("{n}@x.io");
                let url = format!("linkedin.com/in/{n}");
                let title = titled.then(|| "CTO".to_owned());
                if by_email { [Some(email), None, title] } else { [None, Some(url), title] }
            };
            leads.into_iter().enumerate().map(fields).collect()
        })
    }

    fn fields([email, linkedin_url, title]: &[Option<String>; 3]) -> LeadFields<'_> {
        LeadFields {
            email: email.as_deref(),
            linkedin_url: linkedin_url.as_deref(),
            title: title.as_deref(),
            ..LeadFields::default()
        }
    }

    proptest! {
        /// With anything that the vendor may omit, repeat or reorder.
        #[test]
        fn no_lead_gets_the_result_of_another(
            (leads, order) in leads().prop_flat_map(|leads| {
                let twice: Vec<_> = (0..leads.len()).chain(0..leads.len()).collect();
                let count = twice.len();
                (Just(leads), subsequence(twice, 0..=count).prop_shuffle())
            }),
            is_numbered in any::<bool>(),
        ) {
            let leads: Vec<_> = leads.iter().map(fields).collect();
            let results: Vec<_> = order
                .iter()
                .zip(1..)
                .map(|(lead, n)| result(is_numbered.then_some(n), leads[*lead]))
                .collect();
            let Matched { answers, extras } = match_results(&leads, results);

            let answered = answers.iter().flatten().count();
            prop_assert_eq!(answered + extras.len(), order.len());
            for (place, answer) in answers.iter().enumerate() {
                let given = order.iter().filter(|lead| **lead == place).count();
                prop_assert_eq!(answer.is_some(), given == 1);
                if let Some(answer) = answer {
                    prop_assert_eq!(answer.echo.fields(), leads[place]);
                }
            }
        }
    }
}
