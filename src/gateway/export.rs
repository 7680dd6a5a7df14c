//! The export loop: copies new journal entries to the folder, so that the ledger can be restored if
//! the store is lost. An inaccessible folder stops the export but no requests. A folder that the
//! store contradicts stops all requests that cost credits, because the store is not the one it was.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tracing::{error, info};

use super::Gateway;
use crate::export::{CheckKeys, Exporter, Fault, last_entry};
use crate::ledger::halt::Reason;
use crate::ledger::record::entry::Entry;
use crate::ledger::{Ledger, LedgerError};

/// How many entries are read and written at once.
const ENTRIES: usize = 500;

/// The pause between rounds, and therefore the lag of the folder.
const BETWEEN_ROUNDS: Duration = Duration::from_secs(1);

/// The pause before a folder is reopened after a fault; its last file is then read again.
const BETWEEN_TRIES: Duration = Duration::from_secs(5);

/// Why a round failed.
#[derive(Debug, thiserror::Error)]
enum Halted {
    #[error(transparent)]
    Folder(#[from] Fault),
    #[error("the ledger: {0}")]
    Ledger(#[from] LedgerError),
    #[error("another process exports to the folder")]
    StandingBy,
    #[error("the process is ending")]
    Ending,
}

/// Exports until everything else has stopped.
pub(super) async fn run(gateway: Gateway, dir: PathBuf, keys: CheckKeys) {
    let mut export = Export { gateway, dir, keys, exporter: None, logged: Logged::Nothing };
    while !export.gateway.ended.is_cancelled() {
        let rest = match export.round_and_log().await {
            Logged::Halted(_) => BETWEEN_TRIES,
            Logged::Nothing | Logged::StandingBy | Logged::Exporting => BETWEEN_ROUNDS,
        };
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = export.gateway.ended.cancelled() => {}
        }
    }
    export.round_and_log().await;
}

struct Export {
    gateway: Gateway,
    dir: PathBuf,
    keys: CheckKeys,
    /// `None` if it must be opened, for the first time or after a fault.
    exporter: Option<Exporter>,
    /// The last logged state, so that each state is logged once.
    logged: Logged,
}

/// The logged states of the export.
#[derive(Debug, PartialEq, Eq)]
enum Logged {
    Nothing,
    Exporting,
    StandingBy,
    Halted(String),
}

impl Export {
    async fn round_and_log(&mut self) -> &Logged {
        self.gateway.compare_with_export(&self.dir, &self.keys).await;
        if self.gateway.ledger.halt().check_read().is_err() {
            // Only an operator can change this.
            return &self.logged;
        }
        let outcome = self.round().await;
        if let Err(Halted::Folder(fault)) = &outcome {
            self.gateway.stop_on_contradiction(fault);
        }
        let says = match outcome {
            Ok(()) => Logged::Exporting,
            Err(Halted::StandingBy) => Logged::StandingBy,
            Err(why) => Logged::Halted(why.to_string()),
        };
        let dir = self.dir.display();
        match (&self.logged, &says) {
            (logged, says) if logged == says => {}
            (Logged::Halted(_), Logged::Exporting) => info!("the export to {dir} continues"),
            (_, Logged::Nothing | Logged::Exporting) => info!("exporting to {dir}"),
            (_, Logged::StandingBy) => info!("standing by: another process exports to {dir}"),
            (_, Logged::Halted(why)) => {
                error!(why, "the export to {dir} has stopped; it resumes when this is fixed");
            }
        }
        self.logged = says;
        &self.logged
    }

    async fn round(&mut self) -> Result<(), Halted> {
        let ledger = &self.gateway.ledger;
        let store = ledger.holdings().await?;
        let mut exporter = match (self.exporter.take(), store.epoch) {
            (Some(exporter), _) => exporter,
            (None, None) => return Ok(()),
            (None, Some(epoch)) => {
                let (dir, keys) = (self.dir.clone(), self.keys.clone());
                let opened = blocking(move || Exporter::open(&dir, epoch, &keys)).await??;
                opened.ok_or(Halted::StandingBy)?
            }
        };
        exporter = self.catch_up(exporter, store.next_entry).await?;
        let roster = ledger.roster().await?;
        if exporter.wants_checkpoint(&roster, self.gateway.clock.now()) {
            let checkpoint = ledger.checkpoint().await?;
            exporter = self.catch_up(exporter, checkpoint.next_entry).await?;
            exporter = blocking(move || {
                exporter.put_checkpoint(checkpoint)?;
                Ok::<_, Fault>(exporter)
            })
            .await??;
        }
        self.exporter = Some(exporter);
        Ok(())
    }

    /// Appends the entries below `until`, and possibly some more. A failed exporter is not
    /// returned: incomplete lines are repaired when the folder is reopened.
    async fn catch_up(&self, mut exporter: Exporter, until: u64) -> Result<Exporter, Halted> {
        let ledger = &self.gateway.ledger;
        loop {
            self.gateway.exported.store(exporter.next_entry(), Ordering::Relaxed);
            if exporter.next_entry() == until {
                return Ok(exporter);
            }
            let entries = ledger.journal(exporter.wants_from(), ENTRIES).await?;
            let store = ledger.holdings().await?;
            if !self.will_last(&entries, exporter.next_entry()).await? {
                return Ok(exporter);
            }
            let appended;
            (exporter, appended) = blocking(move || {
                let appended = exporter.append(&entries, &store)?;
                Ok::<_, Fault>((exporter, appended))
            })
            .await??;
            if appended == 0 {
                return Ok(exporter);
            }
        }
    }
}

impl Export {
    /// Whether these entries, of which those from `new` on are to be appended, survive a failover.
    /// They are read again after the store has confirmed them: they may have been read from a
    /// primary that was replaced, and then other entries were confirmed.
    async fn will_last(&self, entries: &[(u64, Entry)], new: u64) -> Result<bool, Halted> {
        let Some((number, _)) = entries.last().filter(|(number, _)| *number >= new) else {
            return Ok(true);
        };
        let ledger = &self.gateway.ledger;
        ledger.confirm().await?;
        Ok(ledger.journal(*number, 1).await?.last() == entries.last())
    }
}

impl Gateway {
    /// Compares the store with the folder, if that was not done yet. Nothing is spent before. A
    /// folder that cannot be read is not compared.
    pub(super) async fn compare_with_export(&self, dir: &Path, keys: &CheckKeys) {
        let halt = self.ledger.halt();
        if halt.reason() != Some(Reason::NotCompared) {
            return;
        }
        match self.difference(dir, keys).await {
            Ok(()) => halt.compared(),
            Err(Halted::Folder(fault)) => {
                self.stop_on_contradiction(&fault);
                halt.compared();
            }
            Err(Halted::Ledger(_) | Halted::StandingBy | Halted::Ending) => {}
        }
    }

    /// Stops all requests that cost credits if the store contradicts the exported entries.
    fn stop_on_contradiction(&self, fault: &Fault) {
        if fault.is_contradiction() {
            let reason = Reason::ExportDiffers { fault: fault.to_string() };
            error!("{reason}");
            self.ledger.halt().set(reason);
        }
    }

    /// Compares the last entry of the folder with the store's, whichever process exports to it.
    async fn difference(&self, dir: &Path, keys: &CheckKeys) -> Result<(), Halted> {
        let Some(epoch) = self.ledger.holdings().await?.epoch else {
            return Err(LedgerError::WrongEpoch.into());
        };
        let (folder, keys) = (dir.to_owned(), keys.clone());
        let last = blocking(move || last_entry(&folder, epoch, &keys)).await??;
        let Some((number, exported)) = last else { return Ok(()) };
        let entries = self.ledger.journal(number, 1).await?;
        let is_same = match entries.first() {
            Some((found, entry)) if *found == number => *entry == exported,
            // It was trimmed.
            Some(_) => true,
            None => self.ledger.holdings().await?.first_entry > number,
        };
        if is_same { Ok(()) } else { Err(Fault::Differs { dir: dir.to_owned(), number }.into()) }
    }
}

/// Runs blocking disk operations on a separate thread.
async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Halted> {
    match spawn_blocking(act).await {
        Ok(done) => Ok(done),
        Err(failed) if failed.is_panic() => resume_unwind(failed.into_panic()),
        Err(_the_runtime_is_gone) => Err(Halted::Ending),
    }
}
