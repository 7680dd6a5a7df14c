//! How much room the disk of an embedded store has, looked at for as long as the gateway runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::statvfs;
use tokio_util::sync::CancellationToken;

use crate::gateway::Headroom;

/// How often the disk is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Watches until the gateway stops.
pub(super) async fn watch(dir: PathBuf, headroom: Headroom, stopping: CancellationToken) {
    let mut every = tokio::time::interval(LOOK_EVERY);
    while stopping.run_until_cancelled(every.tick()).await.is_some() {
        look(&dir, &headroom);
    }
}

/// Looks once. Where the system does not say, the room counts as unlimited: a write says more.
pub(super) fn look(dir: &Path, headroom: &Headroom) {
    let left = statvfs(dir).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    headroom.show(left.ok());
}
