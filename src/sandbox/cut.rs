//! Cut connections, before or within an answer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use super::answer::Answer;

/// Closes the connection before the first byte of the answer.
pub(super) fn before_answer() -> Response {
    Response::new(Body::new(Cut { promised: 1, sent: None, has_paused: true }))
}

/// Sends the head of a complete answer and closes the connection half-way through its body.
pub(super) fn within(answer: Answer) -> Response {
    let text = answer.body.to_string().into_bytes();
    let promised = u64::try_from(text.len()).expect("a short body");
    let half = text[..text.len() / 2].to_vec().into();
    let (mut head, _) = answer.into_response().into_parts();
    head.headers.remove(http::header::CONTENT_LENGTH);
    Response::from_parts(head, Body::new(Cut { promised, sent: Some(half), has_paused: false }))
}

/// A body that fails, which makes the server close the connection.
struct Cut {
    promised: u64,
    sent: Option<Bytes>,
    has_paused: bool,
}

impl hyper::body::Body for Cut {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(sent) = self.sent.take() {
            return Poll::Ready(Some(Ok(Frame::data(sent))));
        }
        if !self.has_paused {
            // The server flushes its output only when a body makes it wait.
            self.has_paused = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::ConnectionAborted))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
