//! The sandbox vendor on a port of its own, for gateways in other processes.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tollgate::sandbox::{self, FaultKind, Faults, Operation, Rule, Sandbox};

/// A vendor that serves until the test ends.
pub(crate) async fn start(options: sandbox::Options) -> (Sandbox, SocketAddr) {
    let vendor = Sandbox::new(options);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    serve(listener, &vendor);
    (vendor, address)
}

/// Has a vendor serve on a listener until the test ends.
pub(crate) fn serve(listener: TcpListener, vendor: &Sandbox) {
    let serving = sandbox::serve(listener, vendor.clone(), std::future::pending());
    tokio_util::task::TaskTracker::new().spawn(serving);
}

/// The vendor acts on every such request at once, and answers when its faults are replaced.
pub(crate) fn held(operation: Operation) -> Faults {
    Faults::of([Rule::always(operation, FaultKind::Held)])
}

/// The same for the next such request alone.
pub(crate) fn held_once(operation: Operation) -> Faults {
    Faults::of([Rule::always(operation, FaultKind::Held).times(1)])
}

/// A vendor that takes this long over a batch.
pub(crate) fn taking(processing: Duration) -> sandbox::Options {
    sandbox::Options { processing, ..sandbox::Options::default() }
}
