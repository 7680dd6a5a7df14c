//! The invented companies of the invented people.

use serde_json::{Value, json};

use super::handle::Handle;

const NAMES: [&str; 8] = [
    "Acme Analytics",
    "Blue Harbour",
    "Cobalt Freight",
    "Delta Orchards",
    "Ember Robotics",
    "Fjord Software",
    "Granite Health",
    "Helix Energy",
];

/// One of a few invented companies. Its domain is below `.example`, which is never in use.
pub(super) struct Company {
    name: &'static str,
    handle: Handle,
}

/// The part of a company that a person object contains.
pub(super) struct Summary {
    pub(super) name: &'static str,
    pub(super) linkedin_url: String,
    pub(super) location: &'static str,
    pub(super) location_details: Value,
}

impl Company {
    /// The employer of a person, whatever company the lead named.
    pub(super) fn of(person: &Handle) -> Self {
        let employers = u64::try_from(NAMES.len()).expect("few names");
        let nth = usize::try_from(person.hash("company") % employers).expect("fewer than names");
        let name = NAMES[nth];
        Self { name, handle: Handle::from_words(name).expect("every name has words") }
    }

    pub(super) fn domain(&self) -> String {
        format!("{}.example", self.handle.as_str())
    }

    pub(super) fn summary(&self) -> Summary {
        Summary {
            name: self.name,
            linkedin_url: format!("https://www.linkedin.com/company/{}", self.handle.as_str()),
            location: "Lisbon, Portugal",
            location_details: json!({
                "country": "Portugal",
                "state": null,
                "city": "Lisbon",
                "postal_code": null,
                "lat": 38.72,
                "long": -9.14,
            }),
        }
    }

    /// The vendor's company object.
    pub(super) fn shown(&self) -> Value {
        let Summary { name, linkedin_url, location, location_details } = self.summary();
        let id = self.handle.uuid("company");
        json!({
            "id": id,
            "object": "company",
            "linkedin_url": linkedin_url,
            "name": name,
            "overview": format!("{name} exists in the sandbox only."),
            "website": format!("https://{}", self.domain()),
            "keywords": ["sandbox", "example"],
            "followers": 1_200,
            "estimated_number_of_employees": 120,
            "size": "51-200 employees",
            "location": location,
            "location_details": location_details,
            "locations": [{
                "address": "Rua do Exemplo 1, Lisbon, Portugal",
                "is_primary": true,
                "country": "Portugal",
                "state": null,
                "city": "Lisbon",
                "postal_code": null,
            }],
            "logo_url": format!("https://images.example/{id}.png"),
            "founded_year": 2011,
            "traffic_rank": null,
            "sic_codes": [7372],
            "naics_codes": [511_210],
            "type": "Privately Held",
            "total_funding": 12_000_000,
            "latest_funding_stage": "series_a",
            "latest_funding_date": "2021-05-01",
            "is_b2b": true,
            "is_b2c": false,
            "technologies": ["Rust"],
            "department_headcount": { "sales": 14, "engineering": 41 },
            "job_function_headcount": { "engineering": { "backend": 22, "data": 9 } },
            "estimated_revenue": "$10M-$100M",
            "revenue": 18_000_000,
        })
    }
}
