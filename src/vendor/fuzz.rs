//! Entry points for the fuzz targets. Compiled only for them.

use url::Url;

use super::cursor::Pages;
use super::sorting::{self, Answer};
use super::{Finding, LeadFields, Page, Remaining, ValidationPage, match_results, wire};
use crate::domain::person::Sections;
use crate::domain::uuid::Uuid;
use crate::domain::vendor_id::VendorId;

/// The limit of the answers.
const REMAINING: Remaining = Remaining { results: 20, bytes: 1 << 20 };

/// Parses an answer of the vendor as each possible kind.
///
/// # Panics
/// If the parsed result cannot be right.
pub fn answer(status: u16, body: &[u8]) {
    let base: Url = "https://x.io".parse().expect("it is an address");
    let at = base.join("/people/enrichment-requests/7").expect("it is a path");
    let pages = Pages { at: &at, base: &base };
    let answer = || Answer { status, retry_after: None, content_type: None, body: body.to_vec() };
    let page = sorting::page(VendorId::from_number(7), pages, REMAINING, Ok(answer()));
    if let Ok(Page::Ended(page)) = page {
        let results = page.batch.results.unwrap_or_default();
        assert!(results.len() <= REMAINING.results);
        for result in &results {
            if let Finding::Found(person) = &result.finding {
                is_packed_whole(&person.sections);
            }
        }
        let empty = LeadFields {
            email: Some("ada@x.io"),
            linkedin_url: None,
            company_domain: None,
            company_name: None,
            name: None,
            title: None,
        };
        let (count, all) = (results.len(), [empty; 3]);
        let matched = match_results(&all, results);
        let answers = matched.answers.iter().flatten().count();
        assert_eq!(answers + matched.extras.len(), count, "each result is matched or extra");
    }
    let id = Uuid::from_bytes([7; 16]);
    let page = sorting::validation_page(id, pages, REMAINING, Ok(answer()));
    if let Ok(ValidationPage::Ended { results, .. }) = page {
        assert!(results.len() <= REMAINING.results);
    }
    let _ = sorting::looked_up(Ok(answer()));
    let _ = sorting::submitted(Ok(answer()));
    let _ = sorting::canceled(Ok(answer()));
    let _ = wire::validation_accepted(body);
    assert!(wire::errors(body).len() <= 100);
}

fn is_packed_whole(sections: &Sections) {
    let unpacked = Sections::from_bytes(&sections.to_bytes());
    assert!(unpacked.is_ok_and(|unpacked| unpacked == *sections));
}
