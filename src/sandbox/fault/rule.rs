//! One rule: the requests it applies to, how often, and its fault.

use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Chance;

/// A fault rule.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The operation it applies to.
    pub operation: Operation,
    /// Its fault.
    pub kind: FaultKind,
    /// How many more requests it applies to; without it, every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// The probability that it applies; without it, always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chance: Option<Chance>,
}

/// The operation of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `POST /people/enrichment-requests`.
    Submit,
    /// `GET /people/enrichment-requests/{id}`.
    Read,
    /// `PATCH /people/enrichment-requests/{id}`.
    Cancel,
    /// `GET /people/find`.
    Find,
    /// Any other path of the vendor.
    Elsewhere,
    /// Any of them; only in a rule.
    Any,
}

/// A fault. A kind that makes no sense for an operation does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// It is processed at once and answered this much later.
    LatencyMs(u64),
    /// It is processed at once and answered when the faults are replaced.
    Held,
    /// It is refused, or processed and refused nevertheless.
    Status(Failure),
    /// The connection breaks before it is processed.
    CutBefore,
    /// It is processed, and the connection breaks in the middle of the answer.
    CutAfter,
    /// It is processed, and the JSON of the answer is truncated, within a complete HTTP response.
    Malformed,
    /// A batch is accepted, and the answer has no `id`.
    NoId,
    /// The first result of a page is missing.
    ResultsMissing,
    /// A page has one extra result, for a lead that was not submitted.
    ResultsExtra,
    /// A page has this many extra results, for a lead that was not submitted, and a link to another
    /// such page.
    ResultsEndless(u32),
    /// A page's results are in reverse order.
    ResultsOutOfOrder,
    /// The first result of a page echoes another person.
    EchoContradicts,
    /// A page's results echo normalised fields: addresses in lower case, without a query or a
    /// trailing slash, and texts with single spaces.
    EchoTidied,
    /// A page has an undocumented status of the batch: `failed`.
    UndocumentedStatus,
    /// A page's link to the next one has another form.
    NextLink(NextLink),
    /// The batch ends with `error`.
    EndsInError(ErrorEnding),
    /// The batch never ends: its last lead stays unfinished.
    NeverEnds,
}

/// An error status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// 400 or above.
    #[serde(serialize_with = "write_status", deserialize_with = "read_status")]
    pub code: StatusCode,
    /// `Retry-After` in whole seconds; without it, no such header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
    /// Whether the request is processed before it fails.
    #[serde(default)]
    pub taken: bool,
}

/// The form of a page's link to the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextLink {
    /// By the page's number, from 1, instead of the position of the last result.
    ByNumber,
    /// To another host.
    Elsewhere,
}

/// The results and charges of a batch that ends with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorEnding {
    /// The first half of its leads, rounded up, is charged and listed.
    WithResults,
    /// Nothing is charged, nothing listed.
    WithoutResults,
    /// Everything is charged, nothing listed.
    ChargedWithoutResults,
}

impl Rule {
    /// Applies to every such request.
    #[must_use]
    pub fn always(operation: Operation, kind: FaultKind) -> Self {
        Self { operation, kind, times: None, chance: None }
    }

    /// The same, for this many requests.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// The same, with a probability between 0 and 1.
    #[must_use]
    pub fn by_chance(self, probability: f64, seed: u64) -> Self {
        Self { chance: Some(Chance::new(probability, seed)), ..self }
    }

    /// Whether it may apply to such a request.
    pub(in crate::sandbox) fn concerns(&self, operation: Operation) -> bool {
        (self.operation == operation || self.operation == Operation::Any)
            && match self.kind {
                FaultKind::NoId | FaultKind::EndsInError(_) | FaultKind::NeverEnds => {
                    operation == Operation::Submit
                }
                kind if kind.is_about_results() => {
                    matches!(operation, Operation::Read | Operation::Cancel)
                }
                _ => true,
            }
    }

    /// Uses the rule once.
    pub(super) fn strikes(&mut self) -> bool {
        if self.times == Some(0) || !self.chance.as_mut().is_none_or(Chance::draw) {
            return false;
        }
        self.times = self.times.map(|times| times - 1);
        true
    }
}

impl FaultKind {
    /// An error status without `Retry-After`; the request is not processed.
    ///
    /// # Panics
    /// If `code` is not an error status.
    #[must_use]
    pub fn status(code: u16) -> Self {
        let code = StatusCode::from_u16(code).expect("a status has three digits");
        Self::Status(Failure { code, retry_after_seconds: None, taken: false })
    }

    /// Whether the request is never processed.
    pub(super) fn is_refusal(self) -> bool {
        matches!(self, Self::CutBefore | Self::Status(Failure { taken: false, .. }))
    }

    /// Whether it changes results, and so applies only to an answer that lists some.
    pub(in crate::sandbox) fn is_about_results(self) -> bool {
        matches!(
            self,
            Self::ResultsMissing
                | Self::ResultsExtra
                | Self::ResultsEndless(_)
                | Self::ResultsOutOfOrder
                | Self::EchoContradicts
                | Self::EchoTidied
                | Self::UndocumentedStatus
                | Self::NextLink(_)
        )
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
fn write_status<S: Serializer>(code: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(code.as_u16())
}

fn read_status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StatusCode, D::Error> {
    let code = u16::deserialize(deserializer)?;
    StatusCode::from_u16(code)
        .ok()
        .filter(|code| code.is_client_error() || code.is_server_error())
        .ok_or_else(|| de::Error::custom("a failing status lies between 400 and 599"))
}
