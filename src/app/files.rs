//! Files: how many the process may have open, how many of them callers' connections may be, and that a
//! crash writes none.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::{debug, warn};

use super::OPERATORS_MAX;
use crate::config::Server;

/// What is open besides connections of callers and operators and requests to the vendor: the store, the
/// export, logs, and connections that are just being made.
const OTHERS: usize = 256;

/// How many connections callers may have, so that operators, the store and the vendor can always be
/// reached. Raises the process's limit as far as it may go.
pub(super) fn callers_max(server: &Server) -> usize {
    let asked = server.connections_max;
    let Some(files) = raise() else { return asked };
    let kept = OPERATORS_MAX
        .saturating_add(server.passages_max)
        .saturating_add(server.calls_max)
        .saturating_add(OTHERS);
    let wanted = asked.saturating_add(kept);
    if files >= wanted {
        return asked;
    }
    // Where even that does not fit, callers have half.
    let most = files.saturating_sub(kept).max(files / 2).clamp(1, asked);
    warn!(
        files,
        "this process may open {files} files, so callers have {most} connections at most, and not \
         server.connections_max = {asked}: raise its limit to {wanted} (LimitNOFILE, ulimit -n), or \
         lower the setting"
    );
    most
}

/// The most files that this process may have open; none where there is no limit.
fn raise() -> Option<usize> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            debug!(%error, "the limit of open files could not be raised");
            limit.current
        }
    };
    current.map(|files| usize::try_from(files).unwrap_or(usize::MAX))
}

/// A core dump would hold secrets and personal data.
pub(super) fn write_no_core_dumps() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        warn!(%error, "core dumps cannot be switched off: a crash may write secrets to disk");
    }
}
