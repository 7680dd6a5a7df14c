//! The books in Redis, row by row: what is fetched, and what a marked row means.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Founding;
use super::clock::ServerClock;
use super::counters;
use super::error::{corrupt, is_full, read_error, unexpected};
use super::found::next_entry_of;
use super::high_water::HighWater;
use super::keys::{Keys, LAYOUT, Place, Shape, shape};
use super::mark::{Mark, MarkState, Marked};
use super::scripts::GIVE_UP;
use crate::clock::Clock;
use crate::domain::epoch::Epoch;
use crate::domain::time::Timestamp;
use crate::ledger::LedgerError;
use crate::ledger::codec::to_row;
use crate::ledger::draft::RawRows;
use crate::ledger::halt::Halt;
use crate::ledger::table::TableId;
use crate::remote::{Call, Command, Confirm, Remote, Value};

/// How many commands travel together.
const COMMANDS: usize = 1000;

/// How many commands at most are answered as of one moment.
const AT_ONCE: usize = 200;

/// One Redis with books in it.
pub(super) struct Books {
    pub(super) remote: Remote,
    pub(super) keys: Keys,
    pub(super) clock: Arc<ServerClock>,
    /// Tells the time in place of the server, in tests.
    pub(super) given_clock: Option<Arc<dyn Clock>>,
    /// The books that are in use; none before they were found.
    pub(super) epoch: Mutex<Option<Epoch>>,
    /// The books that have to be in use; none for whichever there are.
    pub(super) pinned: Option<Epoch>,
    /// Of the secret under which they are kept.
    pub(super) fingerprint: String,
    /// What is done where there are no books.
    pub(super) founding: Founding,
    /// What a step that is acted on waits for before it is answered.
    pub(super) confirm: Confirm,
    /// How far the journal surely reaches.
    pub(super) high_water: HighWater,
    /// Whether steps are taken, and why not.
    pub(super) halt: Halt,
}

/// What is wanted of the books.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Want {
    /// A row.
    Row(TableId, Vec<u8>),
    /// All rows whose keys begin so.
    Group(TableId, Vec<u8>),
}

/// A row as it is kept, and as it is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// The bytes in Redis; empty where there is nothing.
    pub(super) raw: Vec<u8>,
    /// The row; none where there is none.
    pub(super) row: Option<Vec<u8>>,
}

/// Rows with their keys.
pub(super) type KeptRows = Vec<(Vec<u8>, Kept)>;

/// What was found, in the order in which it was wanted.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) now: Option<Timestamp>,
    /// The moment by the server's own clock, believed or not.
    pub(super) at_server: Option<Timestamp>,
    pub(super) of: Vec<KeptRows>,
    /// Whether all of it was there at one moment.
    pub(super) is_of_one_moment: bool,
}

/// What is known of steps being staged, as of one look at the books.
pub(super) type Marks = HashMap<Mark, MarkState>;

impl Books {
    /// The epoch of the books in use.
    pub(super) fn known_epoch(&self) -> Option<Epoch> {
        *self.epoch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the key of the epoch has to hold, empty for nothing. No step is taken on books that were
    /// not found to be ours.
    pub(super) async fn epoch(&self) -> Result<String, LedgerError> {
        if self.founding == Founding::Adopting {
            return self.epoch_as_it_stands().await;
        }
        self.halt.check_read()?;
        let found = match self.known_epoch() {
            Some(known) => known,
            None => self.find().await?.ok_or(LedgerError::WrongEpoch)?,
        };
        Ok(text_of_epoch(found))
    }

    /// Looks at the books. The first look of a step says the moment, too.
    pub(super) async fn fetch(&self, wants: &[Want], is_first: bool) -> Result<Found, LedgerError> {
        let epoch = self.epoch().await?;
        let epoch_key = self.keys.epoch();
        let mut found = Found { is_of_one_moment: wants.len() <= AT_ONCE, ..Found::default() };
        let mut pieces: Vec<_> = wants.chunks(COMMANDS).collect();
        if pieces.is_empty() {
            pieces.push(&[]);
        }
        for (piece, wants) in (0_usize..).zip(pieces) {
            let mut commands = Vec::with_capacity(wants.len());
            let says_when = is_first && piece == 0;
            if says_when {
                commands.push(Command::new("GET", &epoch_key));
                commands.push(Command::new("GET", &self.keys.next_entry()));
                commands.push(Command::beside("TIME", &epoch_key));
            }
            for want in wants {
                commands.push(self.command(want)?);
            }
            let (sent, least) = (std::time::Instant::now(), self.least_next_entry());
            let values;
            (values, found.is_of_one_moment) = self.look(commands, found.is_of_one_moment).await?;
            let mut values = values.into_iter();
            if says_when {
                let held = values.next().and_then(Value::into_bytes).unwrap_or_default();
                if held != epoch.as_bytes() {
                    return Err(LedgerError::WrongEpoch);
                }
                let next_entry = next_entry_of(&values.next().unwrap_or(Value::Nil))?;
                if next_entry < least {
                    return Err(self.fell_short().await);
                }
                self.has_shown(next_entry);
                let time = values.next().and_then(|time| server_time(&time));
                let time = time.ok_or_else(|| unexpected("TIME"))?;
                let believed = self.clock.learn(time, sent);
                found.now = Some(self.given_clock.as_ref().map_or(believed, Clock::now));
                found.at_server = Some(time);
            }
            for (want, value) in wants.iter().zip(values) {
                found.of.push(self.read(want, value)?);
            }
        }
        Ok(found)
    }

    /// Asks; as of one moment where that is wanted and can be had: a server whose memory is full
    /// takes no transaction, and be it of reads. Tells whether it was.
    async fn look(
        &self,
        commands: Vec<Command>,
        as_of_one_moment: bool,
    ) -> Result<(Vec<Value>, bool), LedgerError> {
        if as_of_one_moment {
            match self.ask(commands.clone(), true).await {
                Err(LedgerError::NotApplied(why)) if is_full(&why) => {}
                asked => return Ok((asked?, true)),
            }
        }
        Ok((self.ask(commands, false).await?, false))
    }

    /// Asks; as of one moment where that is wanted.
    pub(super) async fn ask(
        &self,
        mut commands: Vec<Command>,
        as_of_one_moment: bool,
    ) -> Result<Vec<Value>, LedgerError> {
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        if !as_of_one_moment || commands.len() == 1 {
            return self.remote.ask(commands).await.map_err(read_error);
        }
        let key = self.keys.epoch();
        commands.insert(0, Command::beside("MULTI", &key));
        commands.push(Command::beside("EXEC", &key));
        let mut values = self.remote.ask(commands).await.map_err(read_error)?;
        values.pop().and_then(Value::into_list).ok_or_else(|| unexpected("EXEC"))
    }

    fn command(&self, want: &Want) -> Result<Command, LedgerError> {
        let (table, key) = match want {
            Want::Row(table, key) => (*table, key),
            Want::Group(table, prefix) => return self.group_command(*table, prefix),
        };
        Ok(match self.keys.place(table, key) {
            Place::Field { key, field, .. } => Command::new("HGET", &key).with(field),
            Place::Counters(field) => Command::new("HGET", &self.keys.table(table)).with(field),
            Place::NextEntry => Command::new("GET", &self.keys.next_entry()),
            Place::Epoch => Command::new("GET", &self.keys.epoch()),
            Place::Entry(number) => {
                let id = entry_id(number);
                Command::new("XRANGE", &self.keys.table(table)).with(&id).with(&id)
            }
            Place::Member => {
                let what = format!("the rows of {} are only scanned", table.name());
                return Err(LedgerError::Invariant(what));
            }
        })
    }

    fn group_command(&self, table: TableId, prefix: &[u8]) -> Result<Command, LedgerError> {
        match shape(table) {
            Shape::Whole | Shape::Counters if prefix.is_empty() => {
                Ok(Command::new("HGETALL", &self.keys.table(table)))
            }
            Shape::Owned(length) if prefix.len() == length => {
                Ok(Command::new("HGETALL", &self.keys.hash(table, prefix)))
            }
            Shape::Fronts(front) if front.is_in(prefix) => {
                Ok(Command::new("HGETALL", &self.keys.hash(table, &front.of(prefix))))
            }
            _ => {
                let what = format!("the rows of {} are not grouped so", table.name());
                Err(LedgerError::Invariant(what))
            }
        }
    }

    fn read(&self, want: &Want, value: Value) -> Result<KeptRows, LedgerError> {
        match want {
            Want::Row(table, key) => Ok(vec![(key.clone(), self.row(*table, key, value)?)]),
            Want::Group(table, prefix) => {
                let said = match shape(*table) {
                    Shape::Fronts(front) => prefix.get(..front.whole_bytes()).unwrap_or(prefix),
                    _ => prefix,
                };
                fields(value)?
                    .into_iter()
                    .map(|(field, raw)| ([said, &field].concat(), raw))
                    .filter(|(key, _)| key.starts_with(prefix))
                    .map(|(key, raw)| {
                        let kept = self.row(*table, &key, Value::Bytes(raw))?;
                        Ok((key, kept))
                    })
                    .collect()
            }
        }
    }

    /// A row as it is kept, before marks are looked at.
    fn row(&self, table: TableId, key: &[u8], value: Value) -> Result<Kept, LedgerError> {
        if let Place::Entry(_) = self.keys.place(table, key) {
            let row = entries(value)?.pop().map(|(_, row)| row);
            return Ok(Kept { raw: Vec::new(), row });
        }
        let Some(raw) = value.into_bytes() else { return Ok(Kept::default()) };
        let row = match self.keys.place(table, key) {
            Place::Counters(_) => counters::row_of(table, &raw).map_err(corrupt)?,
            Place::NextEntry => {
                let number = std::str::from_utf8(&raw).ok().and_then(|text| text.parse().ok());
                to_row::<u64>(&number.ok_or_else(|| unexpected("the journal's next number"))?)
            }
            Place::Epoch => {
                let epoch = std::str::from_utf8(&raw).ok().and_then(epoch_of_text);
                to_row::<u64>(&epoch.ok_or(LedgerError::WrongEpoch)?.as_number())
            }
            Place::Field { .. } | Place::Entry(_) | Place::Member => raw.clone(),
        };
        Ok(Kept { raw, row: Some(row) })
    }

    /// Learns what became of steps whose marks were seen. Those that have no record any more are
    /// left out: their rows have changed since.
    pub(super) async fn learn_marks(
        &self,
        seen: &[Mark],
        marks: &mut Marks,
    ) -> Result<(), LedgerError> {
        let record = |mark: &Mark| Command::new("HGET", &self.keys.staged(mark)).with("state");
        let values = self.ask(seen.iter().map(record).collect(), false).await?;
        for (mark, value) in seen.iter().zip(values) {
            match value.as_text() {
                Some("kept") => marks.insert(*mark, MarkState::Kept),
                Some("given up") => marks.insert(*mark, MarkState::GivenUp),
                Some(_) => marks.insert(*mark, MarkState::Staging),
                None => marks.remove(mark),
            };
        }
        Ok(())
    }

    /// What rows of steps that were kept have become.
    pub(super) async fn staged_rows(
        &self,
        of: &[(Mark, TableId, Vec<u8>)],
    ) -> Result<Vec<Option<Vec<u8>>>, LedgerError> {
        let staged = |(mark, table, key): &(Mark, TableId, Vec<u8>)| {
            Command::new("HGET", &self.keys.staged(mark)).with(Marked::name(*table, key))
        };
        let values = self.ask(of.iter().map(staged).collect(), false).await?;
        Ok(values.into_iter().map(|value| Marked::new_row(value.into_bytes())).collect())
    }

    /// Has a step given up whose time to be staged is over; tells whether it is decided now.
    pub(super) async fn give_up(&self, mark: &Mark, is_ours: bool) -> Result<bool, LedgerError> {
        let epoch = self.epoch().await?;
        let keys = vec![self.keys.epoch(), self.keys.staged(mark)];
        let args = vec![epoch.into_bytes(), vec![b'0' | u8::from(is_ours)]];
        let decided = self.remote.run(&Call { script: &GIVE_UP, keys, args }).await;
        Ok(decided.map_err(read_error)?.as_int() == Some(1))
    }
}

/// The epoch as its key holds it: the layout's version, and the number.
pub(super) fn text_of_epoch(epoch: Epoch) -> String {
    format!("{LAYOUT}-{epoch}")
}

/// The epoch of books whose layout is known here.
pub(super) fn epoch_of_text(text: &str) -> Option<Epoch> {
    text.strip_prefix(LAYOUT)?.strip_prefix('-')?.parse().ok()
}

/// The id of an entry: ids begin with 1, numbers with 0.
pub(super) fn entry_id(number: u64) -> String {
    format!("{}-1", number.saturating_add(1))
}

/// The entries of a stream, by their numbers.
pub(super) fn entries(value: Value) -> Result<Vec<(u64, Vec<u8>)>, LedgerError> {
    let entry = |value: Value| {
        let mut parts = value.into_list()?.into_iter();
        let id = parts.next()?;
        let number: u64 = id.as_text()?.split('-').next()?.parse().ok()?;
        let bytes = parts.next()?.into_list()?.pop()?.into_bytes()?;
        Some((number.checked_sub(1)?, bytes))
    };
    let values = value.into_list().ok_or_else(|| unexpected("XRANGE"))?;
    values.into_iter().map(|value| entry(value).ok_or_else(|| unexpected("XRANGE"))).collect()
}

/// The fields of a hash and what is in them.
pub(super) fn fields(value: Value) -> Result<RawRows, LedgerError> {
    let values = value.into_list().ok_or_else(|| unexpected("HGETALL"))?;
    let mut values = values.into_iter().map_while(Value::into_bytes);
    let mut fields = Vec::new();
    while let (Some(field), Some(value)) = (values.next(), values.next()) {
        fields.push((field, value));
    }
    fields.sort();
    Ok(fields)
}

fn server_time(value: &Value) -> Option<Timestamp> {
    let [seconds, micros] = value.as_list()? else { return None };
    let seconds: i64 = seconds.as_text()?.parse().ok()?;
    let micros: i64 = micros.as_text()?.parse().ok()?;
    Some(Timestamp::from_millis(seconds.checked_mul(1000)?.checked_add(micros.checked_div(1000)?)?))
}
