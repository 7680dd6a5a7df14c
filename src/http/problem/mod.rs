//! Problems: the one table of what goes wrong, with the status and the code that say so.
//!
//! Neutral between the listeners: callers are told in the vendor's envelope
//! ([`super::public`]), operators as RFC 9457 says ([`super::operator`]).
//! `docs/errors.md` is the same table for people.

mod limit;

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};

use super::retry_after::retry_after;
use super::wire::fault::Fault;
use crate::domain::limits::Excess;
use crate::domain::period::Period;
use crate::domain::reveal::Reveals;
use crate::domain::team::TeamId;
use crate::gateway::{BatchId, Charged, QuotaShort, Refusal};

/// A kind of problem: one row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) title: &'static str,
}

macro_rules! table {
    ($($name:ident: $status:ident $code:literal $title:literal)*) => {
        $(pub(super) const $name: Kind =
            Kind { status: StatusCode::$status, code: $code, title: $title };)*
        /// Every row.
        #[cfg(test)]
        const TABLE: &[Kind] = &[$($name),*];
    };
}

table! {
    INVALID_REQUEST: BAD_REQUEST "invalid_request" "Invalid Request"
    INVALID_PATH: BAD_REQUEST "invalid_path" "Invalid Path"
    INVALID_PAGE: BAD_REQUEST "invalid_page" "Invalid Page"
    INVALID_HEADER: BAD_REQUEST "invalid_header" "Invalid Header"
    UNREADABLE_BODY: BAD_REQUEST "unreadable_body" "Unreadable Body"
    UNAUTHORIZED: UNAUTHORIZED "unauthorized" "Unauthorized"
    INSUFFICIENT_CREDITS: PAYMENT_REQUIRED "insufficient_credits" "Insufficient Credits"
    TEAM_PAUSED: FORBIDDEN "team_paused" "Team Paused"
    PHONES_NOT_ALLOWED: FORBIDDEN "phones_not_allowed" "Phones Not Allowed"
    KEY_PAUSED: FORBIDDEN "key_paused" "Key Paused"
    NETWORK_NOT_ALLOWED: FORBIDDEN "network_not_allowed" "Network Not Allowed"
    SCOPE_NOT_ALLOWED: FORBIDDEN "scope_not_allowed" "Scope Not Allowed"
    REVEAL_NOT_ALLOWED: FORBIDDEN "reveal_not_allowed" "Reveal Not Allowed"
    ROUTE_NOT_ALLOWED: FORBIDDEN "route_not_allowed" "Route Not Allowed"
    ADMIN_DISABLED: FORBIDDEN "admin_disabled" "Admin Disabled"
    NOT_FOUND: NOT_FOUND "not_found" "Not Found"
    PERSON_NOT_FOUND: NOT_FOUND "person_not_found" "Person Not Found"
    HOST_NOT_ALLOWED: MISDIRECTED_REQUEST "host_not_allowed" "Host Not Allowed"
    METHOD_NOT_ALLOWED: METHOD_NOT_ALLOWED "method_not_allowed" "Method Not Allowed"
    REQUEST_TIMEOUT: REQUEST_TIMEOUT "request_timeout" "Request Timeout"
    PAYLOAD_TOO_LARGE: PAYLOAD_TOO_LARGE "payload_too_large" "Payload Too Large"
    UNSUPPORTED_MEDIA_TYPE: UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" "Unsupported Media Type"
    TOO_MANY_REQUESTS: TOO_MANY_REQUESTS "too_many_requests" "Too Many Requests"
    LIMIT_REACHED: TOO_MANY_REQUESTS "limit_reached" "Limit Reached"
    NOTHING_UNRESOLVED: CONFLICT "nothing_unresolved" "Nothing Unresolved"
    MORE_THAN_UNRESOLVED: CONFLICT "more_than_unresolved" "More Than Unresolved"
    RESOLVED_OTHERWISE: CONFLICT "resolved_otherwise" "Resolved Otherwise"
    SPENT_BELOW_ZERO: CONFLICT "spent_below_zero" "Spent Below Zero"
    NOT_CANCELABLE: CONFLICT "not_cancelable" "Not Cancelable"
    ANSWER_NOT_KEPT: CONFLICT "answer_not_kept" "Answer Not Kept"
    VENDOR_REFUSED: UNPROCESSABLE_ENTITY "vendor_refused" "Vendor Refused"
    LEGAL_REASONS: UNAVAILABLE_FOR_LEGAL_REASONS "unavailable_for_legal_reasons" "Unavailable For Legal Reasons"
    VENDOR_ERROR: BAD_GATEWAY "vendor_error" "Vendor Error"
    NOT_ANSWERED_YET: SERVICE_UNAVAILABLE "not_answered_yet" "Not Answered Yet"
    KEY_REUSED: UNPROCESSABLE_ENTITY "idempotency_key_reused" "Idempotency Key Reused"
    INTERNAL: INTERNAL_SERVER_ERROR "internal_server_error" "Internal Server Error"
    VENDOR_REFUSES_KEY: BAD_GATEWAY "vendor_refuses_key" "Vendor Refuses Key"
    VENDOR_UNREACHABLE: BAD_GATEWAY "vendor_unreachable" "Vendor Unreachable"
    UNAVAILABLE: SERVICE_UNAVAILABLE "service_unavailable" "Service Unavailable"
    STORE_FULL: SERVICE_UNAVAILABLE "store_full" "Store Full"
    UNRESOLVED: GATEWAY_TIMEOUT "unresolved" "Unresolved"
    VENDOR_TIMEOUT: GATEWAY_TIMEOUT "vendor_timeout" "Vendor Timeout"
}

/// When a request that the store or a shutdown turned away may come again.
const SOON: Duration = Duration::from_secs(2);

/// When a request may come again that waits for an operator.
const LATER: Duration = Duration::from_secs(30);

/// What one request ran into.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) kind: Kind,
    /// What is wrong, and what to do about it. Nothing of a body, a key or a person.
    pub(super) detail: String,
    /// What is wrong with a request, place by place; empty where it is not about places.
    pub(super) faults: Vec<Fault>,
    /// What the answer's headers say of it.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Kind {
    /// A problem of this kind.
    pub(super) fn says(self, detail: impl Into<String>) -> Problem {
        Problem { kind: self, detail: detail.into(), faults: Vec::new(), headers: Vec::new() }
    }
}

impl Problem {
    /// A problem with these places of a request.
    pub(super) fn with_faults(faults: Vec<Fault>) -> Self {
        let detail = "The request is invalid; each fault is listed with its place";
        Self { faults, ..INVALID_REQUEST.says(detail) }
    }

    /// A request that asks for phone numbers, which an operator does not let its team do.
    fn phones_not_allowed(team: &TeamId) -> Self {
        let Kind { code, title, .. } = PHONES_NOT_ALLOWED;
        let detail =
            format!("A policy of team {team}, set by an operator, does not allow phone numbers");
        let pointer = "/reveal_phone_numbers".to_owned();
        let fault = Fault { code, title, detail: detail.clone(), pointer };
        Self { faults: vec![fault], ..PHONES_NOT_ALLOWED.says(detail) }
    }

    /// A request that asks for reveals, or would read some, that its key may not.
    fn reveal_not_allowed(reveals: Reveals) -> Self {
        let Kind { code, title, .. } = REVEAL_NOT_ALLOWED;
        let detail = format!("This key does not allow requesting or reading: {reveals}");
        let pointers = [(reveals.email, "/reveal_email"), (reveals.phone, "/reveal_phone_numbers")];
        let named = pointers.into_iter().filter(|(is_named, _)| *is_named);
        let fault = |(_, pointer): (bool, &str)| Fault {
            code,
            title,
            detail: detail.clone(),
            pointer: pointer.to_owned(),
        };
        Self { faults: named.map(fault).collect(), ..REVEAL_NOT_ALLOWED.says(detail.clone()) }
    }

    /// A request that there was no room for.
    pub(super) fn crowded() -> Self {
        UNAVAILABLE
            .says("Too many requests are in progress; this one was not processed")
            .after(SOON)
    }

    /// A request whose secret is missing or not good.
    pub(super) fn unauthorized(detail: &str) -> Self {
        let challenge = HeaderValue::from_static("Bearer realm=\"tollgate\"");
        UNAUTHORIZED.says(detail).with_header(header::WWW_AUTHENTICATE, challenge)
    }

    /// A path that leads nowhere.
    pub(super) fn no_such_path() -> Self {
        NOT_FOUND.says("There is no such endpoint")
    }

    /// A method that the path does not have; the router adds which it has.
    pub(super) fn no_such_method() -> Self {
        METHOD_NOT_ALLOWED.says("This endpoint does not support this method; see the Allow header")
    }

    /// A bug.
    pub(super) fn internal() -> Self {
        INTERNAL.says(
            "Internal error. The log lines about it have the value of the X-Request-Id header",
        )
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn after(self, wait: Duration) -> Self {
        self.with_header(header::RETRY_AFTER, retry_after(wait))
    }
}

impl Problem {
    fn outcome_unknown() -> Self {
        let outcome = HeaderName::from_static("tollgate-outcome");
        UNAVAILABLE
            .says(
                "The request may have been admitted. Repeat the same request; it is not charged \
                 twice",
            )
            .with_header(outcome, HeaderValue::from_static("unknown"))
            .after(SOON)
    }
}

impl From<Refusal> for Problem {
    #[expect(clippy::too_many_lines, reason = "it is a table, a row for each refusal")]
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::BadKey => Self::unauthorized(
                "The key is unknown, was revoked or has expired; ask an operator for another",
            ),
            Refusal::NetworkNotAllowed => {
                NETWORK_NOT_ALLOWED.says("This key is not allowed from the address of the client")
            }
            Refusal::KeyPaused => KEY_PAUSED.says("An operator has paused this key"),
            Refusal::ScopeNotAllowed(scopes) => SCOPE_NOT_ALLOWED
                .says(format!("This key lacks the scope for this request: {scopes}")),
            Refusal::RevealNotAllowed(reveals) => Self::reveal_not_allowed(reveals),
            Refusal::NoSuchBatch => NOT_FOUND.says("The team has no such enrichment request"),
            Refusal::NoSuchValidation => NOT_FOUND.says("The team has no such email validation"),
            Refusal::NoSuchTeam => NOT_FOUND.says("There is no such team"),
            Refusal::UnknownBatch => {
                NOT_FOUND.says("There is no such batch; GET /admin/v1/batches lists the batches")
            }
            Refusal::NotCancelable => NOT_CANCELABLE.says(
                "This batch is a priced call, or was lost with its store, and cannot be cancelled. \
                 Its unresolved credits can be resolved",
            ),
            Refusal::NothingUnresolved => NOTHING_UNRESOLVED.says(
                "This batch has no unresolved credits, so nothing was booked; GET \
                 /admin/v1/batches?state=unresolved lists the batches that have",
            ),
            Refusal::MoreThanUnresolved { said, unresolved } => MORE_THAN_UNRESOLVED.says(format!(
                "credits is {said}, but only {unresolved} is unresolved; nothing was booked. Give \
                 at most that, and book the rest as an adjustment"
            )),
            Refusal::ResolvedOtherwise { at, before } => RESOLVED_OTHERWISE.says(format!(
                "An operator already resolved this batch at {at} as {}; to correct it, post an \
                 adjustment",
                said(before)
            )),
            Refusal::SpentBelowZero { team, unit, period, spent, amount } => {
                SPENT_BELOW_ZERO.says(format!(
                    "Team {team} has spent {spent} {unit} credits in period {}; {amount} would \
                     make this negative. Nothing was booked",
                    period.as_str()
                ))
            }
            Refusal::NoSuchPath => Self::no_such_path(),
            Refusal::RouteNotAllowed { setting } => ROUTE_NOT_ALLOWED
                .says(format!("This path is not forwarded; the setting {setting} would allow it")),
            Refusal::NoRoute => ROUTE_NOT_ALLOWED.says("This path is not forwarded"),
            Refusal::NoSuchPrefix { prefix, path } => ROUTE_NOT_ALLOWED
                .says(format!("The vendor's API has no prefix {prefix}; use {path} instead")),
            Refusal::VendorAway => VENDOR_UNREACHABLE
                .says("The vendor could not be reached, or its answer was incomplete"),
            Refusal::VendorLate => VENDOR_TIMEOUT.says("The vendor did not answer in time"),
            Refusal::TeamPaused(team) => {
                TEAM_PAUSED.says(format!("An operator has paused team {team}"))
            }
            Refusal::PhonesNotAllowed(team) => Self::phones_not_allowed(&team),
            Refusal::Quota(short) => INSUFFICIENT_CREDITS.says(explained(&short)),
            Refusal::Beyond(Excess { unit, needed, allowed }) => {
                INSUFFICIENT_CREDITS.says(format!(
                    "This may cost {needed} {unit} credits, more than the {allowed} that \
                     Tollgate-Max-Credits allows"
                ))
            }
            Refusal::KeyReused => KEY_REUSED.says(
                "This Idempotency-Key was used for another request in the last 24 hours; use a new \
                 key for each request",
            ),
            Refusal::VendorCredits { unit, retry_after } => INSUFFICIENT_CREDITS
                .says(format!("The vendor's account has no {unit} credits; nothing was sent"))
                .after(retry_after),
            Refusal::VendorBusy { retry_after } => UNAVAILABLE
                .says("The vendor cannot be called now; nothing was sent or charged")
                .after(retry_after),
            Refusal::TooManyValidations { retry_after: Some(wait) } => UNAVAILABLE
                .says(
                    "The team's share of the validations per hour is used up \
                     (vendor.validations_per_hour, server.team_share_percent); nothing was sent or \
                     charged",
                )
                .after(wait),
            Refusal::TooManyValidations { retry_after: None } => PAYLOAD_TOO_LARGE.says(
                "The request has more addresses than one team can have validated in an hour \
                 (vendor.validations_per_hour, server.team_share_percent); nothing was sent or charged",
            ),
            Refusal::Crowded => Self::crowded(),
            Refusal::TooManyRequests { retry_after, .. } => TOO_MANY_REQUESTS
                .says(
                    "The team, or this key, exceeded its limit of requests per minute, or of \
                     concurrent requests",
                )
                .after(retry_after),
            Refusal::Limit(exceeded) => limit::problem(&exceeded),
            Refusal::StoreFull => STORE_FULL
                .says("The store has no space for new work; nothing was stored, sent or charged")
                .after(LATER),
            Refusal::UnderWay { retry_after } => UNAVAILABLE
                .says("The same request is in progress; repeat it later, it is not made twice")
                .after(retry_after),
            Refusal::AnswerNotKept(batch) => ANSWER_NOT_KEPT.says(not_kept(batch)),
            Refusal::VendorRefused { code } => VENDOR_REFUSED.says(format!(
                "The vendor refused this, and nothing was charged; its code is {}",
                code.as_deref().unwrap_or("none")
            )),
            Refusal::VendorRefusesKey => VENDOR_REFUSES_KEY
                .says("The vendor rejected the gateway's own API key; an operator must correct it")
                .after(LATER),
            Refusal::Unresolved(batch) => UNRESOLVED.says(unresolved(batch)),
            // Why is for operators, on /readyz and in the log.
            Refusal::StoreAway { why: _ } => {
                UNAVAILABLE.says("The store is not available, so nothing was sent").after(SOON)
            }
            Refusal::OtherStore => UNAVAILABLE
                .says("The store holds a different ledger, so nothing was sent")
                .after(LATER),
            Refusal::OutcomeUnknown => Self::outcome_unknown(),
            Refusal::ShuttingDown => UNAVAILABLE
                .says("The gateway is shutting down; nothing was sent")
                .with_header(header::CONNECTION, HeaderValue::from_static("close"))
                .after(SOON),
        }
    }
}

/// What to do about an answer that was not kept.
fn not_kept(batch: BatchId) -> String {
    format!(
        "The vendor already answered this request, and it was charged as batch {batch}, but the \
         answer is not stored. To repeat the call and pay again, send a new Idempotency-Key"
    )
}

/// What a call came to whose charge is open.
fn unresolved(batch: BatchId) -> String {
    format!(
        "The vendor did not answer, and it is not known whether this was charged; it is not sent \
         again. Its credits stay unresolved under batch {batch}"
    )
}

/// An operator's word, in words.
fn said(charged: Charged) -> String {
    match charged {
        Charged::All => "charged".to_owned(),
        Charged::Some(amounts) => format!("charged with {amounts}"),
        Charged::Nothing => "not charged".to_owned(),
    }
}

/// A quota that is short, in all its numbers.
fn explained(short: &QuotaShort) -> String {
    let QuotaShort { team, unit, limit, spent, reserved, unresolved, needed, .. } = short;
    let period = match short.period {
        Period::Total => "in total".to_owned(),
        Period::Day | Period::Week | Period::Month => format!("per {}", short.period),
    };
    let reset = match short.resets_at {
        Some(moment) => format!("it resets at {moment}"),
        None => "it never resets".to_owned(),
    };
    format!(
        "This may cost team {team} {needed} {unit} credits, more than remains of its limit of \
         {limit} {unit} credits {period}: spent {spent}, reserved {reserved}, unresolved \
         {unresolved}, needed {needed}; {reset}"
    )
}

#[cfg(test)]
mod tests;
