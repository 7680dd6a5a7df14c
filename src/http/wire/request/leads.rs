//! The leads of a request, each with the faults of its fields.

use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use crate::domain::lead::{Field, Fields, Lead};
use crate::http::wire::fault::{Fault, Faults};
use crate::http::wire::json::{Expected, NULL, PropertyName, Read};
use crate::http::wire::look_up::given;

/// The list of leads.
pub(super) struct Leads<'f> {
    pub(super) count_max: usize,
    pub(super) field_chars_max: usize,
    pub(super) faults: &'f mut Faults,
}

impl<'de> Expected<'de> for Leads<'_> {
    type Value = Vec<Lead>;

    fn mismatch(self, found: &'static str) -> Vec<Lead> {
        self.faults.note(|| Fault::type_error("/leads".to_owned(), "an array", found));
        Vec::new()
    }

    fn array<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<Lead>, A::Error> {
        let Self { count_max, field_chars_max, faults } = self;
        let mut leads = Vec::new();
        let mut count = 0;
        while count < count_max {
            let lead = OneLead { index: count, field_chars_max, faults };
            let Some(lead) = items.next_element_seed(Read(lead))? else { break };
            leads.extend(lead);
            count += 1;
        }
        while items.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        if count > count_max {
            faults.note(|| Fault::too_many_leads(count, count_max));
        }
        if count == 0 {
            let detail = "Expected at least one lead".to_owned();
            faults.note(|| Fault::invalid_field("/leads".to_owned(), detail));
        }
        Ok(leads)
    }
}

struct OneLead<'f> {
    index: usize,
    field_chars_max: usize,
    faults: &'f mut Faults,
}

impl<'de> Expected<'de> for OneLead<'_> {
    /// `None` where a fault was noted.
    type Value = Option<Lead>;

    fn mismatch(self, found: &'static str) -> Option<Lead> {
        let pointer = || format!("/leads/{}", self.index);
        self.faults.note(|| Fault::type_error(pointer(), "an object", found));
        None
    }

    fn object<A: MapAccess<'de>>(self, mut lead: A) -> Result<Option<Lead>, A::Error> {
        let Self { index, field_chars_max, faults } = self;
        let mut fields = Fields::default();
        // Fields that are there, but say nothing or are of the wrong kind.
        let mut unread = Vec::new();
        while let Some(property) = lead.next_key_seed(PropertyName(Field::named))? {
            match property {
                Ok(field) if fields[field].is_none() && !unread.contains(&field) => {
                    let text = Text { index, field, faults };
                    fields[field] = lead.next_value_seed(Read(text))?;
                    if fields[field].is_none() {
                        unread.push(field);
                    }
                }
                Ok(again) => {
                    lead.next_value::<IgnoredAny>()?;
                    faults.note(|| Fault::duplicate_field(pointer_to(index, again)));
                }
                Err(unknown) => {
                    lead.next_value::<IgnoredAny>()?;
                    faults.note(|| Fault::unknown_field(format!("/leads/{index}/{unknown}")));
                }
            }
        }
        let lead = Lead::within(fields, field_chars_max).map_err(|field_faults| {
            for fault in field_faults {
                let pointer = pointer_to(index, fault.field());
                faults.note(|| Fault::invalid_field(pointer, fault.to_string()));
            }
        });
        Ok(lead.ok())
    }
}

fn pointer_to(index: usize, field: Field) -> String {
    format!("/leads/{index}/{field}")
}

struct Text<'f> {
    index: usize,
    field: Field,
    faults: &'f mut Faults,
}

impl Expected<'_> for Text<'_> {
    /// `None` where a fault was noted, or where it says nothing: a blank or null field is as one that is
    /// left out.
    type Value = Option<String>;

    fn mismatch(self, found: &'static str) -> Option<String> {
        if found != NULL {
            let pointer = || pointer_to(self.index, self.field);
            self.faults.note(|| Fault::type_error(pointer(), "a string", found));
        }
        None
    }

    fn string(self, text: &str) -> Option<String> {
        given(text).map(str::to_owned)
    }
}
