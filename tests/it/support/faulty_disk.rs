//! A disk in memory that can lose power: it forgets, tears and reorders what was not synced.
//!
//! The power is cut at the n-th write, change of length or sync. Of what was not synced by then,
//! each write survives whole, in pieces, or not at all, whatever came before or after it; so the
//! disk afterwards is one that some real one could have been. Everything follows from the seed.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

/// The sizes in which a write may be torn: a byte, a sector, a page.
const TEAR_BYTES: [usize; 3] = [1, 512, 4096];

/// Numbers that look random and follow from a seed (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Dice that always fall the same way for the same seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// Whether something that happens so often has happened.
    pub(crate) fn percent(&mut self, often: u64) -> bool {
        self.below(100) < often
    }

    /// A place among so many.
    pub(crate) fn index(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).expect("below an index")
    }
}

/// The disk. Clones are the same disk; [`FaultyDisk::plug_in`] gives what a store is opened on.
#[derive(Clone, Debug)]
pub(crate) struct FaultyDisk(Arc<Mutex<Platter>>);

impl FaultyDisk {
    /// An empty disk.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Platter::new(seed, None))))
    }

    /// An empty disk that says it has synced and, every so many times, has not.
    pub(crate) fn lying(seed: u64, every: u64) -> Self {
        Self(Arc::new(Mutex::new(Platter::new(seed, Some(every)))))
    }

    /// Powers the disk up, with what survived the last cut, for one store. A store from before can
    /// no longer reach it.
    pub(crate) fn plug_in(&self) -> Plug {
        let mut platter = self.platter();
        platter.settle_unsynced();
        platter.power_cut_in = None;
        platter.plugged_in += 1;
        Plug { disk: self.clone(), number: platter.plugged_in }
    }

    /// Cuts the power at the n-th write, change of length or sync from now: 0 is the next one.
    pub(crate) fn cut_power_in(&self, operations: u64) {
        self.platter().power_cut_in = Some(operations);
    }

    /// Opens what is on the disk for one more store; it loses nothing.
    pub(crate) fn plug_in_again(&self) -> Plug {
        let mut platter = self.platter();
        platter.plugged_in += 1;
        Plug { disk: self.clone(), number: platter.plugged_in }
    }

    /// From the n-th write from now on there is no room on the disk: 0 is the next one.
    pub(crate) fn fill_in(&self, operations: u64) {
        self.platter().full_in = Some(operations);
    }

    /// Puts these bytes at the beginning of the disk.
    pub(crate) fn overwrite(&self, bytes: &[u8]) {
        let bytes = bytes.to_vec();
        self.platter().change(Change::Bytes { start: 0, bytes });
    }

    /// There is room on the disk again.
    pub(crate) fn make_room(&self) {
        self.platter().full_in = None;
    }

    /// How often a sync was asked for.
    pub(crate) fn syncs(&self) -> u64 {
        self.platter().syncs
    }

    fn platter(&self) -> MutexGuard<'_, Platter> {
        self.0.lock().expect("no test panics while it holds the disk")
    }
}

/// One store's connection to the disk, until the power is cut.
#[derive(Debug)]
pub(crate) struct Plug {
    disk: FaultyDisk,
    number: u64,
}

impl Plug {
    /// The disk, while it has power and is plugged in here.
    fn powered(&self) -> io::Result<MutexGuard<'_, Platter>> {
        let platter = self.disk.platter();
        if platter.plugged_in == self.number { Ok(platter) } else { Err(no_power()) }
    }

    fn change(&self, change: Change) -> io::Result<()> {
        let mut platter = self.powered()?;
        platter.change(change);
        platter.operated()
    }
}

impl StorageBackend for Plug {
    fn len(&self) -> io::Result<u64> {
        Ok(self.powered()?.seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let start = place(offset)?;
        let platter = self.powered()?;
        let found = platter.seen.get(start..start + out.len()).ok_or_else(past_the_end)?;
        out.copy_from_slice(found);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(Change::Length(place(len)?))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut platter = self.powered()?;
        platter.operated()?;
        platter.sync();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.powered()?.take_room()?;
        self.change(Change::Bytes { start: place(offset)?, bytes: data.to_vec() })
    }
}

/// What is on the disk, and what it only says is.
struct Platter {
    dice: Dice,
    synced: Vec<u8>,
    seen: Vec<u8>,
    unsynced: Vec<Change>,
    /// Grows with every plugging in and every cut, so that no old plug fits.
    plugged_in: u64,
    power_cut_in: Option<u64>,
    full_in: Option<u64>,
    syncs: u64,
    lies_every: Option<u64>,
}

enum Change {
    Length(usize),
    Bytes { start: usize, bytes: Vec<u8> },
}

impl Platter {
    fn new(seed: u64, lies_every: Option<u64>) -> Self {
        Self {
            dice: Dice::new(seed),
            synced: Vec::new(),
            seen: Vec::new(),
            unsynced: Vec::new(),
            plugged_in: 0,
            power_cut_in: None,
            full_in: None,
            syncs: 0,
            lies_every,
        }
    }

    fn change(&mut self, change: Change) {
        apply(&mut self.seen, &change);
        self.unsynced.push(change);
    }

    /// Counts an operation, which fails where it is the one at which the power is cut.
    fn operated(&mut self) -> io::Result<()> {
        match self.power_cut_in.as_mut() {
            None => Ok(()),
            Some(0) => {
                self.plugged_in += 1;
                Err(no_power())
            }
            Some(operations) => {
                *operations -= 1;
                Ok(())
            }
        }
    }

    /// Counts a write, which fails where there is no room for it.
    fn take_room(&mut self) -> io::Result<()> {
        match self.full_in.as_mut() {
            None => Ok(()),
            Some(0) => Err(io::ErrorKind::StorageFull.into()),
            Some(operations) => {
                *operations -= 1;
                Ok(())
            }
        }
    }

    fn sync(&mut self) {
        self.syncs += 1;
        if self.lies_every.is_some_and(|every| self.syncs.is_multiple_of(every)) {
            return;
        }
        for change in self.unsynced.drain(..) {
            apply(&mut self.synced, &change);
        }
    }

    /// Decides what of the unsynced has reached the disk all the same.
    fn settle_unsynced(&mut self) {
        let (whole, torn_often) = [(0, 0), (40, 30), (90, 5), (100, 0)][self.dice.index(4)];
        let tear_bytes = TEAR_BYTES[self.dice.index(TEAR_BYTES.len())];
        for change in std::mem::take(&mut self.unsynced) {
            let survivors = match change {
                Change::Bytes { start, bytes } if self.dice.percent(torn_often) => {
                    torn(start, &bytes, tear_bytes, &mut self.dice)
                }
                change if self.dice.percent(whole) => vec![change],
                _ => Vec::new(),
            };
            for survivor in survivors {
                apply(&mut self.synced, &survivor);
            }
        }
        self.seen.clone_from(&self.synced);
    }
}

impl fmt::Debug for Platter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Platter({} bytes, {} changes unsynced)", self.seen.len(), self.unsynced.len())
    }
}

/// The pieces of a write that survive: of bytes, one end of it; of sectors and pages, any.
fn torn(start: usize, bytes: &[u8], tear_bytes: usize, dice: &mut Dice) -> Vec<Change> {
    if tear_bytes == 1 {
        let (head, tail) = bytes.split_at(dice.index(bytes.len() + 1));
        return vec![if dice.percent(50) {
            Change::Bytes { start, bytes: head.to_vec() }
        } else {
            Change::Bytes { start: start + head.len(), bytes: tail.to_vec() }
        }];
    }
    bytes
        .chunks(tear_bytes)
        .enumerate()
        .filter(|_| dice.percent(50))
        .map(|(index, piece)| Change::Bytes {
            start: start + index * tear_bytes,
            bytes: piece.to_vec(),
        })
        .collect()
}

fn apply(disk: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Length(len) => disk.resize(*len, 0),
        Change::Bytes { start, bytes } => {
            let end = start + bytes.len();
            disk.resize(disk.len().max(end), 0);
            disk[*start..end].copy_from_slice(bytes);
        }
    }
}

fn place(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| past_the_end())
}

fn past_the_end() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "past the end of the disk")
}

fn no_power() -> io::Error {
    io::Error::other("the power is out")
}
