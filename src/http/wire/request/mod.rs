//! The body of an enrichment request, as the vendor's document has it: closed at both levels. A lead's
//! field that is null or blank counts as left out.
//!
//! Stricter than the vendor's schema in three places: a property written twice is refused, since
//! two readers would see two requests; an empty list of leads is, since there is nothing to enrich;
//! and a field is bounded in length.

mod leads;
#[cfg(test)]
mod tests;

use serde::de::{IgnoredAny, MapAccess};

use self::leads::Leads;
use super::fault::{Fault, Faults};
use super::json::{self, Expected, PropertyName, Read};
use crate::domain::lead::Lead;
use crate::domain::reveal::Reveals;

/// What a caller asks to be enriched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrichmentRequest {
    /// In submitted order; at least one.
    pub leads: Vec<Lead>,
    /// Asked for every lead.
    pub reveals: Reveals,
}

impl EnrichmentRequest {
    /// Reads a body of at most `leads_max` leads, whose fields have at most `field_chars_max` characters
    /// each.
    ///
    /// # Errors
    /// Every fault, or the first [`FAULTS_MAX`](super::fault::FAULTS_MAX); the only one where the
    /// body is no JSON.
    pub fn parse(
        body: &[u8],
        leads_max: usize,
        field_chars_max: usize,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let request = Request { leads_max, field_chars_max, faults: &mut faults };
        let request = json::read(body, request).map_err(|fault| vec![fault])?;
        faults.unless_any(request)
    }
}

enum Property {
    Leads,
    RevealEmail,
    RevealPhoneNumbers,
}

impl Property {
    fn named(name: &str) -> Option<Self> {
        match name {
            "leads" => Some(Self::Leads),
            "reveal_email" => Some(Self::RevealEmail),
            "reveal_phone_numbers" => Some(Self::RevealPhoneNumbers),
            _ => None,
        }
    }

    const fn pointer(&self) -> &'static str {
        match self {
            Self::Leads => "/leads",
            Self::RevealEmail => "/reveal_email",
            Self::RevealPhoneNumbers => "/reveal_phone_numbers",
        }
    }
}

struct Request<'f> {
    leads_max: usize,
    field_chars_max: usize,
    faults: &'f mut Faults,
}

impl<'de> Expected<'de> for Request<'_> {
    type Value = EnrichmentRequest;

    fn mismatch(self, found: &'static str) -> EnrichmentRequest {
        self.faults.note(|| Fault::type_error(String::new(), "an object", found));
        EnrichmentRequest { leads: Vec::new(), reveals: Reveals::NONE }
    }

    fn object<A: MapAccess<'de>>(self, mut body: A) -> Result<EnrichmentRequest, A::Error> {
        let Self { leads_max, field_chars_max, faults } = self;
        let (mut leads, mut email, mut phone) = (None, None, None);
        while let Some(property) = body.next_key_seed(PropertyName(Property::named))? {
            match property {
                Ok(Property::Leads) if leads.is_none() => {
                    let list = Leads { count_max: leads_max, field_chars_max, faults };
                    leads = Some(body.next_value_seed(Read(list))?);
                }
                Ok(name @ Property::RevealEmail) if email.is_none() => {
                    let asked = Asked { pointer: name.pointer(), faults };
                    email = Some(body.next_value_seed(Read(asked))?);
                }
                Ok(name @ Property::RevealPhoneNumbers) if phone.is_none() => {
                    let asked = Asked { pointer: name.pointer(), faults };
                    phone = Some(body.next_value_seed(Read(asked))?);
                }
                Ok(again) => {
                    body.next_value::<IgnoredAny>()?;
                    faults.note(|| Fault::duplicate_field(again.pointer().to_owned()));
                }
                Err(unknown) => {
                    body.next_value::<IgnoredAny>()?;
                    faults.note(|| Fault::unknown_field(format!("/{unknown}")));
                }
            }
        }
        if leads.is_none() {
            faults.note(|| Fault::missing_field("leads"));
        }
        let reveals =
            Reveals { email: email.unwrap_or_default(), phone: phone.unwrap_or_default() };
        Ok(EnrichmentRequest { leads: leads.unwrap_or_default(), reveals })
    }
}

/// Whether a reveal is asked for.
struct Asked<'f> {
    pointer: &'static str,
    faults: &'f mut Faults,
}

impl Expected<'_> for Asked<'_> {
    type Value = bool;

    fn mismatch(self, found: &'static str) -> bool {
        self.faults.note(|| Fault::type_error(self.pointer.to_owned(), "a boolean", found));
        false
    }

    fn boolean(self, truth: bool) -> bool {
        truth
    }
}
