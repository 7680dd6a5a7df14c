//! One rule: which requests it strikes, how often, and with what.

use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Chance;

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which requests it strikes.
    pub operation: Operation,
    /// What happens to them.
    pub kind: FaultKind,
    /// How many more it strikes; without it, every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// How likely it strikes one; without it, surely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chance: Option<Chance>,
}

/// What a request wants of the vendor.
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
    /// Any other path of the vendor's.
    Elsewhere,
    /// Any of them; only in a rule.
    Any,
}

/// What happens to a request. A kind that makes no sense for an operation passes it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// It is acted on at once and answered this much later.
    LatencyMs(u64),
    /// It is acted on at once and answered when the faults are replaced.
    Held,
    /// It is refused, or acted on and refused all the same.
    Status(Failure),
    /// The connection breaks before it is acted on.
    CutBefore,
    /// It is acted on, and the connection breaks in the middle of the answer.
    CutAfter,
    /// It is acted on, and the answer breaks off in the middle of its JSON, well framed.
    Malformed,
    /// A batch is taken, and the answer has no `id`.
    NoId,
    /// The first of a page's results is left out.
    ResultsMissing,
    /// A page has one result more, for a lead that nobody submitted.
    ResultsExtra,
    /// A page has so many results more, for a lead that nobody submitted, and a link to another such
    /// page.
    ResultsEndless(u32),
    /// A page's results come in the opposite order.
    ResultsOutOfOrder,
    /// The first of a page's results echoes somebody else.
    EchoContradicts,
    /// A page's results echo what was submitted tidied up: addresses in lower case, without a query or a
    /// slash at the end, and texts with single spaces.
    EchoTidied,
    /// A page says that the batch has a status that is not documented: `failed`.
    UndocumentedStatus,
    /// A page's link to the next one is another.
    NextLink(NextLink),
    /// The batch will end with `error`.
    EndsInError(ErrorEnding),
    /// The batch will never end: its last lead stays unfinished.
    NeverEnds,
}

/// A failing status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// 400 or above.
    #[serde(serialize_with = "write_status", deserialize_with = "read_status")]
    pub code: StatusCode,
    /// Whole seconds in `Retry-After`; without it, no such header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
    /// Whether the request is acted on before it fails.
    #[serde(default)]
    pub taken: bool,
}

/// How a page's link to the next one is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextLink {
    /// By the page's number, from 1, where others go by the last result before it.
    ByNumber,
    /// To another host.
    Elsewhere,
}

/// What a batch that ends in an error leaves behind.
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
    /// Strikes every such request.
    #[must_use]
    pub fn always(operation: Operation, kind: FaultKind) -> Self {
        Self { operation, kind, times: None, chance: None }
    }

    /// The same, for so many requests and no more.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// The same, with a probability between 0 and 1.
    #[must_use]
    pub fn by_chance(self, probability: f64, seed: u64) -> Self {
        Self { chance: Some(Chance::new(probability, seed)), ..self }
    }

    /// Whether such a request is one of those it may strike.
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

    /// Takes one turn.
    pub(super) fn strikes(&mut self) -> bool {
        if self.times == Some(0) || !self.chance.as_mut().is_none_or(Chance::draw) {
            return false;
        }
        self.times = self.times.map(|times| times - 1);
        true
    }
}

impl FaultKind {
    /// A failing status without `Retry-After`, not acted on.
    ///
    /// # Panics
    /// Where `code` is no status.
    #[must_use]
    pub fn status(code: u16) -> Self {
        let code = StatusCode::from_u16(code).expect("a status has three digits");
        Self::Status(Failure { code, retry_after_seconds: None, taken: false })
    }

    /// Whether the request is never acted on.
    pub(super) fn is_refusal(self) -> bool {
        matches!(self, Self::CutBefore | Self::Status(Failure { taken: false, .. }))
    }

    /// Whether it distorts results, and so can strike only an answer that lists some.
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
