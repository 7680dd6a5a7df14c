//! A caller's body on its way through: bounded in size and in the time that the caller is waited for,
//! never taken in whole.

use std::error::Error;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use crate::gateway::PassageBody;
use crate::http::body::{cut, late, too_large};
use crate::http::pace::Pace;
use crate::http::problem::Problem;

/// A body that fails where it passes its bounds.
pub(super) struct Bounded {
    body: Body,
    arrived: usize,
    bytes_max: usize,
    patience: Patience,
    broken: Broken,
}

/// How long the caller is still waited for. While the vendor takes its time over what has come, it is
/// not: that is the vendor's to answer for.
struct Patience {
    pace: Pace,
    /// For how long it was waited for before.
    waited: Duration,
    /// Runs while the caller is waited for.
    waiting: Option<Waiting>,
}

struct Waiting {
    since: Instant,
    until: Pin<Box<Sleep>>,
}

impl Patience {
    const fn new(pace: Pace) -> Self {
        Self { pace, waited: Duration::ZERO, waiting: None }
    }

    /// The caller, of whom so many bytes have come, is waited for; ready when it was for too long.
    fn wait(&mut self, arrived: usize, cx: &mut Context<'_>) -> Poll<()> {
        let left = self.pace.allowed(arrived).saturating_sub(self.waited);
        let begin = || Waiting { since: Instant::now(), until: Box::pin(sleep(left)) };
        self.waiting.get_or_insert_with(begin).until.as_mut().poll(cx)
    }

    /// The caller is waited for no more.
    fn rest(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            self.waited += waiting.since.elapsed();
        }
    }
}

/// What became of a body that did not come whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Broken(Arc<OnceLock<Problem>>);

/// Why a body goes no further; [`Broken`] tells the caller.
#[derive(Debug, thiserror::Error)]
#[error("the caller's body ended early")]
struct BrokeOff;

impl Broken {
    /// What the caller is told, where it was the caller's body that broke off.
    pub(super) fn problem(&self) -> Option<Problem> {
        self.0.get().cloned()
    }
}

impl Bounded {
    /// The body within its bounds, and what becomes of it.
    ///
    /// # Errors
    /// Where it says beforehand that it is too large.
    pub(super) fn within(
        bytes_max: usize,
        pace: Pace,
        body: Body,
    ) -> Result<(PassageBody, Broken), Problem> {
        if usize::try_from(body.size_hint().lower()).is_ok_and(|bytes| bytes > bytes_max) {
            return Err(too_large(bytes_max));
        }
        let broken = Broken::default();
        let patience = Patience::new(pace);
        let bounded = Self { body, arrived: 0, bytes_max, patience, broken: broken.clone() };
        Ok((bounded.boxed_unsync(), broken))
    }

    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        self.patience.wait(self.arrived, cx).is_ready()
    }

    fn break_off(&self, problem: Problem) -> Poll<Option<Result<Frame<Bytes>, BoxedError>>> {
        // Whatever broke it first is what the caller is told.
        let _ = self.broken.0.set(problem);
        Poll::Ready(Some(Err(BrokeOff.into())))
    }
}

type BoxedError = Box<dyn Error + Send + Sync>;

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = BoxedError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxedError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if polled.is_ready() {
            self.patience.rest();
        }
        match polled {
            // What follows the data is trailers, which are headers that no list has seen.
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => {
                    self.arrived += data.len();
                    if self.arrived > self.bytes_max {
                        return self.break_off(too_large(self.bytes_max));
                    }
                    Poll::Ready(Some(Ok(Frame::data(data))))
                }
                Err(_) => Poll::Ready(None),
            },
            Poll::Ready(Some(Err(_))) => self.break_off(cut()),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending if self.is_late(cx) => self.break_off(late()),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::task::ready;

    use super::*;
    use crate::http::pace::BODY_TIMEOUT;

    async fn told(body: Body, bytes_max: usize) -> Result<usize, u16> {
        let (bounded, broken) = Bounded::within(bytes_max, Pace::ANY, body)
            .map_err(|problem| problem.kind.status.as_u16())?;
        let whole = bounded.collect().await;
        whole
            .map(|whole| whole.to_bytes().len())
            .map_err(|_| broken.problem().expect("the caller is told why").kind.status.as_u16())
    }

    #[tokio::test]
    async fn a_body_may_be_as_large_as_the_bound_and_no_larger() {
        assert_eq!(told(Body::from("1234567890"), 10).await, Ok(10));
        assert_eq!(told(Body::from("1234567890"), 9).await, Err(413));
        assert_eq!(told(slow(2, Duration::ZERO), 10).await, Ok(10));
        assert_eq!(told(slow(3, Duration::ZERO), 10).await, Err(413));
        assert_eq!(told(Body::empty(), 10).await, Ok(0));
    }

    /// A body of so many pieces, each of which takes this long to come once it is waited for.
    fn slow(pieces: usize, each: Duration) -> Body {
        struct Slow {
            pieces: usize,
            each: Duration,
            coming: Option<Pin<Box<Sleep>>>,
        }
        impl HttpBody for Slow {
            type Data = Bytes;
            type Error = BoxedError;
            fn poll_frame(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<Option<Result<Frame<Bytes>, BoxedError>>> {
                let Some(left) = self.pieces.checked_sub(1) else { return Poll::Ready(None) };
                let each = self.each;
                let coming = self.coming.get_or_insert_with(|| Box::pin(sleep(each)));
                ready!(coming.as_mut().poll(cx));
                (self.pieces, self.coming) = (left, None);
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"12345")))))
            }
        }
        Body::new(Slow { pieces, each, coming: None })
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_given_up() {
        assert_eq!(told(slow(1, Duration::MAX), 10).await, Err(408));
        assert_eq!(told(slow(2, BODY_TIMEOUT / 2 + Duration::from_secs(1)), 10).await, Err(408));
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_does_not_answer_for_the_time_that_the_vendor_takes() {
        let body = slow(2, BODY_TIMEOUT / 3);
        let bounded = Bounded::within(10, Pace::ANY, body);
        let (mut bounded, broken) = bounded.unwrap_or_else(|_| panic!("small"));
        for _ in 0..2 {
            sleep(BODY_TIMEOUT * 2).await;
            bounded.frame().await.expect("there is more").expect("it is not given up");
        }
        assert!(bounded.frame().await.is_none() && broken.problem().is_none());
    }
}
