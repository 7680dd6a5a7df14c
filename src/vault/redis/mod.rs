//! A vault on a Redis. The leads of a batch are in one slot, and so are its results; batches are
//! spread over all slots. The server expires items.

mod stored;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use tracing::warn;

use self::stored::Stored;
use super::item::{Item, ItemKey};
use super::sealing::{self, Sealer};
use super::{Swept, Vault, VaultError};
use crate::clock::Clock;
use crate::domain::time::Timestamp;
use crate::remote::{Call, Command, Confirm, Remote, RemoteError, Script, Value};

/// Stores items. Refused if the server's memory is full.
static KEEP: Script = Script::new("keep", include_str!("keep.lua"));

/// Stores items that were paid for, even if the server's memory is full.
static KEEP_WHEN_FULL: Script =
    Script::new("keep_when_full", concat!("#!lua flags=allow-oom\n", include_str!("keep.lua")));

/// The number of bytes at the start of a stored item that hold its expiry and the id of its
/// encryption key.
const HEAD_BYTES: usize = stored::EXPIRES_BYTES + sealing::HEAD_BYTES;

/// How many items are sent at once, so that other clients do not wait long.
const ITEMS_MAX: usize = 128;

/// How many items are checked at once; only a few bytes of each are read.
const HELD_MAX: usize = 1_000;

/// Items under their own keys. The names of the keys reveal nothing about the content.
pub struct RedisVault {
    remote: Remote,
    clock: Arc<dyn Clock>,
    sealer: Sealer,
    confirm: Confirm,
}

/// An item to store, and what it may replace.
struct Parcel {
    key: ItemKey,
    stored: Vec<u8>,
    expires: Timestamp,
    replaces: Vec<u8>,
}

impl RedisVault {
    /// The vault on this Redis, with the store's clock. Writes wait for `confirm`.
    #[must_use]
    pub fn new(remote: Remote, clock: Arc<dyn Clock>, sealer: Sealer, confirm: Confirm) -> Self {
        Self { remote, clock, sealer, confirm }
    }

    /// The Redis key of an item.
    fn name(&self, key: ItemKey) -> Vec<u8> {
        let (namespace, batch) = (self.remote.address().namespace(), key.of_batch());
        format!("{{tollgate:{namespace}:{batch:x}}}:{}", hex::encode(key.to_bytes())).into_bytes()
    }

    fn parcel(&self, Item { key, bytes, expires }: Item) -> Parcel {
        let stored = Stored { expires, envelope: self.sealer.seal(key, &bytes) };
        Parcel { key, stored: stored.to_bytes(), expires, replaces: Vec::new() }
    }

    /// Stores the items of one batch. Returns those whose key holds an invalid item, so that they
    /// can replace it.
    async fn keep(&self, parcels: Vec<Parcel>) -> Result<Vec<Parcel>, RemoteError> {
        let now = self.clock.now();
        let is_alive = |parcel: &Parcel| parcel.expires > now;
        let parcels: Vec<_> = parcels.into_iter().filter(is_alive).collect();
        if parcels.is_empty() {
            return Ok(parcels);
        }
        let keys = parcels.iter().map(|parcel| self.name(parcel.key)).collect();
        let args = parcels.iter().flat_map(|parcel| {
            let millis = parcel.expires.since(now).as_millis().to_string();
            [parcel.stored.clone(), millis.into_bytes(), parcel.replaces.clone()]
        });
        let is_paid = |parcel: &Parcel| matches!(parcel.key, ItemKey::Result { .. });
        let script = if parcels.iter().all(is_paid) { &KEEP_WHEN_FULL } else { &KEEP };
        let call = Call { script, keys, args: args.collect() };
        let kept = self.remote.run_confirmed(&call, self.confirm).await?;
        let kept = kept.into_list().unwrap_or_default().into_iter().map(Value::into_bytes);
        let in_the_way = parcels.into_iter().zip(kept).filter_map(|(parcel, kept)| {
            let replaces = kept.filter(|kept| self.opened(parcel.key, kept, now).is_none())?;
            Some(Parcel { replaces, ..parcel })
        });
        Ok(in_the_way.collect())
    }

    /// The bytes of an item that has not expired and was encrypted under its key.
    fn opened(&self, key: ItemKey, stored: &[u8], now: Timestamp) -> Option<Vec<u8>> {
        let Stored { expires, envelope } = Stored::read(stored)?;
        if expires <= now {
            return None;
        }
        let opened = self.sealer.open(key, &envelope);
        opened.inspect_err(|why| warn!(item = %key, "{key} cannot be decrypted: {why}")).ok()
    }
}

impl Vault for RedisVault {
    async fn put(&self, items: Vec<Item>) -> Result<(), VaultError> {
        let mut batches: BTreeMap<u128, Vec<Parcel>> = BTreeMap::new();
        for item in items {
            batches.entry(item.key.of_batch()).or_default().push(self.parcel(item));
        }
        let mut progress = Progress::default();
        for mut parcels in batches.into_values() {
            while !parcels.is_empty() {
                let rest = parcels.split_off(parcels.len().min(ITEMS_MAX));
                let in_the_way = progress.of(self.keep(parcels).await)?;
                // An item found the second time was stored by another writer meanwhile, and is
                // valid.
                progress.of(self.keep(in_the_way).await)?;
                parcels = rest;
            }
        }
        Ok(())
    }

    async fn fetch(&self, keys: &[ItemKey]) -> Result<Vec<Option<Vec<u8>>>, VaultError> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(ITEMS_MAX) {
            let gets = keys.iter().map(|key| Command::new("GET", &self.name(*key)));
            let values = self.remote.ask(gets.collect()).await.map_err(error)?;
            let now = self.clock.now();
            let opened = keys.iter().zip(values).map(|(key, value)| {
                value.into_bytes().and_then(|stored| self.opened(*key, &stored, now))
            });
            found.extend(opened);
        }
        Ok(found)
    }

    async fn holds(&self, keys: &[ItemKey]) -> Result<Vec<bool>, VaultError> {
        let end = (HEAD_BYTES - 1).to_string();
        let mut held = Vec::with_capacity(keys.len());
        for keys in keys.chunks(HELD_MAX) {
            let front =
                |key: &ItemKey| Command::new("GETRANGE", &self.name(*key)).with("0").with(&end);
            let fronts = self.remote.ask(keys.iter().map(front).collect()).await.map_err(error)?;
            let now = self.clock.now();
            held.extend(fronts.into_iter().map(|front| {
                let stored = front.into_bytes().and_then(|bytes| Stored::read(&bytes));
                stored.is_some_and(|stored| {
                    stored.expires > now && self.sealer.knows(&stored.envelope)
                })
            }));
        }
        Ok(held)
    }

    async fn erase(&self, keys: &[ItemKey]) -> Result<(), VaultError> {
        let mut progress = Progress::default();
        for keys in keys.chunks(ITEMS_MAX) {
            let unlinks = keys.iter().map(|key| Command::new("UNLINK", &self.name(*key)));
            progress.of(self.remote.ask_confirmed(unlinks.collect(), self.confirm).await)?;
        }
        Ok(())
    }

    async fn sweep(&self, _items_max: usize) -> Result<Swept, VaultError> {
        Ok(Swept { removed: 0, is_more: false })
    }
}

/// The progress of an operation of several calls. After one part has succeeded, a failure is not
/// reported as "nothing was done".
#[derive(Default)]
struct Progress {
    is_begun: bool,
}

impl Progress {
    fn of<T>(&mut self, part: Result<T, RemoteError>) -> Result<T, VaultError> {
        match part {
            Ok(done) => {
                self.is_begun = true;
                Ok(done)
            }
            Err(why) if self.is_begun => Err(VaultError::Unknown(why.into())),
            Err(why) => Err(error(why)),
        }
    }
}

fn error(why: RemoteError) -> VaultError {
    match why {
        RemoteError::NotApplied(_) => VaultError::Unavailable(why.into()),
        RemoteError::Unknown(_) | RemoteError::NotDurable | RemoteError::Said { .. } => {
            VaultError::Unknown(why.into())
        }
    }
}

impl fmt::Debug for RedisVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisVault(<redacted>)")
    }
}
