//! The commit: one script that checks what a step relied on and writes what it writes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::books::{Books, entry_id};
use super::change::{Change, Changes, Field};
use super::counters;
use super::error::{unexpected, write_error};
use super::keys::Keys;
use super::scripts::{COMMIT_WHEN_FULL, commit_of, is_acted_on};
use crate::domain::time::Timestamp;
use crate::ledger::LedgerError;
use crate::ledger::codec::Ordered;
use crate::ledger::table::TableId;
use crate::ledger::transition::post::LATE_AT_MOST;
use crate::ledger::writes::{Bounded, Counter};
use crate::remote::{Call, Confirm, RemoteError, Script, Value};

/// How long a commit is known by its token: far longer than anybody repeats it.
const TOKEN_FOR: Duration = Duration::from_mins(1);

/// How long a step may take until it is kept, unless it is staged.
const LATE_UNSTAGED: Duration = Duration::from_secs(5);

/// How long a step whose answer was lost is repeated, script by script.
pub(super) const REPEAT_FOR: Duration = Duration::from_millis(1200);

/// Whether a step was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was.
    Kept,
    /// Something it relied on has changed: it is to be run again.
    Moved,
}

/// Keys and arguments of a script, with each key once.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    keys: Vec<Vec<u8>>,
    numbers: HashMap<Vec<u8>, usize>,
    args: Vec<Vec<u8>>,
}

impl Arguments {
    /// The keys that a script knows by their places.
    pub(super) fn of(keys: Vec<Vec<u8>>) -> Self {
        Self { keys, ..Self::default() }
    }

    /// The number of a key, which is among the keys from then on.
    pub(super) fn number_of(&mut self, key: &[u8]) -> usize {
        if let Some(number) = self.numbers.get(key) {
            return *number;
        }
        self.keys.push(key.to_vec());
        self.numbers.insert(key.to_vec(), self.keys.len());
        self.keys.len()
    }

    pub(super) fn push(&mut self, argument: impl AsRef<[u8]>) {
        self.args.push(argument.as_ref().to_vec());
    }

    pub(super) fn push_number(&mut self, number: impl Copy + ToString) {
        self.push(number.to_string());
    }

    /// The number of a key as an argument.
    pub(super) fn push_key(&mut self, key: &[u8]) {
        let number = self.number_of(key);
        self.push_number(number);
    }

    /// The number of the directory that lists the hash of a field; 0 for none.
    pub(super) fn push_directory(&mut self, field: &Field) {
        match &field.directory {
            Some(directory) => self.push_key(directory),
            None => self.push("0"),
        }
    }

    pub(super) fn call(self, script: &'static Script) -> Call<'static> {
        Call { script, keys: self.keys, args: self.args }
    }
}

/// A record of a step that was staged, and what it says until it is kept.
pub(super) struct Record {
    pub(super) key: Vec<u8>,
    pub(super) staging: Vec<u8>,
}

/// Keeps a step, once.
pub(super) async fn commit(
    books: &Books,
    name: &'static str,
    changes: &Changes,
    now: Option<Timestamp>,
    record: Option<&Record>,
) -> Result<Fate, LedgerError> {
    let mut token = [0; 16];
    getrandom::fill(&mut token).expect("the operating system provides random bytes");
    let epoch = books.epoch().await?;
    let keys = &books.keys;
    let table = |name| keys.named(name);
    let first = [keys.epoch(), keys.commit(&token), keys.next_entry(), table("journal")];
    let record_key = record.map(|record| record.key.clone());
    let hashes = changes.fields.keys().map(|field| field.key.clone());
    let mut arguments = Arguments::of(first.into_iter().chain(record_key).chain(hashes).collect());
    arguments.push(epoch);
    let only_checks = changes.writes_nothing() && record.is_none();
    arguments.push_number(if only_checks { 0 } else { TOKEN_FOR.as_millis() });
    let may_be_late = only_checks || books.given_clock.is_some();
    let late = if record.is_some() { LATE_AT_MOST } else { LATE_UNSTAGED };
    let latest = now.filter(|_| !may_be_late).map(|now| now.after(late));
    arguments.push_number(latest.map_or(0, Timestamp::as_millis));
    arguments.push_number(books.least_next_entry());
    push_changes(&mut arguments, keys, changes, record);
    let call = arguments.call(if only_checks { &COMMIT_WHEN_FULL } else { commit_of(name) });
    let is_confirmed = is_acted_on(name) && !only_checks;
    let confirm = if is_confirmed { books.confirm } else { Confirm::Nothing };
    let began = Instant::now();
    let mut is_in_doubt = false;
    loop {
        let answer = books.remote.run_confirmed(&call, confirm).await;
        if let Err(RemoteError::Said { code, .. }) = &answer
            && code == "WENTBACK"
        {
            return Err(books.fell_short().await);
        }
        match answer.map_err(write_error) {
            Ok(Value::Int(0)) => return Ok(Fate::Moved),
            Ok(Value::Int(kept)) => {
                // One more than the journal's next number.
                let next_entry = kept.checked_sub(1).and_then(|next| u64::try_from(next).ok());
                let next_entry = next_entry.ok_or_else(|| unexpected("a commit"))?;
                if confirm == Confirm::Nothing {
                    books.has_shown(next_entry);
                } else {
                    books.is_confirmed(next_entry);
                }
                return Ok(Fate::Kept);
            }
            Ok(_) => return Err(unexpected("a commit")),
            // By its token it is taken once, however often it is asked.
            Err(LedgerError::Unknown(_)) if began.elapsed() < REPEAT_FOR => is_in_doubt = true,
            // That it was not taken now says nothing of the time before.
            Err(LedgerError::NotApplied(why)) if is_in_doubt => {
                return Err(LedgerError::Unknown(why));
            }
            Err(error) => return Err(error),
        }
    }
}

/// Which directory lists the hashes of which rows; rows of one table stand together.
fn push_sections(arguments: &mut Arguments, changes: &Changes, record: Option<&Record>) {
    let mut sections: Vec<(Option<&Field>, usize)> = Vec::new();
    if record.is_some() {
        sections.push((None, 1));
    }
    for field in changes.fields.keys() {
        match sections.last_mut() {
            Some((Some(first), count)) if first.table == field.table => {
                *count = count.saturating_add(1);
            }
            _ => sections.push((Some(field), 1)),
        }
    }
    arguments.push_number(sections.len());
    for (first, count) in sections {
        match first {
            Some(field) => arguments.push_directory(field),
            None => arguments.push("0"),
        }
        arguments.push_number(count);
    }
}

fn push_changes(
    arguments: &mut Arguments,
    keys: &Keys,
    changes: &Changes,
    record: Option<&Record>,
) {
    arguments.push_number(changes.groups.len());
    for (hash, fields) in &changes.groups {
        arguments.push_key(hash);
        arguments.push_number(fields);
    }
    push_sections(arguments, changes, record);
    arguments.push_number(changes.fields.len().saturating_add(record.iter().len()));
    if let Some(record) = record {
        for argument in [b"state".as_slice(), &record.staging, b"kept"] {
            arguments.push(argument);
        }
    }
    for (field, Change { expected, new, .. }) in &changes.fields {
        arguments.push(&field.name);
        arguments.push(expected.as_deref().unwrap_or(b"?"));
        arguments.push(new.as_deref().unwrap_or(b"="));
    }
    arguments.push_number(changes.writes.bounds.len());
    for Bounded { counter, needed, limit } in &changes.writes.bounds {
        let (table, field, numbers) = match counter {
            Counter::Tally(key) => (TableId::Tallies, key.to_key(), counters::USED),
            Counter::Use(key) => (TableId::Uses, key.to_key(), 1),
        };
        arguments.push_key(&keys.table(table));
        arguments.push(field);
        arguments.push_number(numbers);
        arguments.push_number(*needed);
        arguments.push_number(*limit);
    }
    let counters = changes.counters(keys);
    arguments.push_number(counters.len());
    for (hash, field, by) in counters {
        arguments.push_key(&hash);
        arguments.push(field);
        arguments.push_number(by.len());
        for counter in by {
            arguments.push_number(counter);
        }
    }
    arguments.push_number(changes.members.len());
    for (set, from, to) in &changes.members {
        arguments.push_key(set);
        arguments.push(from);
        arguments.push(to);
    }
    arguments.push(changes.next_expected.as_deref().unwrap_or(b"?"));
    arguments.push_number(changes.next_entry.iter().len());
    if let Some(next) = changes.next_entry {
        arguments.push_number(next);
    }
    arguments.push(changes.epoch.as_deref().unwrap_or(b"="));
    arguments.push(changes.trimmed_to.map_or_else(|| "=".to_owned(), entry_id));
    arguments.push_number(changes.writes.entries.len());
    for entry in &changes.writes.entries {
        arguments.push(entry);
    }
}
