//! Which books a Redis has: found, founded, or no longer those that were in use.

use std::sync::PoisonError;

use super::Founding;
use super::books::{Books, epoch_of_text, text_of_epoch};
use super::error::{corrupt, read_error, unexpected};
use super::high_water::{Compared, Position};
use super::scripts::FOUND;
use crate::domain::epoch::Epoch;
use crate::ledger::LedgerError;
use crate::ledger::codec::{Ordered, from_row};
use crate::ledger::halt::Reason;
use crate::ledger::transition::epoch::ADOPTED_AT;
use crate::remote::{Call, Command, Confirm, RemoteError, Value};

impl Books {
    /// Finds the books, or founds them where there are none and that is allowed; answers their epoch,
    /// or none where they are kept under another secret.
    pub(super) async fn find(&self) -> Result<Option<Epoch>, LedgerError> {
        let meant = self.known_epoch().or(self.pinned);
        let fresh = match self.founding {
            Founding::Anew(fresh) if meant.is_none() => Some(fresh),
            Founding::Anew(_) | Founding::Refused | Founding::Adopting => None,
        };
        let parts = ["numbers", "next_entry", "teams", "keys", "tallies", "journal", "due"];
        let keys = ["epoch", "secret"].into_iter().chain(parts).map(|name| self.keys.named(name));
        let epoch = fresh.map(text_of_epoch).unwrap_or_default();
        let args = vec![
            epoch.into_bytes(),
            self.fingerprint.clone().into_bytes(),
            ADOPTED_AT.to_owned().to_key(),
        ];
        let least = self.high_water.least();
        let found =
            match self.remote.run(&Call { script: &FOUND, keys: keys.collect(), args }).await {
                Err(RemoteError::Said { code, .. }) if code == "WRONGSECRET" => return Ok(None),
                answer => answer.map_err(read_error)?,
            };
        let found = found.into_list().unwrap_or_default();
        let [epoch, next_entry, adopted_at] = found.as_slice() else {
            return Err(unexpected("which books it has"));
        };
        let is_meant = |epoch: &Epoch| meant.is_none_or(|meant| meant == *epoch);
        let epoch = epoch.as_text().and_then(epoch_of_text).filter(is_meant);
        let epoch = epoch.ok_or(LedgerError::WrongEpoch)?;
        if self.founding == Founding::Adopting {
            // Nothing is known of it for later: whoever adopts books changes it.
            return Ok(Some(epoch));
        }
        let next_entry = next_entry_of(next_entry)?;
        let adopted_at = match adopted_at {
            Value::Bytes(row) if !row.is_empty() => from_row(row).map_err(corrupt)?,
            _ => 0,
        };
        self.judge(least, Position { next_entry, adopted_at })?;
        let mut known = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() {
            let verb = if Some(epoch) == fresh { "began" } else { "found" };
            tracing::info!(%epoch, "{verb} the books of epoch {epoch}");
        }
        Ok(Some(*known.get_or_insert(epoch)))
    }

    /// Takes no more steps where entries are missing that were confirmed, and goes on where an
    /// operator has had books adopted since.
    fn judge(&self, least: u64, shown: Position) -> Result<(), LedgerError> {
        match self.high_water.compare(least, shown) {
            Compared::Whole => {
                self.halt.check_read()?;
                self.has_shown(shown.next_entry);
            }
            Compared::Adopted if self.halt.lift() => tracing::info!("the books were adopted"),
            Compared::Adopted => {}
            Compared::WentBack { known } => {
                let reason = Reason::WentBack { known, found: shown.next_entry };
                if self.halt.reason().is_none_or(|held| held == Reason::NotCompared) {
                    tracing::error!(known, found = shown.next_entry, "{reason}");
                }
                self.halt.set(reason);
                return Err(LedgerError::WrongEpoch);
            }
        }
        Ok(())
    }

    /// A step met a store with fewer entries than were confirmed when it was asked. Whether that is so
    /// is looked at once more: it may be that a primary answered that is none any more.
    pub(super) async fn fell_short(&self) -> LedgerError {
        match self.find().await {
            Ok(_) => LedgerError::NotApplied("the store changed while it was asked".into()),
            Err(error) => error,
        }
    }

    /// The store has shown this next number. Under `strict` that alone confirms nothing: a failover
    /// may still lose the entries before it.
    pub(super) fn has_shown(&self, next_entry: u64) {
        if self.confirm == Confirm::Nothing {
            self.high_water.raise(next_entry);
        }
    }

    /// All entries before this number were confirmed, as far as that is waited for at all.
    pub(super) fn is_confirmed(&self, next_entry: u64) {
        self.high_water.raise(next_entry);
    }

    /// The least next number that a step may meet which is asked from now on.
    pub(super) fn least_next_entry(&self) -> u64 {
        // Whoever adopts books begins anew.
        if self.founding == Founding::Adopting { 0 } else { self.high_water.least() }
    }

    /// What the key of the epoch holds at present. Nothing is known of it for later: whoever
    /// adopts books changes it.
    pub(super) async fn epoch_as_it_stands(&self) -> Result<String, LedgerError> {
        let held = self.ask(vec![Command::new("GET", &self.keys.epoch())], false).await?.pop();
        let held = held.as_ref().and_then(Value::as_text).unwrap_or_default();
        if !held.is_empty() && epoch_of_text(held).is_none() {
            return Err(LedgerError::WrongEpoch);
        }
        Ok(held.to_owned())
    }
}

/// The journal's next number, as its key holds it.
pub(super) fn next_entry_of(value: &Value) -> Result<u64, LedgerError> {
    let number = match value {
        Value::Nil => Some(0),
        value => value.as_text().and_then(|text| text.parse().ok()),
    };
    number.ok_or_else(|| unexpected("the journal's next number"))
}
