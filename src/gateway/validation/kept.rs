//! Stored verdicts of validations, each under its position in the call.

use super::Judgement;
use crate::domain::time::Timestamp;
use crate::gateway::Failed;
use crate::ledger::ids::{Lease, ResultRef};
use crate::vault::any::AnyVault;
use crate::vault::{Item, ItemKey, Vault};

/// Every worker stores the same verdicts of a call.
const TURN: Lease = Lease(0);

fn key(at: ResultRef) -> ItemKey {
    let ResultRef { job, index } = at;
    ItemKey::Result { batch: job.batch.get(), job: job.ordinal, index, turn: TURN.0 }
}

pub(super) async fn keep(
    vault: &AnyVault,
    judgements: Vec<(ResultRef, Judgement)>,
    expires: Timestamp,
) -> Result<(), Failed> {
    let item = |(at, judgement): (ResultRef, Judgement)| Item {
        key: key(at),
        bytes: pack(&judgement),
        expires,
    };
    Ok(vault.put(judgements.into_iter().map(item).collect()).await?)
}

/// The verdicts at these positions; `None` for missing ones.
pub(super) async fn judgements_at(
    vault: &AnyVault,
    places: &[ResultRef],
) -> Result<Vec<Option<Judgement>>, Failed> {
    let keys: Vec<_> = places.iter().copied().map(key).collect();
    let items = vault.fetch(&keys).await?;
    Ok(items.into_iter().map(|item| unpack(&item?)).collect())
}

/// Those of these positions without a stored verdict.
pub(super) async fn missing(
    vault: &AnyVault,
    places: &[ResultRef],
) -> Result<Vec<ResultRef>, Failed> {
    let keys: Vec<_> = places.iter().copied().map(key).collect();
    let held = vault.holds(&keys).await?.into_iter();
    Ok(places.iter().zip(held).filter(|(_, is_held)| !is_held).map(|(at, _)| *at).collect())
}

/// Whether the domain accepts any mail, in one byte, and the vendor's verdict.
fn pack(Judgement { result, catch_all }: &Judgement) -> Vec<u8> {
    let catch_all = match catch_all {
        None => 0,
        Some(false) => 1,
        Some(true) => 2,
    };
    [&[catch_all], result.as_bytes()].concat()
}

fn unpack(bytes: &[u8]) -> Option<Judgement> {
    let (catch_all, result) = bytes.split_first()?;
    let catch_all = match catch_all {
        0 => None,
        1 => Some(false),
        2 => Some(true),
        _ => return None,
    };
    Some(Judgement { result: String::from_utf8(result.to_vec()).ok()?, catch_all })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_restored_as_stored() {
        for catch_all in [None, Some(false), Some(true)] {
            let judgement = Judgement { result: "risky".to_owned(), catch_all };
            assert_eq!(unpack(&pack(&judgement)), Some(judgement));
        }
        assert_eq!(unpack(&[]), None);
        assert_eq!(unpack(&[9, b'x']), None);
    }
}
