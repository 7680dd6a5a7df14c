//! The vault items of the gateway: submitted leads, and persons found.

use std::collections::BTreeMap;

use super::Failed;
use crate::domain::lead::{Field, Fields, Lead};
use crate::domain::person::{Sections, Undocumented};
use crate::domain::reveal::Reveals;
use crate::domain::time::Timestamp;
use crate::ledger::ids::{KeptResult, Lease, ResultRef, Token};
use crate::vault::any::AnyVault;
use crate::vault::{Item, ItemKey, Vault};

/// How many leads are stored in one item: a page of leads needs one item, or two.
const CHUNK: u32 = 100;

/// How many items are stored at once, so that a large batch is never in memory twice.
const PUT_ITEMS: usize = 500;

/// The stored size of leads, without the overhead of encryption.
pub(super) fn bytes_of(leads: &[Lead]) -> usize {
    let fields = leads.iter().flat_map(|lead| Field::ALL.map(|field| lead.field(field)));
    fields.map(|text| text.map_or(0, str::len).saturating_add(2)).sum()
}

/// Stores the leads of an admission.
pub(super) async fn keep_leads(
    vault: &AnyVault,
    token: Token,
    leads: &[Lead],
    expires: Timestamp,
) -> Result<(), Failed> {
    let chunks = leads.chunks(CHUNK as usize);
    let item = |(chunk, leads): (u32, &[Lead])| Item {
        key: ItemKey::Leads { token: *token.as_bytes(), chunk },
        bytes: pack(leads),
        expires,
    };
    let items = (0..).zip(chunks).map(item).collect();
    Ok(vault.put(items).await?)
}

/// Deletes the leads of a refused admission.
pub(super) async fn forget_leads(
    vault: &AnyVault,
    token: Token,
    leads: usize,
) -> Result<(), Failed> {
    let chunks = u32::try_from(leads).unwrap_or(u32::MAX).div_ceil(CHUNK);
    let keys: Vec<_> =
        (0..chunks).map(|chunk| ItemKey::Leads { token: *token.as_bytes(), chunk }).collect();
    Ok(vault.erase(&keys).await?)
}

/// Leads of an admission by their positions, from 0; leads whose item is missing are omitted.
pub(super) async fn leads_at(
    vault: &AnyVault,
    token: Token,
    positions: impl Iterator<Item = u32>,
) -> Result<BTreeMap<u32, Lead>, Failed> {
    let places = positions.map(|position| (token, position)).collect();
    let leads = leads_of(vault, places).await?;
    Ok(leads.into_iter().map(|((_, position), lead)| (position, lead)).collect())
}

/// Leads of several admissions, by token and position.
pub(super) async fn leads_of(
    vault: &AnyVault,
    places: Vec<(Token, u32)>,
) -> Result<BTreeMap<([u8; 16], u32), Lead>, Failed> {
    let mut wanted: BTreeMap<([u8; 16], u32), Vec<u32>> = BTreeMap::new();
    for (token, position) in places {
        wanted.entry((*token.as_bytes(), position / CHUNK)).or_default().push(position);
    }
    let key = |(token, chunk): &([u8; 16], u32)| ItemKey::Leads { token: *token, chunk: *chunk };
    let keys: Vec<_> = wanted.keys().map(key).collect();
    let items = vault.fetch(&keys).await?;
    let mut leads = BTreeMap::new();
    for (((token, _), positions), item) in wanted.into_iter().zip(items) {
        let Some(mut chunk) = item.and_then(|bytes| unpack(&bytes)) else { continue };
        for position in positions {
            let place = (position % CHUNK) as usize;
            if let Some(lead) = chunk.get_mut(place).and_then(Option::take) {
                leads.insert((token, position), lead);
            }
        }
    }
    Ok(leads)
}

/// Stores the results of a job, whose persons were requested with the reveals `covers`.
pub(super) async fn keep_results(
    vault: &AnyVault,
    turn: Lease,
    results: Vec<(ResultRef, Sections)>,
    covers: Reveals,
    expires: Timestamp,
) -> Result<(), Failed> {
    let mut results = results.into_iter().peekable();
    while results.peek().is_some() {
        let some = results.by_ref().take(PUT_ITEMS);
        let item = |(at, sections): (ResultRef, Sections)| {
            let mut bytes = vec![u8::from(covers.email) | u8::from(covers.phone) << 1];
            bytes.extend(sections.to_bytes());
            Item { key: result_key(KeptResult { at, turn }), bytes, expires }
        };
        vault.put(some.map(item).collect()).await?;
    }
    Ok(())
}

/// The persons of these results, as a batch with the reveals `asked` may see them.
pub(super) async fn results_at(
    vault: &AnyVault,
    results: &[KeptResult],
    asked: Reveals,
) -> Result<Vec<Option<String>>, Failed> {
    let keys: Vec<_> = results.iter().copied().map(result_key).collect();
    let items = vault.fetch(&keys).await?;
    Ok(items.into_iter().map(|item| item.and_then(|bytes| show(&bytes, asked))).collect())
}

/// The results that the vault has lost.
pub(super) async fn lost_of(
    vault: &AnyVault,
    results: &[KeptResult],
) -> Result<Vec<KeptResult>, Failed> {
    let keys: Vec<_> = results.iter().copied().map(result_key).collect();
    let held = vault.holds(&keys).await?.into_iter();
    Ok(results.iter().zip(held).filter(|(_, is_held)| !is_held).map(|(at, _)| *at).collect())
}

/// Deletes these results.
pub(super) async fn forget(vault: &AnyVault, results: &[KeptResult]) -> Result<(), Failed> {
    let keys: Vec<_> = results.iter().copied().map(result_key).collect();
    Ok(vault.erase(&keys).await?)
}

fn result_key(KeptResult { at, turn }: KeptResult) -> ItemKey {
    let ResultRef { job, index } = at;
    ItemKey::Result { batch: job.batch.get(), job: job.ordinal, index, turn: turn.0 }
}

/// Undocumented fields may contain contacts, so they are returned only to readers who requested
/// every reveal that the job requested.
fn show(bytes: &[u8], asked: Reveals) -> Option<String> {
    let (covers, sections) = bytes.split_first()?;
    let covers = Reveals { email: covers & 1 != 0, phone: covers & 2 != 0 };
    let undocumented =
        if asked.covers(covers) { Undocumented::Shown } else { Undocumented::Hidden };
    Some(Sections::from_bytes(sections).ok()?.join(asked, undocumented))
}

/// Each field as its length plus one, in two bytes, and its text; zero if it is omitted.
fn pack(leads: &[Lead]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in leads.iter().flat_map(|lead| Field::ALL.map(|field| lead.field(field))) {
        let length = text.map_or(0, |text| text.len() + 1);
        let length = u16::try_from(length).expect("a field is bounded far below 64 KiB");
        bytes.extend(length.to_be_bytes());
        bytes.extend(text.unwrap_or_default().as_bytes());
    }
    bytes
}

fn unpack(mut bytes: &[u8]) -> Option<Vec<Option<Lead>>> {
    let mut leads = Vec::new();
    while !bytes.is_empty() {
        let mut fields = Fields::default();
        for field in Field::ALL {
            let (length, rest) = bytes.split_first_chunk::<2>()?;
            let length = u16::from_be_bytes(*length) as usize;
            let (text, rest) = rest.split_at_checked(length.saturating_sub(1))?;
            fields[field] = (length > 0)
                .then(|| std::str::from_utf8(text).map(str::to_owned))
                .transpose()
                .ok()?;
            bytes = rest;
        }
        leads.push(Some(Lead::new(fields).ok()?));
    }
    Some(leads)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(email: &str, name: Option<&str>) -> Lead {
        let mut fields = Fields::default();
        fields[Field::Email] = Some(email.to_owned());
        fields[Field::Name] = name.map(str::to_owned);
        Lead::new(fields).unwrap()
    }

    #[test]
    fn leads_are_restored_as_written() {
        let empty = Lead::new(Fields::default()).unwrap();
        let leads = [lead(" Ada@X.io ", Some("")), lead("b@x.io", None), empty];
        let unpacked: Vec<_> = unpack(&pack(&leads)).unwrap().into_iter().flatten().collect();
        assert_eq!(unpacked, leads);
    }

    #[test]
    fn invalid_bytes_are_refused() {
        let packed = pack(&[lead("ada@x.io", Some("Ada"))]);
        assert!(unpack(&packed[..packed.len() - 1]).is_none());
    }
}
