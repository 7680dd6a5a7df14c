//! The people of the benchmark, and what the vendor says of them: some 900 bytes each.

use std::fmt::Write;

/// The LinkedIn address of a person.
pub(crate) fn url(n: usize) -> String {
    format!("https://www.linkedin.com/in/bench-{n}")
}

/// The body of a request for these people.
pub(crate) fn leads(people: impl Iterator<Item = usize>) -> String {
    let mut body = String::from(r#"{"reveal_email":true,"leads":["#);
    for (place, n) in people.enumerate() {
        let comma = if place == 0 { "" } else { "," };
        write!(body, r#"{comma}{{"linkedin_url":"{}"}}"#, url(n)).expect("a string takes it");
    }
    body + "]}"
}

/// The vendor's object of a batch, on one page.
pub(crate) fn batch(id: u64, status: &str, urls: &[String]) -> String {
    let mut body = format!(
        r#"{{"_links":{{"self":{{"href":"/people/enrichment-requests/{id}"}}}},"id":{id},"object":"person_enrichment","status":"{status}","results":["#
    );
    for (place, url) in urls.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let slug = url.rsplit('/').next().expect("a slug");
        let number = slug.rsplit('-').next().expect("a number");
        write!(
            body,
            r#"{comma}{{"id":{},"linkedin_url":"{url}","email":null,"name":null,"title":null,"company_name":null,"company_domain":null,"status":"enriched","result":{{"object":"person","id":"00000000-0000-4000-8000-{number:0>12}","name":"Bench {number}","first_name":"Bench","last_name":"{number}","linkedin_url":"{url}","email":"{slug}@acme.example","phone_numbers":null,"title":"Chief Technologist","headline":"Chief Technologist at Acme","location":"Lisbon, Portugal","location_details":{{"city":"Lisbon","country":"Portugal","lat":38.72,"long":-9.14,"postal_code":null,"state":null}},"gender":"unknown","current_position_start_date":"2020-01-01","company":{{"object":"company","id":"00000000-0000-4000-9000-000000000001","name":"Acme","website":"https://acme.example","size":"51-200 employees","estimated_number_of_employees":120}},"experiences":[{{"object":"experience","company_name":"Acme","title":"Chief Technologist","start_date":"2020-01-01","end_date":null}}],"languages":[]}}}}"#,
            place + 1
        )
        .expect("a string takes it");
    }
    body + "]}"
}

/// What the free path answers.
pub(crate) fn contacts() -> &'static str {
    r#"{"object":"list","results":[{"id":"00000000-0000-4000-8000-000000000001","name":"Bench 1"}]}"#
}
