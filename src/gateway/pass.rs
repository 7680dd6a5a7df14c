//! Forwarding: free requests are sent to the vendor unchanged, and the vendor's answer is returned
//! unchanged.
//!
//! They are not in the ledger, so they need not be completed: a caller that disconnects ends them.
//! Priced requests are not handled here.

use std::time::{Duration, Instant};

use tracing::warn;

use super::circuit::Asked;
use super::leave::LEFT_ALONE_FOR;
use super::{Caller, Gateway, Refusal, Standing};
use crate::domain::budget::{Allowance, Reach};
use crate::domain::credits::Credits;
use crate::domain::route::{Access, Method, Opening, Route, Taken, VendorPath, setting};
use crate::domain::team::TeamId;
use crate::vendor::Cause;
pub use crate::vendor::{Passage, PassageBody, Passed, PassedBody, PassedHeaders};

/// When a request may be retried that got no permit.
const SOON: Duration = Duration::from_secs(2);

impl Gateway {
    /// The route of a caller's request.
    ///
    /// # Errors
    /// [`Refusal::NoSuchPath`] below the gateway's own paths, [`Refusal::RouteNotAllowed`] if no
    /// route allows it.
    pub fn route(
        &self,
        caller: &Caller,
        method: Method,
        path: &VendorPath,
    ) -> Result<Taken<'_>, Refusal> {
        if path.is_the_gateways() {
            return Err(Refusal::NoSuchPath);
        }
        self.by_the_table(caller, method, path)
    }

    /// The route of a request in the table.
    fn by_the_table(
        &self,
        caller: &Caller,
        method: Method,
        path: &VendorPath,
    ) -> Result<Taken<'_>, Refusal> {
        self.routes.taken(&caller.team, method, path).ok_or_else(|| {
            match Opening::of(method, path) {
                Opening::Route(route) => {
                    Refusal::RouteNotAllowed { setting: setting(None, &route.to_string()) }
                }
                Opening::NoPrefix { prefix, path } => Refusal::NoSuchPrefix { prefix, path },
                Opening::None => Refusal::NoRoute,
            }
        })
    }

    /// The price of validating an email address for a caller, if it may do that.
    pub(super) fn address_price(&self, caller: &Caller) -> Result<Credits, Refusal> {
        let path = VendorPath::of_validations();
        let Taken { route, team } = self.by_the_table(caller, Method::Post, &path)?;
        let setting = || setting(team, &route.pattern.to_string());
        let price = route.access.address_price();
        price.ok_or_else(|| Refusal::RouteNotAllowed { setting: setting() })
    }

    /// Forwards a request by its route, if that is free, and returns the head of the vendor's
    /// answer. The vendor's errors about the gateway's key or rate are not returned to the caller.
    ///
    /// # Errors
    /// [`Refusal`]; the vendor may have processed the request if it gave no answer.
    pub async fn pass(
        &self,
        caller: &Caller,
        taken: Taken<'_>,
        passage: Passage,
    ) -> Result<Passed, Refusal> {
        let route = taken.route;
        let is_allowed = match route.access {
            Access::Free => true,
            Access::ReadOnly => passage.method.is_safe(),
            Access::Priced(_) | Access::Refused => false,
        };
        if !is_allowed {
            return Err(not_allowed(taken, &passage));
        }
        if caller.standing == Standing::Paused {
            return Err(Refusal::TeamPaused(caller.team.clone()));
        }
        let permit = self.passages.try_take(&caller.team)?;
        let allowance = route.allowance();
        self.wait_to_pass(&caller.team, allowance.as_ref()).await?;
        let began = Instant::now();
        let answer = self.vendor.pass(passage).await;
        self.metrics.ask_vendor("pass", outcome(&answer), began.elapsed());
        let passed = answer.map_err(|cause| no_answer(route, &cause))?;
        match passed.status.as_u16() {
            // Unlike a 403, which is about this one path.
            401 => {
                warn!(route = %route.pattern, "the vendor rejected our API key (401)");
                self.circuit.refuse_key(Asked::Pass, 401);
                Err(Refusal::VendorRefusesKey)
            }
            429 => {
                let reach = allowance.map_or(Reach::Passages, |own| Reach::Allowance(own.name));
                self.leave_alone_by(reach, passed.retry_after).await;
                let retry_after = passed.retry_after.unwrap_or(LEFT_ALONE_FOR);
                Err(Refusal::VendorBusy { retry_after })
            }
            _ => {
                self.circuit.accept_key(Asked::Pass);
                Ok(Passed { body: passed.body.in_place(permit), ..passed })
            }
        }
    }

    async fn wait_to_pass(
        &self,
        team: &TeamId,
        allowance: Option<&Allowance>,
    ) -> Result<(), Refusal> {
        let retry_after = match self.leave_to_pass(team, allowance).await? {
            Ok(mut leaves) => {
                if leaves.take() {
                    return Ok(());
                }
                SOON // The store took so long over it that it is over.
            }
            Err(until) => until.since(self.clock.now()),
        };
        if self.resting.is_cancelled() {
            return Err(Refusal::ShuttingDown);
        }
        Err(Refusal::VendorBusy { retry_after })
    }
}

/// Names the setting that would allow it: for a read-only path, the narrowest route.
fn not_allowed(taken: Taken<'_>, passage: &Passage) -> Refusal {
    let Taken { route, team } = taken;
    let narrowest = || {
        let path = VendorPath::of(passage.target.path()).ok()?;
        match Opening::of(passage.method.as_str().parse().ok()?, &path) {
            Opening::Route(narrowest) => Some(narrowest),
            Opening::NoPrefix { .. } | Opening::None => None,
        }
    };
    let pattern = match route.access {
        Access::ReadOnly => narrowest().unwrap_or_else(|| route.pattern.clone()),
        Access::Free | Access::Priced(_) | Access::Refused => route.pattern.clone(),
    };
    Refusal::RouteNotAllowed { setting: setting(team, &pattern.to_string()) }
}

fn no_answer(route: &Route, cause: &Cause) -> Refusal {
    warn!(%cause, route = %route.pattern, "a forwarded request got no answer: {cause}");
    match cause {
        Cause::Late => Refusal::VendorLate,
        _ => Refusal::VendorAway,
    }
}

fn outcome(answer: &Result<Passed, Cause>) -> &'static str {
    match answer.as_ref().map(|passed| passed.status.as_u16()) {
        Ok(401) => "misaddressed",
        Ok(429) => "wait",
        Ok(_) => "answered",
        Err(Cause::Unreachable(_)) => "not_sent",
        Err(_) => "no_answer",
    }
}
