//! The six fields of a lead: as the gateway sends them, and as the vendor echoes them.

use std::fmt;

/// The fields sent to the vendor for one lead.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct LeadFields<'a> {
    /// The email address.
    pub email: Option<&'a str>,
    /// The LinkedIn profile.
    pub linkedin_url: Option<&'a str>,
    /// The company's domain.
    pub company_domain: Option<&'a str>,
    /// The company's name.
    pub company_name: Option<&'a str>,
    /// The person's name.
    pub name: Option<&'a str>,
    /// The person's title.
    pub title: Option<&'a str>,
}

impl fmt::Debug for LeadFields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeadFields(<redacted>)")
    }
}

/// The lead of a result, as the vendor echoes it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Echo {
    /// The email address.
    pub email: Option<String>,
    /// The LinkedIn profile.
    pub linkedin_url: Option<String>,
    /// The company's domain.
    pub company_domain: Option<String>,
    /// The company's name.
    pub company_name: Option<String>,
    /// The person's name.
    pub name: Option<String>,
    /// The person's title.
    pub title: Option<String>,
}

impl Echo {
    /// The same, borrowed.
    #[must_use]
    pub fn fields(&self) -> LeadFields<'_> {
        LeadFields {
            email: self.email.as_deref(),
            linkedin_url: self.linkedin_url.as_deref(),
            company_domain: self.company_domain.as_deref(),
            company_name: self.company_name.as_deref(),
            name: self.name.as_deref(),
            title: self.title.as_deref(),
        }
    }
}

impl fmt::Debug for Echo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Echo(<redacted>)")
    }
}
