//! Signals: which stop the process, and which it ignores.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::task::TaskTracker;
use tracing::warn;

/// What told the process to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// SIGINT: Ctrl-C at a terminal.
    Interrupted,
    /// SIGTERM: a supervisor, such as systemd or Kubernetes.
    Terminated,
    /// SIGHUP: the terminal is closed.
    HungUp,
}

/// Ready when the process is interrupted or terminated. It listens from the call on, so that no
/// signal is missed before it is awaited.
pub(crate) fn told_to_stop() -> impl Future<Output = Stop> {
    let interrupted = signal(SignalKind::interrupt());
    let terminated = signal(SignalKind::terminate());
    async move {
        tokio::select! {
            () = received(interrupted) => Stop::Interrupted,
            () = received(terminated) => Stop::Terminated,
        }
    }
}

/// As [`told_to_stop`], for what runs in a terminal and ends with it.
pub(crate) fn told_to_stop_or_hung_up() -> impl Future<Output = Stop> {
    let told_to_stop = told_to_stop();
    let hung_up = signal(SignalKind::hangup());
    async move {
        tokio::select! {
            stop = told_to_stop => stop,
            () = received(hung_up) => Stop::HungUp,
        }
    }
}

/// Logs every SIGHUP from the call on, and ignores it otherwise.
pub(super) fn ignore_hangups() {
    let mut hangups = match signal(SignalKind::hangup()) {
        Ok(hangups) => hangups,
        Err(error) => return warn!(%error, "SIGHUP cannot be ignored and ends the process"),
    };
    TaskTracker::new().spawn(async move {
        while hangups.recv().await.is_some() {
            warn!("SIGHUP is ignored: restart the gateway to change its settings");
        }
    });
}

async fn received(listening: io::Result<Signal>) {
    match listening {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}
