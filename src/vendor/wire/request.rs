//! What is sent.

use serde::Serialize;

use crate::domain::reveal::Reveals;
use crate::vendor::LeadFields;

/// The body of a submission. Both it and its leads are closed objects: a member more is refused.
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

/// The body that asks for leads.
pub(in crate::vendor) fn submission(leads: &[LeadFields<'_>], reveals: Reveals) -> Vec<u8> {
    let body = Submission {
        leads: leads.iter().map(Lead::from).collect(),
        reveal_email: reveals.email,
        reveal_phone_numbers: reveals.phone,
    };
    serde_json::to_vec(&body).expect("a struct of texts and truth values is JSON")
}

/// The body that cancels a batch.
pub(in crate::vendor) fn cancellation() -> &'static str {
    r#"{"status":"canceled"}"#
}
