//! A batch, its pages and its results.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{envelope, list, person};
use crate::domain::vendor_id::VendorId;
use crate::vendor::cursor::Pages;
use crate::vendor::sorting::Answer;
use crate::vendor::{
    Batch, Cursor, Echo, EndedPage, Ending, Finding, Page, Remaining, Unreadable, VendorResult,
    Word,
};

/// The required part of a 202.
#[derive(Deserialize)]
struct Accepted {
    id: u64,
}

#[derive(Deserialize)]
struct Enrichment<'a> {
    id: u64,
    status: String,
    #[serde(borrow)]
    results: Option<&'a RawValue>,
    #[serde(borrow, rename = "_errors")]
    errors: Option<&'a RawValue>,
    #[serde(rename = "_links")]
    links: Option<Links>,
}

#[derive(Deserialize)]
pub(super) struct Links {
    next: Option<Link>,
}

#[derive(Deserialize)]
struct Link {
    href: String,
}

#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    status: Option<String>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    email: Option<String>,
    linkedin_url: Option<String>,
    company_domain: Option<String>,
    company_name: Option<String>,
    name: Option<String>,
    title: Option<String>,
}

/// The id of an accepted batch.
pub(in crate::vendor) fn accepted(body: &[u8]) -> Result<VendorId, Unreadable> {
    let Accepted { id } = serde_json::from_slice(body)?;
    Ok(VendorId::from_number(id))
}

/// The content of a page of this batch.
pub(in crate::vendor) fn page(
    id: VendorId,
    pages: Pages<'_>,
    remaining: Remaining,
    answer: &Answer,
) -> Result<Page, Unreadable> {
    let enrichment: Enrichment<'_> = serde_json::from_slice(&answer.body)?;
    if enrichment.id != id.as_number() {
        return Err(Unreadable::OtherBatch);
    }
    let ending = match enrichment.status.as_str() {
        "queued" | "processing" => return Ok(Page::Running { retry_after: answer.retry_after }),
        "completed" => Ending::Completed,
        "canceled" => Ending::Canceled,
        "error" => Ending::Error,
        other => return Err(Unreadable::Status(Word::of(other))),
    };
    Ok(Page::Ended(EndedPage {
        batch: Batch {
            ending,
            results: enrichment.results.map(|list| results(list, remaining)).transpose()?,
            errors: envelope::error_list(enrichment.errors),
        },
        bytes: answer.body.len(),
        next: enrichment.links.map(|links| links.next(pages)).transpose()?.flatten(),
    }))
}

impl Links {
    /// The cursor of the next page, if there is one.
    pub(super) fn next(self, pages: Pages<'_>) -> Result<Option<Cursor>, Unreadable> {
        let cursor = |link: Link| Cursor::in_link(&link.href, pages).ok_or(Unreadable::Link);
        self.next.map(cursor).transpose()
    }
}

fn results(list: &RawValue, remaining: Remaining) -> Result<Vec<VendorResult>, Unreadable> {
    let rows = list::first(list, remaining.results)?;
    if rows.has_more {
        return Err(Unreadable::TooMany);
    }
    Ok(rows.entries.into_iter().map(result).collect())
}

/// One result. A fault in it affects no other result.
fn result(row: &RawValue) -> VendorResult {
    let Ok(row) = serde_json::from_str::<Row<'_>>(row.get()) else {
        return VendorResult {
            position: None,
            echo: Echo::default(),
            finding: Finding::Unreadable("not a result of the documented shape"),
        };
    };
    VendorResult {
        position: row.id.and_then(|id| id.get().parse().ok()),
        finding: finding(row.status.as_deref(), row.result),
        echo: Echo {
            email: row.email,
            linkedin_url: row.linkedin_url,
            company_domain: row.company_domain,
            company_name: row.company_name,
            name: row.name,
            title: row.title,
        },
    }
}

fn finding(status: Option<&str>, result: Option<&RawValue>) -> Finding {
    match (status, result) {
        (Some("enriched"), Some(result)) => match person::cut(result) {
            Ok(person) => Finding::Found(Box::new(person)),
            Err(why) => Finding::Unreadable(why),
        },
        (Some("enriched"), None) => Finding::Unreadable("status enriched without a person"),
        (Some("not_found"), None) => Finding::NotFound,
        (Some("gdpr_removed"), _) => Finding::Removed,
        (None, None) => Finding::Unanswered,
        (None | Some("not_found"), Some(_)) => {
            Finding::Unreadable("a person although none was found")
        }
        (Some(_), _) => Finding::Unreadable("an undocumented status"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ID: VendorId = VendorId::from_number(7);

    fn read(body: &str) -> Result<Page, Unreadable> {
        let retry_after = Some(Duration::from_secs(3));
        let base: url::Url = "https://x.io".parse().unwrap();
        let at = base.join("/people/enrichment-requests/7").unwrap();
        let pages = Pages { at: &at, base: &base };
        let answer = Answer { status: 200, retry_after, content_type: None, body: body.into() };
        page(ID, pages, Remaining::of(0, usize::MAX), &answer)
    }

    fn ended(body: &str) -> EndedPage {
        match read(body) {
            Ok(Page::Ended(page)) => page,
            other => panic!("not ended: {other:?}"),
        }
    }

    fn findings(rows: &str) -> Vec<Finding> {
        let page = ended(&format!(r#"{{"id":7,"status":"completed","results":[{rows}]}}"#));
        page.batch.results.unwrap().into_iter().map(|result| result.finding).collect()
    }

    #[test]
    fn a_running_batch_has_its_retry_after() {
        for status in ["queued", "processing"] {
            let page = read(&format!(r#"{{"id":7,"status":"{status}","results":[7]}}"#));
            assert!(matches!(page, Ok(Page::Running { retry_after: Some(_) })), "{status}");
        }
    }

    #[test]
    fn only_documented_final_statuses_are_accepted() {
        for (status, ending) in [
            ("completed", Ending::Completed),
            ("canceled", Ending::Canceled),
            ("error", Ending::Error),
        ] {
            let page = ended(&format!(r#"{{"id":7,"status":"{status}","results":[]}}"#));
            assert_eq!((page.batch.ending, page.batch.results), (ending, Some(Vec::new())));
        }
        let undocumented = read(r#"{"id":7,"status":"failed","results":[]}"#);
        assert_eq!(undocumented.unwrap_err(), Unreadable::Status(Word::of("failed")));
    }

    #[test]
    fn a_missing_list_is_not_an_empty_list() {
        for results in ["", r#","results":null"#] {
            let page = ended(&format!(r#"{{"id":7,"status":"error"{results}}}"#));
            assert_eq!(page.batch.results, None);
        }
    }

    #[test]
    fn errors_of_a_batch_are_kept() {
        let page =
            ended(r#"{"id":7,"status":"error","_errors":[{"code":"internal_server_error"}]}"#);
        assert_eq!(page.batch.errors[0].code.as_deref(), Some("internal_server_error"));
    }

    #[test]
    fn results_beyond_the_leads_and_a_few_more_are_not_read() {
        let with = |results: usize| {
            let rows = vec![r#"{"status":"not_found"}"#; results].join(",");
            read(&format!(r#"{{"id":7,"status":"completed","results":[{rows}]}}"#))
        };
        assert!(with(100).is_ok());
        assert_eq!(with(101).unwrap_err(), Unreadable::TooMany);
    }

    #[test]
    fn an_answer_about_another_batch_is_refused() {
        let other = read(r#"{"id":8,"status":"completed","results":[]}"#);
        assert_eq!(other.unwrap_err(), Unreadable::OtherBatch);
    }

    #[test]
    fn a_next_link_without_a_cursor_is_not_the_last_page() {
        let page = read(
            r#"{"id":7,"status":"completed","results":[],"_links":{"next":{"href":"/people"}}}"#,
        );
        assert_eq!(page.unwrap_err(), Unreadable::Link);
    }

    #[test]
    fn each_status_of_a_result_is_a_finding() {
        let rows = r#"{"status":"not_found","result":null},{"status":"gdpr_removed"},
            {"status":"gdpr_removed","result":{"id":"x"}},{"status":null,"result":null}"#;
        assert_eq!(
            findings(rows),
            [Finding::NotFound, Finding::Removed, Finding::Removed, Finding::Unanswered]
        );
    }

    #[test]
    fn an_invalid_result_does_not_affect_the_others() {
        let unreadable = [
            "42",
            "null",
            r#"{"status":5}"#,
            r#"{"status":"enriched","result":null}"#,
            r#"{"status":"enriched","result":"ada"}"#,
            r#"{"status":"not_found","result":{"id":"x"}}"#,
            r#"{"status":"pending","result":null}"#,
            r#"{"status":null,"result":{"id":"x"}}"#,
        ];
        let rows = format!(r#"{},{{"status":"not_found"}}"#, unreadable.join(","));
        let mut findings = findings(&rows);
        assert_eq!(findings.pop(), Some(Finding::NotFound));
        assert_eq!(findings.len(), unreadable.len());
        assert!(findings.iter().all(|f| matches!(f, Finding::Unreadable(_))), "{findings:?}");
    }

    #[test]
    fn a_result_keeps_its_echo_and_a_position_if_its_id_can_be_one() {
        let page = ended(
            r#"{"id":7,"status":"completed","results":[
                {"id":3,"status":"enriched","result":7,"email":"Ada@x.io","name":"Ada"},
                {"id":-3},{"id":99999999999},{"id":"3"},{}]}"#,
        );
        let results = page.batch.results.unwrap();
        assert_eq!(results[0].echo.email.as_deref(), Some("Ada@x.io"));
        assert_eq!(results[0].echo.name.as_deref(), Some("Ada"));
        let positions: Vec<_> = results.iter().map(|result| result.position).collect();
        assert_eq!(positions, [Some(3), None, None, None, None]);
    }
}
