//! What went wrong at the server, as whoever asks for a step is told.

use crate::ledger::LedgerError;
use crate::ledger::codec::Corrupt;
use crate::remote::RemoteError;

/// An answer that is not what was asked for.
pub(super) fn unexpected(what: &str) -> LedgerError {
    LedgerError::Invariant(format!("the server answered {what} in a way it should not"))
}

/// A row that is not what it should be.
pub(super) fn corrupt(corrupt: Corrupt) -> LedgerError {
    LedgerError::Invariant(corrupt.to_string())
}

/// What went wrong while looking: nothing was done.
pub(super) fn read_error(error: RemoteError) -> LedgerError {
    match error {
        RemoteError::NotApplied(why) | RemoteError::Unknown(why) => LedgerError::NotApplied(why),
        error => write_error(error),
    }
}

/// What went wrong while writing.
pub(super) fn write_error(error: RemoteError) -> LedgerError {
    match error {
        RemoteError::NotApplied(why) => LedgerError::NotApplied(why),
        RemoteError::Unknown(why) => LedgerError::Unknown(why),
        RemoteError::NotDurable => LedgerError::NotDurable,
        RemoteError::Said { code, .. } if code == "WRONGEPOCH" => LedgerError::WrongEpoch,
        RemoteError::Said { code, message } => LedgerError::Invariant(format!("{code} {message}")),
    }
}

/// Whether that is what a server says whose memory is full.
pub(super) fn is_full(why: &str) -> bool {
    why.starts_with("OOM ")
}
