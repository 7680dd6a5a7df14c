//! Steps too large for one commit: their rows are staged piece by piece, and the commit decides
//! all of them at once. No script is long, so nobody else waits, and whoever meets a staged row
//! learns from the step's record what it means.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::books::Books;
use super::change::{Change, Changes, Field};
use super::commit::{Arguments, Fate, REPEAT_FOR, Record, commit};
use super::error::{read_error, write_error};
use super::mark::{Mark, Marked};
use super::scripts::{STAGE, UNMARK};
use crate::domain::time::Timestamp;
use crate::ledger::LedgerError;
use crate::ledger::table::TableId;
use crate::ledger::transition::post::LATE_AT_MOST;
use crate::remote::{Command, Confirm, RemoteError, Value};

/// The most rows and bytes of one script. More would keep other clients of the server waiting.
const ROWS: usize = 1200;
const BYTES: usize = 512 * 1024;

/// The most rows and bytes of one staged piece.
const PIECE_ROWS: usize = 500;
const PIECE_BYTES: usize = 256 * 1024;

/// How long a step may be staged, besides the time for each piece, before others may give it up.
const STAGED_FOR: Duration = Duration::from_secs(5);
const STAGED_FOR_A_PIECE: Duration = Duration::from_millis(100);
const STAGED_FOR_MAX: Duration = LATE_AT_MOST;

/// How long after that its rows are seen to by others.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(10);

/// Keeps a step, whatever its size.
pub(super) async fn keep(
    books: &Books,
    name: &'static str,
    changes: Changes,
    now: Option<Timestamp>,
) -> Result<Fate, LedgerError> {
    let bytes: usize = changes.fields.values().map(Change::bytes).sum();
    let is_small = changes.fields.len() <= ROWS && bytes <= BYTES;
    if is_small || changes.writes_nothing() {
        return commit(books, name, &changes, now, None).await;
    }
    let mark = Mark::random();
    let (staged, rest) = split(changes);
    let staged: Vec<_> = staged.into_iter().collect();
    let pieces = pieces(&staged);
    let for_pieces = u32::try_from(pieces.len()).unwrap_or(u32::MAX);
    let staged_for = STAGED_FOR.saturating_add(STAGED_FOR_A_PIECE.saturating_mul(for_pieces));
    let until = server_now(books).after(staged_for.min(STAGED_FOR_MAX));
    let record = Record {
        key: books.keys.staged(&mark),
        staging: format!("staging {}", until.as_millis()).into_bytes(),
    };
    // Where it fails, the record knows whether it was kept, and whoever tidies sees to the rest:
    // nobody is kept waiting for a server that is in trouble.
    let fate = match stage(books, &mark, until, &pieces).await? {
        Fate::Kept => commit(books, name, &rest, now, Some(&record)).await?,
        Fate::Moved => Fate::Moved,
    };
    let fields: Vec<Vec<_>> =
        pieces.iter().map(|piece| piece.iter().map(|(field, _)| field).collect()).collect();
    if let Err(error) = end(books, &mark, &fields, fate).await {
        tracing::debug!(%error, "the marks of an interrupted step stay until they are cleaned up");
    }
    Ok(fate)
}

/// Leaves no mark of a step that was kept, or has to run again.
async fn end(
    books: &Books,
    mark: &Mark,
    fields: &[Vec<&Field>],
    fate: Fate,
) -> Result<(), LedgerError> {
    if fate == Fate::Moved {
        books.give_up(mark, true).await?;
    }
    unmark(books, mark, fields).await
}

/// Divides the rows of a step into pieces, none of which is large.
fn pieces(rows: &[(Field, Change)]) -> Vec<&[(Field, Change)]> {
    let mut pieces = Vec::new();
    let (mut start, mut bytes) = (0_usize, 0_usize);
    for (n, (_, change)) in rows.iter().enumerate() {
        let is_full = n.saturating_sub(start) >= PIECE_ROWS
            || (n > start && bytes.saturating_add(change.bytes()) > PIECE_BYTES);
        if is_full {
            pieces.extend(rows.get(start..n));
            (start, bytes) = (n, 0);
        }
        bytes = bytes.saturating_add(change.bytes());
    }
    pieces.extend(rows.get(start..).filter(|rest| !rest.is_empty()));
    pieces
}

/// The rows whose number grows with the leads of a step are staged; the few others go with the commit.
fn split(mut changes: Changes) -> (BTreeMap<Field, Change>, Changes) {
    let is_staged = |field: &Field| {
        use TableId::{
            Addresses, Answers, Batches, JobLeads, Jobs, Joins, Leads, Persons, Settlements, Slots,
            Superseded, Validations,
        };
        let of_leads = matches!(field.table, Leads | Persons | Superseded | Joins);
        let of_batches = matches!(field.table, Batches | Slots | Jobs | JobLeads | Answers);
        of_leads || of_batches || matches!(field.table, Addresses | Settlements | Validations)
    };
    let mut fields = std::mem::take(&mut changes.fields);
    let is_checked = |(field, change): &(&Field, &mut Change)| {
        is_staged(field) && change.new.is_none() && change.expected.is_some()
    };
    if fields.iter_mut().filter(is_checked).count() > PIECE_ROWS {
        // So many rows that are only validated are staged as well, and stay as they are.
        for (_, change) in fields.iter_mut().filter(is_checked) {
            change.new = Some(change.stands.clone());
        }
    }
    let (staged, fields): (BTreeMap<_, _>, BTreeMap<_, _>) =
        fields.into_iter().partition(|(field, change)| is_staged(field) && change.new.is_some());
    changes.fields = fields;
    // A field that is new has been there, marked, since it was staged.
    for (field, change) in &staged {
        let is_new = change.expected.as_deref() == Some(b"") && change.new.is_some();
        if let Some(count) = changes.groups.get_mut(&field.key).filter(|_| is_new) {
            *count = count.saturating_add(1);
        }
    }
    (staged, changes)
}

/// The moment by the server's own clock, whatever clock the steps go by.
fn server_now(books: &Books) -> Timestamp {
    books.clock.at_server()
}

async fn stage(
    books: &Books,
    mark: &Mark,
    until: Timestamp,
    pieces: &[&[(Field, Change)]],
) -> Result<Fate, LedgerError> {
    let (epoch, began) = (books.epoch().await?, Instant::now());
    for piece in pieces {
        let hashes = piece.iter().map(|(field, _)| field);
        let mut arguments = start(books, mark, &epoch, hashes);
        arguments.push_number(until.as_millis());
        arguments.push_number(piece.len());
        for (field, change) in *piece {
            arguments.push_directory(field);
            arguments.push(&field.name);
            arguments.push(change.expected.as_deref().unwrap_or(b"?"));
            arguments.push(Marked::name(field.table, &field.row));
            arguments.push(match change.new.as_deref() {
                None => b"=".to_vec(),
                Some([]) => b"-".to_vec(),
                Some(new) => [b"+", new].concat(),
            });
        }
        let call = arguments.call(&STAGE);
        let mut answer = books.remote.run_confirmed(&call, Confirm::Nothing).await;
        // Staged twice is staged once.
        if matches!(answer, Err(RemoteError::Unknown(_))) && began.elapsed() < REPEAT_FOR {
            answer = books.remote.run_confirmed(&call, Confirm::Nothing).await;
        }
        // Nothing counts before the commit, so whatever went wrong here was not applied.
        match answer.map_err(read_error)? {
            Value::Int(1) => {}
            _ => return Ok(Fate::Moved),
        }
    }
    Ok(Fate::Kept)
}

fn start<'a>(
    books: &Books,
    mark: &Mark,
    epoch: &str,
    fields: impl Iterator<Item = &'a Field>,
) -> Arguments {
    let first = [books.keys.epoch(), books.keys.staged(mark), books.keys.all_staged()];
    let hashes = fields.map(|field| field.key.clone());
    let mut arguments = Arguments::of(first.into_iter().chain(hashes).collect());
    arguments.push(epoch);
    arguments.push(&**mark);
    arguments
}

/// Takes the marks of a decided step off its rows, and then forgets its record.
async fn unmark(books: &Books, mark: &Mark, pieces: &[Vec<&Field>]) -> Result<(), LedgerError> {
    let epoch = books.epoch().await?;
    let nothing = Vec::new();
    let pieces = if pieces.is_empty() { std::slice::from_ref(&nothing) } else { pieces };
    let last = pieces.len();
    for (number, piece) in (1_usize..).zip(pieces) {
        let mut arguments = start(books, mark, &epoch, piece.iter().copied());
        arguments.push(if number == last { "1" } else { "0" });
        arguments.push_number(piece.len());
        for field in piece {
            arguments.push_directory(field);
            arguments.push(&field.name);
            arguments.push(Marked::name(field.table, &field.row));
        }
        books.remote.run(&arguments.call(&UNMARK)).await.map_err(write_error)?;
    }
    Ok(())
}

/// Sees to steps that whoever staged them has left behind.
pub(super) async fn tidy(books: &Books) -> Result<(), LedgerError> {
    let list = books.keys.all_staged();
    let before = server_now(books).before(FORGOTTEN_AFTER).as_millis().to_string();
    let old = Command::new("ZRANGEBYSCORE", &list).with("-inf").with(before);
    let old = old.with("LIMIT").with("0").with("100");
    let names = books.ask(vec![old], false).await?.pop().and_then(Value::into_list);
    for name in names.unwrap_or_default().into_iter().filter_map(Value::into_bytes) {
        let Some(mark) = Mark::of_record(&name) else { continue };
        if !books.give_up(&mark, false).await? {
            continue;
        }
        let record = books.ask(vec![Command::new("HKEYS", &name)], false).await?.pop();
        let rows = record.and_then(Value::into_list).unwrap_or_default().into_iter();
        let rows = rows.filter_map(Value::into_bytes).filter_map(|row| Marked::of_name(&row));
        let fields: Vec<_> = rows
            .filter_map(|(table, row)| super::change::field_of(&books.keys, table, &row))
            .collect();
        tracing::info!(rows = fields.len(), "cleaning up a large interrupted step");
        let pieces: Vec<Vec<_>> =
            fields.chunks(PIECE_ROWS).map(|rows| rows.iter().collect()).collect();
        unmark(books, &mark, &pieces).await?;
    }
    Ok(())
}
