//! Looking one person up: the person alone for an answer, or the vendor's word for why there is none.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::ask_headers::AskHeaders;
use super::batch::headers_of;
use super::envelope::Envelope;
use super::look_up_query::LookUpQuery;
use crate::gateway::{BatchPage, Caller, Failure, Finding, Gateway};
use crate::http::body::JSON;
use crate::http::problem::{
    INSUFFICIENT_CREDITS, LEGAL_REASONS, NOT_ANSWERED_YET, PERSON_NOT_FOUND, Problem, UNRESOLVED,
    VENDOR_ERROR,
};

/// `GET /people/find`.
pub(super) async fn find(
    caller: Caller,
    State(gateway): State<Gateway>,
    headers: AskHeaders,
    query: LookUpQuery,
) -> Result<LookedUp, Envelope> {
    let ask = query.enrichment(headers);
    Ok(LookedUp(gateway.find(&caller, ask).await?))
}

/// What became of one person.
pub(super) struct LookedUp(BatchPage);

impl IntoResponse for LookedUp {
    fn into_response(self) -> Response {
        let Self(page) = self;
        let headers = headers_of(&page);
        let finding = page.lines.into_iter().next().map_or(Finding::Pending, |line| line.finding);
        let mut response = match finding {
            Finding::Found(person) => {
                let media_type = HeaderValue::from_static(JSON);
                ([(header::CONTENT_TYPE, media_type)], person).into_response()
            }
            Finding::Pending => Envelope(pending()).into_response(),
            Finding::NotFound => {
                Envelope(PERSON_NOT_FOUND.says("No person was found")).into_response()
            }
            Finding::Removed => {
                Envelope(LEGAL_REASONS.says("The person requested erasure")).into_response()
            }
            Finding::Failed(failure) => Envelope(failed(failure)).into_response(),
            Finding::Refused(_) => Envelope(failed(Failure::Refused)).into_response(),
        };
        response.headers_mut().extend(headers);
        response
    }
}

fn pending() -> Problem {
    NOT_ANSWERED_YET.says(
        "There is no answer yet. The lookup continues; repeat the same request to get its answer",
    )
}

fn failed(failure: Failure) -> Problem {
    match failure {
        Failure::InsufficientCredits => INSUFFICIENT_CREDITS.says(
            "The quotas of the team, or the limits set by the caller, do not allow this lookup",
        ),
        Failure::VendorCredits => INSUFFICIENT_CREDITS.says("The vendor's account has no credits"),
        Failure::Unresolved => UNRESOLVED
            .says("The vendor did not answer; it is not known whether this person was charged"),
        Failure::Lost => VENDOR_ERROR.says("The answer was lost; repeat the request"),
        Failure::VendorError | Failure::Refused | Failure::Canceled => {
            VENDOR_ERROR.says("The vendor refused this lookup or failed to process it")
        }
    }
}
