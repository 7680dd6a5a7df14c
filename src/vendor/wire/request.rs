//! Requests to the vendor.

use serde::Serialize;
use url::form_urlencoded;

use crate::domain::reveal::Reveals;
use crate::vendor::LeadFields;

/// The body of a submission. The body and its leads are closed objects: unknown members are
/// refused.
#[derive(Serialize)]
struct Submission<'a> {
    leads: Vec<Lead<'a>>,
    reveal_email: bool,
    reveal_phone_numbers: bool,
}

#[derive(Serialize)]
struct Lead<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    linkedin_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_domain: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
}

impl<'a> From<&LeadFields<'a>> for Lead<'a> {
    fn from(fields: &LeadFields<'a>) -> Self {
        let LeadFields { email, linkedin_url, company_domain, company_name, name, title } = *fields;
        Self { email, linkedin_url, company_domain, company_name, name, title }
    }
}

/// The body of a submission of leads.
pub(in crate::vendor) fn submission(leads: &[LeadFields<'_>], reveals: Reveals) -> Vec<u8> {
    let body = Submission {
        leads: leads.iter().map(Lead::from).collect(),
        reveal_email: reveals.email,
        reveal_phone_numbers: reveals.phone,
    };
    serde_json::to_vec(&body).expect("a struct of texts and truth values is JSON")
}

/// The query of a lookup.
pub(in crate::vendor) fn look_up(lead: LeadFields<'_>, reveals: Reveals) -> String {
    let LeadFields { email, linkedin_url, company_domain, company_name, name, title } = lead;
    let fields = [
        ("email", email),
        ("linkedin_url", linkedin_url),
        ("company_domain", company_domain),
        ("company_name", company_name),
        ("name", name),
        ("title", title),
    ];
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    for (name, is_asked) in
        [("reveal_email", reveals.email), ("reveal_phone_numbers", reveals.phone)]
    {
        query.append_pair(name, if is_asked { "true" } else { "false" });
    }
    query.finish()
}

/// The body of a cancellation.
pub(in crate::vendor) fn cancellation() -> &'static str {
    r#"{"status":"canceled"}"#
}
