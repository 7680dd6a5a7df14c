//! The rules of an exported folder: every damage is repaired or reported.

mod checks;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::check::{Chain, Scheme};
use super::*;
use crate::domain::credits::{Amounts, Credits, Unit};
use crate::domain::epoch::Epoch;
use crate::domain::key_terms::{KeyTerms, Scope, Scopes};
use crate::domain::period::{Period, PeriodId};
use crate::domain::policy::Policies;
use crate::domain::pricing::Charges;
use crate::domain::quota::{Action, Quota};
use crate::domain::reveal::Reveals;
use crate::domain::time::Timestamp;
use crate::ledger::ids::{BatchId, JobId};
use crate::ledger::record::entry::{Change, Entry, Fact};
use crate::ledger::record::team::{Key, Standing, Team};
use crate::ledger::transition::checkpoint::{Checkpoint, Roster};
use crate::ledger::transition::epoch::Holdings;
use crate::ledger::transition::trim::fold;

const EPOCH: Epoch = Epoch::from_number(0xfeed);
const BEGINNING: Timestamp = Timestamp::from_millis(1_792_843_200_000);
const HOURS: u64 = 7;

/// Keys of one secret.
fn keys(secret: u8) -> CheckKeys {
    CheckKeys::new(key(secret), Vec::new())
}

fn key(secret: u8) -> CheckKey {
    CheckKey::new([secret; 32], &[secret; 32])
}

fn amounts(email: i64, phone: i64) -> Amounts {
    let credits = Credits::from_thousandths;
    Amounts { email: credits(email), phone: credits(phone) }
}

/// A journal of this many entries of every kind, one every few hours.
fn journal(count: u64) -> Vec<(u64, Entry)> {
    let lisbon = "Europe/Lisbon".parse().unwrap();
    let entry = |number: u64| {
        let at = BEGINNING.after(Duration::from_hours(HOURS * number));
        let batch = BatchId::new(number).unwrap();
        let fact = Fact::ALL[usize::try_from(number).unwrap() % Fact::ALL.len()];
        let sign = if number.is_multiple_of(2) { 1 } else { -1 };
        let change = Change {
            reserved: amounts(sign * 1500, 0),
            spent: amounts(0, 250),
            unresolved: amounts(-sign, sign),
            avoided: amounts(9_007_199_254_740, 0),
        };
        let charges =
            Charges { other: amounts(1, 0), phone_revealed: Credits::ZERO, ..Charges::ZERO };
        Entry {
            at,
            team: "sales".parse().unwrap(),
            fact,
            batch: (fact != Fact::Adjusted).then_some(batch),
            job: (fact != Fact::Adjusted).then_some(JobId { batch, ordinal: 3 }),
            dated: BEGINNING,
            periods: vec![
                (Unit::Email, PeriodId::total()),
                (Unit::Email, Period::Day.span(&lisbon, at).id),
            ],
            change,
            charges,
            note: (fact == Fact::Adjusted).then(|| "invoice \"7\"".parse().unwrap()),
        }
    };
    (0..count).map(|number| (number, entry(number))).collect()
}

fn roster() -> Roster {
    let quota = Quota {
        unit: Unit::Phone,
        period: Period::Month,
        limit: Credits::from_thousandths(12_500),
        zone: "Asia/Kolkata".parse().unwrap(),
        action: Action::Warn,
    };
    let team = Team {
        id: "sales".parse().unwrap(),
        version: 4,
        name: "Sales \"EU\"\n".into(),
        quotas: vec![quota],
        policies: Policies {
            strip_email_reveal: true,
            phones: false,
            max_age: Some(Duration::from_millis(1500)),
            shared_cache: false,
            ignore_no_cache: true,
            requests_per_minute: Some(600),
            requests_at_once: None,
            leads_per_day: Some(7),
            ..Policies::default()
        },
        standing: Standing::Paused,
        opening: 1,
        counting: Vec::new(),
    };
    let key = Key {
        id: "public".into(),
        team: team.id.clone(),
        name: "ours".into(),
        digest: [0xab; 32],
        created_at: BEGINNING,
        revoked_at: Some(BEGINNING),
        terms: KeyTerms {
            scopes: Scopes::of(&[Scope::Enrich]),
            reveals: Reveals { email: true, phone: false },
            networks: vec!["10.0.0.0/8".parse().unwrap()],
            expires_at: Some(BEGINNING),
            owner: Some("Ada".to_owned()),
            ..KeyTerms::default()
        },
    };
    Roster {
        teams: vec![team],
        keys: vec![Key { revoked_at: None, terms: KeyTerms::default(), ..key.clone() }, key],
    }
}

/// The state after these entries.
fn checkpoint(entries: &[(u64, Entry)]) -> Checkpoint {
    let mut tallies = BTreeMap::new();
    for (_, entry) in entries {
        fold(entry, &mut tallies);
    }
    let (last, entry) = entries.last().unwrap();
    Checkpoint {
        at: entry.at,
        next_entry: last + 1,
        tallies: tallies.into_iter().collect(),
        roster: roster(),
    }
}

/// A store with exactly these entries.
fn holding(entries: &[(u64, Entry)]) -> Holdings {
    let first_entry = entries.first().map_or(0, |(number, _)| *number);
    let next_entry = entries.last().map_or(0, |(number, _)| number + 1);
    Holdings { first_entry, next_entry, ..Holdings::default() }
}

/// Exports the entries that the folder lacks.
fn export(dir: &Path, store: &[(u64, Entry)]) -> Result<usize, Fault> {
    let mut exporter =
        Exporter::open(dir, EPOCH, &keys(1))?.expect("no other process exports there");
    let from = exporter.wants_from();
    let asked: Vec<_> = store.iter().filter(|(number, _)| *number >= from).cloned().collect();
    exporter.append(&asked, &holding(store))
}

/// A folder with ten entries, and a checkpoint after the sixth.
fn exported() -> (TempDir, Vec<(u64, Entry)>) {
    let (folder, entries) = (tempfile::tempdir().unwrap(), journal(10));
    export(folder.path(), &entries[..6]).unwrap();
    let mut exporter = Exporter::open(folder.path(), EPOCH, &keys(1)).unwrap().unwrap();
    exporter.put_checkpoint(checkpoint(&entries[..6])).unwrap();
    drop(exporter);
    assert_eq!(export(folder.path(), &entries).unwrap(), 4);
    (folder, entries)
}

fn read_back(dir: &Path) -> Result<Vec<(u64, Entry)>, Fault> {
    Exported::open(dir, &keys(1), Trust::Keyed)?.entries().collect()
}

fn files(dir: &Path, prefix: &str) -> Vec<PathBuf> {
    let listed = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let is_one = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(prefix);
    let mut files: Vec<_> = listed.filter(is_one).collect();
    files.sort();
    files
}

#[test]
fn exported_entries_are_read_back() {
    let (folder, entries) = exported();
    let read = Exported::open(folder.path(), &keys(1), Trust::Keyed).unwrap();
    assert_eq!((read.epoch, &read.checkpoint), (EPOCH, &checkpoint(&entries[..6])));
    assert_eq!(read_back(folder.path()).unwrap(), entries);
    let names: Vec<_> = files(folder.path(), "journal-");
    let names: Vec<_> =
        names.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names[0], "journal-000000000000-2026-10-24.jsonl");
    assert_eq!(names[1], "journal-000000000002-2026-10-25.jsonl", "a file for each day");
    assert_eq!(names.len(), 4);
}

#[test]
fn a_line_has_names_and_not_numbers_for_kinds() {
    let (folder, _) = exported();
    let text = fs::read_to_string(&files(folder.path(), "journal-")[0]).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let head = r#"{"tollgate":"journal","version":2,"epoch":"000000000000feed","first":0,"key":"01010101","check":""#;
    assert!(lines[0].starts_with(head), "{}", lines[0]);
    let entry = r#"{"number":1,"at":"2026-10-24T19:00:00.000Z","team":"sales","fact":"settled","batch":1,"job":{"batch":1,"ordinal":3},"dated":"2026-10-24T12:00:00.000Z","periods":[{"unit":"email","period":"total"},{"unit":"email","period":"day:2026-10-24:Europe/Lisbon"}],"spent":{"phone":0.25},"reserved":{"email":-1.5},"unresolved":{"email":0.001,"phone":-0.001},"avoided":{"email":9007199254.74},"charges":{"other":{"email":0.001}},"check":""#;
    assert!(lines[2].starts_with(entry), "{}", lines[2]);
}

#[test]
fn the_line_on_the_page_can_be_read() {
    let page = include_str!("../../../docs/operations.md");
    let line = page.lines().map(str::trim).find(|line| line.starts_with("{\"number\"")).unwrap();
    let form: forms::EntryForm = line::unchecked(line.as_bytes()).unwrap();
    let sealed = line::sealed(&form, &mut Chain::new(Scheme::Keyed(key(1))));
    let body = |line: &str| line.rsplit_once(",\"check\"").unwrap().0.to_owned();
    assert_eq!((body(&sealed), sealed.trim().len()), (body(line), line.len()));
}

#[test]
fn the_books_of_a_folder_are_those_of_the_store() {
    let (folder, entries) = exported();
    let read = Exported::open(folder.path(), &keys(1), Trust::Keyed).unwrap();
    for kept in [0, 4, 6, 9] {
        let books = read.books(entries[kept].1.at).unwrap();
        let from = kept.min(6);
        assert_eq!(books.legacy.next_entry, u64::try_from(from).unwrap());
        let before = if from == 0 { Vec::new() } else { checkpoint(&entries[..from]).tallies };
        assert_eq!(books.legacy.tallies, before);
        assert_eq!((books.entries, books.torn), (10, None));
        assert_eq!(books.inheritance.roster, roster());
    }
}

#[test]
fn entries_whose_dates_cross_are_counted_once() {
    let (folder, mut entries) = (tempfile::tempdir().unwrap(), journal(6));
    let (earlier, later) = (entries[2].1.at, entries[3].1.at);
    (entries[2].1.at, entries[3].1.at) = (later, earlier);
    export(folder.path(), &entries).unwrap();
    let mut exporter = Exporter::open(folder.path(), EPOCH, &keys(1)).unwrap().unwrap();
    exporter.put_checkpoint(checkpoint(&entries)).unwrap();
    let books =
        Exported::open(folder.path(), &keys(1), Trust::Keyed).unwrap().books(later).unwrap();
    assert_eq!(books.legacy.next_entry, 2, "what follows is kept with it, older or not");
    assert_eq!(books.legacy.tallies, checkpoint(&entries[..2]).tallies);
}

#[test]
fn a_write_cut_at_any_byte_is_repaired_from_the_store() {
    let (folder, entries) = exported();
    let last = files(folder.path(), "journal-").pop().unwrap();
    let whole = fs::read(&last).unwrap();
    for length in 0..whole.len() {
        fs::write(&last, &whole[..length]).unwrap();
        // Before it is repaired, it can be read up to the damage.
        let read = Exported::open(folder.path(), &keys(1), Trust::Keyed).unwrap();
        let short = read.books(BEGINNING).unwrap();
        let is_whole = whole[..length].ends_with(b"\n") || whole[length] == b'\n';
        assert_eq!(short.torn.is_none(), is_whole, "{length}");
        assert!((8..=10).contains(&short.entries), "{length}: {}", short.entries);
        assert!(export(folder.path(), &entries).unwrap() > 0);
        assert_eq!(fs::read(&last).unwrap(), whole, "{length}");
    }
    // A block that was never written to disk reads as zeros.
    let mut zeros = whole.clone();
    zeros[whole.len() - 300..].fill(0);
    fs::write(&last, &zeros).unwrap();
    export(folder.path(), &entries).unwrap();
    assert_eq!(fs::read(&last).unwrap(), whole);
}

#[test]
fn one_exports_to_a_folder_and_the_others_stand_by() {
    let folder = tempfile::tempdir().unwrap();
    let one = Exporter::open(folder.path(), EPOCH, &keys(1)).unwrap().unwrap();
    assert!(Exporter::open(folder.path(), EPOCH, &keys(1)).unwrap().is_none());
    drop(one);
    assert!(Exporter::open(folder.path(), EPOCH, &keys(1)).unwrap().is_some());
}

#[test]
fn a_folder_of_another_ledger_is_not_changed() {
    let (folder, _) = exported();
    let last = files(folder.path(), "journal-").pop().unwrap();
    let torn = [fs::read(&last).unwrap(), b"{".to_vec()].concat();
    fs::write(&last, &torn).unwrap();
    let refused = Exporter::open(folder.path(), Epoch::from_number(1), &keys(1));
    assert!(matches!(refused, Err(Fault::Foreign { found: EPOCH, .. })));
    assert_eq!(fs::read(&last).unwrap(), torn);
}

#[test]
fn a_store_that_differs_is_reported() {
    let (folder, entries) = exported();
    let before = fs::read(files(folder.path(), "journal-").pop().unwrap()).unwrap();
    let differs = |store: &[(u64, Entry)]| match export(folder.path(), store) {
        Err(Fault::Differs { number, .. }) => number,
        other => panic!("{other:?}"),
    };
    assert_eq!(differs(&entries[..8]), 9, "the store went back");
    let mut other = entries.clone();
    other[9].1.change.spent = amounts(1, 1);
    assert_eq!(differs(&other), 9, "it went another way");
    let trimmed: Vec<_> = journal(13).split_off(12);
    let gap = export(folder.path(), &trimmed);
    assert!(matches!(gap, Err(Fault::Trimmed { from: 10, to: 11, .. })), "{gap:?}");
    assert_eq!(fs::read(files(folder.path(), "journal-").pop().unwrap()).unwrap(), before);
    // A store that has trimmed all exported entries continues.
    assert_eq!(export(folder.path(), &journal(12).split_off(10)).unwrap(), 2);
}

#[test]
fn a_new_folder_begins_with_the_oldest_entry() {
    let (folder, entries) = (tempfile::tempdir().unwrap(), journal(9).split_off(5));
    assert_eq!(export(folder.path(), &entries).unwrap(), 4);
    let mut exporter = Exporter::open(folder.path(), EPOCH, &keys(1)).unwrap().unwrap();
    exporter.put_checkpoint(Checkpoint { next_entry: 9, ..checkpoint(&entries) }).unwrap();
    let read = Exported::open(folder.path(), &keys(1), Trust::Keyed).unwrap();
    assert_eq!(read.books(BEGINNING).unwrap().legacy.next_entry, 5);
    assert_eq!(read_back(folder.path()).unwrap(), entries);
}

#[test]
fn a_checkpoint_is_taken_daily_and_when_the_roster_changes() {
    let (folder, entries) = exported();
    let mut exporter = Exporter::open(folder.path(), EPOCH, &keys(1)).unwrap().unwrap();
    let (now, day) = (entries[5].1.at, Duration::from_hours(24));
    assert!(!exporter.wants_checkpoint(&roster(), now));
    assert!(exporter.wants_checkpoint(&roster(), now.after(day)));
    let mut changed = roster();
    changed.keys[0].revoked_at = Some(now);
    assert!(exporter.wants_checkpoint(&changed, now), "a key was revoked");
    for days in 1..20 {
        let at = now.after(day * days);
        exporter.put_checkpoint(Checkpoint { at, ..checkpoint(&entries[..6]) }).unwrap();
    }
    assert_eq!(files(folder.path(), "checkpoint-").len(), 7, "only the newest stay");
    assert_eq!(
        Exported::open(folder.path(), &keys(1), Trust::Keyed).unwrap().checkpoint.at,
        now.after(day * 19)
    );
}

/// The fault of a folder after a change to it.
fn told_after(spoil: impl FnOnce(&Path)) -> String {
    let (folder, _) = exported();
    spoil(folder.path());
    let read = Exported::open(folder.path(), &keys(1), Trust::Keyed)
        .and_then(|read| read.books(BEGINNING));
    read.unwrap_err().to_string().replace(&folder.path().display().to_string(), "DIR")
}

fn replace(path: &Path, what: &str, with: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(what));
    fs::write(path, text.replace(what, with)).unwrap();
}

#[test]
fn a_change_is_reported_with_file_and_line() {
    let shown =
        told_after(|dir| replace(&files(dir, "journal-")[1], "\"spent\":{\"phone\":0.25}", ""));
    assert!(shown.starts_with("DIR/journal-000000000002-2026-10-25.jsonl:2: "), "{shown}");
    assert!(shown.contains("its check differs") && shown.contains("from a copy"), "{shown}");
    let shown = told_after(|dir| replace(&files(dir, "checkpoint-")[0], "Sales", "Slaes"));
    assert!(shown.starts_with("DIR/checkpoint-000000000006-2026-10-25.jsonl:2: "), "{shown}");
    let shown = told_after(|dir| {
        let path = &files(dir, "checkpoint-")[0];
        let text = fs::read_to_string(path).unwrap();
        let short: Vec<_> = text.lines().take(3).collect();
        fs::write(path, short.join("\n")).unwrap();
    });
    assert!(shown.contains("ends after 2 lines of 6"), "{shown}");
}

#[test]
fn missing_and_duplicated_entries_are_reported() {
    let shown = told_after(|dir| fs::remove_file(&files(dir, "journal-")[1]).unwrap());
    assert!(
        shown.starts_with("entries 2 to 5 are missing before DIR/journal-000000000006"),
        "{shown}"
    );
    let shown = told_after(|dir| {
        for file in &files(dir, "journal-")[1..] {
            fs::remove_file(file).unwrap();
        }
    });
    assert!(shown.starts_with("entries 2 to 5 are missing before DIR/checkpoint-"), "{shown}");
    let shown = told_after(|dir| {
        fs::copy(&files(dir, "journal-")[1], dir.join("journal-000000000003-x.jsonl"))
            .map(drop)
            .unwrap();
    });
    assert!(shown.starts_with("DIR/journal-000000000003-x.jsonl begins with entry 2"), "{shown}");
    let shown = told_after(|dir| fs::remove_file(&files(dir, "checkpoint-")[0]).unwrap());
    assert!(shown.starts_with("DIR holds no checkpoint"), "{shown}");
}
