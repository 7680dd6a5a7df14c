//! Checks an embedded store: its ledger and the free space on its disk.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rustix::fs::statvfs;

use super::Finding;
use crate::app::failure::in_one_line;
use crate::disk::{Disk, OpenError};

/// Checks the folder. The store is opened and closed if no other process has it open. It is not created.
pub(super) async fn look(dir: &Path, reserve: usize) -> Vec<Finding> {
    let place = dir.display();
    let books = match opened(dir.to_owned()).await {
        Ok(disk) => {
            disk.close().await;
            Finding::ok("store", format!("the ledger in {place} can be opened"))
        }
        Err(OpenError::InUse { .. }) => {
            Finding::ok("store", format!("the ledger in {place} is open in a running process"))
        }
        Err(OpenError::OutOfReach { source, .. }) if source.kind() == ErrorKind::NotFound => {
            unmade(dir)
        }
        Err(why) => Finding::fault("store", in_one_line(&why), "see docs/operations.md"),
    };
    vec![books, room(dir, reserve)]
}

async fn opened(dir: PathBuf) -> Result<Disk, OpenError> {
    let open = tokio::task::spawn_blocking(move || Disk::open_existing(&dir));
    open.await.unwrap_or_else(|died| std::panic::resume_unwind(died.into_panic()))
}

/// There is no ledger yet: checks that the first start can create it.
fn unmade(dir: &Path) -> Finding {
    let parent = nearest(dir);
    match tempfile::tempfile_in(parent) {
        Ok(_) => {
            let what =
                format!("there is no ledger in {} yet; the first start creates it", dir.display());
            Finding::ok("store", what)
        }
        Err(why) => Finding::fault(
            "store",
            format!("{} is not writable: {why}", parent.display()),
            "make it writable for the user that runs the gateway, or set another folder in store.url",
        ),
    }
}

fn room(dir: &Path, reserve: usize) -> Finding {
    let left = statvfs(nearest(dir)).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    let reserve = u64::try_from(reserve).unwrap_or(u64::MAX);
    match left {
        Ok(left) if left < reserve => Finding::fault(
            "store",
            format!("its disk has {left} bytes free, less than store.reserve: new work is refused"),
            "free space on the disk",
        ),
        Ok(left) => Finding::ok("store", format!("its disk has {left} bytes free")),
        Err(why) => Finding::warning(
            "store",
            format!("the free space on its disk is unknown: {why}"),
            "monitor the disk by other means",
        ),
    }
}

/// The folder, or its closest existing parent.
fn nearest(dir: &Path) -> &Path {
    let is_there = |dir: &&Path| dir.exists();
    let found = dir.ancestors().filter(|dir| !dir.as_os_str().is_empty()).find(is_there);
    found.unwrap_or(Path::new("."))
}
