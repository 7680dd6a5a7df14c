//! What was not written under the secret is not adopted, and neither is what was taken out of it.

use std::fmt::Write;

use super::*;

/// The same folder as an earlier version would have written it.
fn without_keys(dir: &Path) {
    for path in files(dir, "journal-").into_iter().chain(files(dir, "checkpoint-")) {
        rewrite(&path, |line| {
            // What such a head lacks stands at its end.
            let head = line.split(",\"key\":\"").next().unwrap_or_default();
            head.replace("\"version\":2", "\"version\":1")
        });
    }
}

/// Changes the lines of a file, and gives each the check that takes no key.
fn rewrite(path: &Path, change: impl Fn(&str) -> String) {
    let mut rewritten = String::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        let body = change(line.rsplit_once(",\"check\"").unwrap().0);
        let check = blake3::hash(body.as_bytes()).to_hex();
        writeln!(rewritten, "{body},\"check\":\"{}\"}}", &check[..16]).unwrap();
    }
    fs::write(path, rewritten).unwrap();
}

fn books(dir: &Path, secret: u8, trust: Trust) -> Result<Books, Fault> {
    Exported::open(dir, &keys(secret), trust)?.books(BEGINNING)
}

#[test]
fn whoever_recomputes_a_check_without_the_secret_changes_nothing_unnoticed() {
    for prefix in ["checkpoint-", "journal-"] {
        let reported = told_after(|dir| {
            rewrite(&files(dir, prefix)[0], |line| line.replace("12.5", "1250"));
        });
        assert!(reported.contains("its check differs"), "{reported}");
    }
}

#[test]
fn lines_that_were_moved_or_removed_are_told() {
    for (from, to) in [(1, 2), (2, 3)] {
        let reported = told_after(|dir| {
            let path = &files(dir, "checkpoint-")[0];
            let text = fs::read_to_string(path).unwrap();
            let mut lines: Vec<_> = text.lines().collect();
            lines.swap(from, to);
            fs::write(path, lines.join("\n")).unwrap();
        });
        assert!(reported.contains("its check differs"), "{reported}");
    }
}

#[test]
fn a_file_in_the_place_of_another_is_told() {
    // The same journal, but for one entry, written under the same secret.
    let other = tempfile::tempdir().unwrap();
    let mut entries = journal(10);
    entries[3].1.change.spent = amounts(0, 0);
    export(other.path(), &entries).unwrap();
    let swap = |at: usize| {
        move |dir: &Path| {
            let (from, to) = (&files(other.path(), "journal-")[at], &files(dir, "journal-")[at]);
            fs::copy(from, to).map(drop).unwrap();
        }
    };
    let reported = told_after(swap(1));
    assert!(reported.contains(" does not follow DIR/journal-"), "{reported}");
}

#[test]
fn a_checkpoint_of_another_journal_is_told() {
    let other = tempfile::tempdir().unwrap();
    let mut entries = journal(10);
    entries[5].1.change.spent = amounts(0, 0);
    export(other.path(), &entries[..6]).unwrap();
    let mut exporter = Exporter::open(other.path(), EPOCH, &keys(1)).unwrap().unwrap();
    exporter.put_checkpoint(checkpoint(&entries[..6])).unwrap();
    let reported = told_after(|dir| {
        let (from, to) = (&files(other.path(), "checkpoint-")[0], &files(dir, "checkpoint-")[0]);
        fs::copy(from, to).map(drop).unwrap();
    });
    assert!(
        reported.starts_with("DIR/checkpoint-") && reported.contains("does not follow"),
        "{reported}"
    );
}

#[test]
fn the_newest_checkpoint_may_be_neither_taken_away_nor_another_renamed_to_it() {
    let spoilt = |spoil: &dyn Fn(&[PathBuf])| {
        let (folder, entries) = exported();
        let mut exporter = Exporter::open(folder.path(), EPOCH, &keys(1)).unwrap().unwrap();
        exporter.put_checkpoint(checkpoint(&entries)).unwrap();
        drop(exporter);
        assert_eq!(export(folder.path(), &journal(13)).unwrap(), 3);
        assert!(books(folder.path(), 1, Trust::Keyed).is_ok());
        spoil(&files(folder.path(), "checkpoint-"));
        books(folder.path(), 1, Trust::Keyed).unwrap_err().to_string()
    };
    let reported = spoilt(&|checkpoints| fs::remove_file(&checkpoints[1]).unwrap());
    assert!(
        reported.contains("the checkpoint as of entry 10 or a later one is missing"),
        "{reported}"
    );
    let reported = spoilt(&|checkpoints| fs::rename(&checkpoints[0], &checkpoints[1]).unwrap());
    assert!(reported.contains("is a checkpoint under a wrong name"), "{reported}");
}

#[test]
fn a_checkpoint_that_replaces_one_of_the_same_name_follows_what_that_followed() {
    let (folder, entries) = exported();
    let mut exporter = Exporter::open(folder.path(), EPOCH, &keys(1)).unwrap().unwrap();
    for name in ["one", "two", "three"] {
        let mut checkpoint = checkpoint(&entries);
        name.clone_into(&mut checkpoint.roster.keys[0].name);
        exporter.put_checkpoint(checkpoint).unwrap();
    }
    assert_eq!(files(folder.path(), "checkpoint-").len(), 2);
    let read = Exported::open(folder.path(), &keys(1), Trust::Keyed).unwrap();
    assert_eq!(read.before.as_ref(), Some(&checkpoint(&entries[..6])));
    assert!(read.books(BEGINNING).unwrap().unverified.is_empty());
}

#[test]
fn files_under_another_secret_are_told_and_read_only_where_that_is_asked_for() {
    let (folder, entries) = exported();
    let reported = books(folder.path(), 2, Trust::Keyed).unwrap_err().to_string();
    assert!(reported.contains("another security.secret (key 01010101)"), "{reported}");
    let read = books(folder.path(), 2, Trust::Unverified).unwrap();
    assert_eq!((read.entries, read.unverified.len()), (10, 5));
    // What is known to be wrong is not read whoever asks for it.
    rewrite(&files(folder.path(), "checkpoint-")[0], |line| line.replace("12.5", "1250"));
    assert!(books(folder.path(), 1, Trust::Unverified).is_err());
    drop(entries);
}

#[test]
fn a_new_secret_goes_on_in_the_folder_of_the_retired_one() {
    let (folder, _) = exported();
    let rotated = CheckKeys::new(key(2), vec![key(1)]);
    assert!(matches!(Exporter::open(folder.path(), EPOCH, &keys(2)), Err(Fault::OtherKey { .. })));
    let entries = journal(13);
    let mut exporter = Exporter::open(folder.path(), EPOCH, &rotated).unwrap().unwrap();
    assert_eq!(exporter.append(&entries[9..], &holding(&entries)).unwrap(), 3);
    assert!(exporter.wants_checkpoint(&roster(), entries[5].1.at), "the newest is under the old");
    exporter.put_checkpoint(checkpoint(&entries)).unwrap();
    drop(exporter);
    let read = Exported::open(folder.path(), &rotated, Trust::Keyed).unwrap();
    assert_eq!(read.entries().collect::<Result<Vec<_>, _>>().unwrap(), entries);
    assert!(read.books(BEGINNING).unwrap().unverified.is_empty());
}

#[test]
fn what_an_earlier_version_wrote_is_gone_on_with_and_adopted_only_unverified() {
    let (folder, _) = exported();
    without_keys(folder.path());
    let reported = books(folder.path(), 1, Trust::Keyed).unwrap_err().to_string();
    assert!(
        reported.contains("an earlier version") && reported.contains("--unverified"),
        "{reported}"
    );
    assert_eq!(export(folder.path(), &journal(13)).unwrap(), 3);
    let reported = books(folder.path(), 1, Trust::Keyed).unwrap_err().to_string();
    assert!(reported.contains("an earlier version"), "{reported}");
    let read = books(folder.path(), 1, Trust::Unverified).unwrap();
    assert_eq!((read.entries, read.unverified.len()), (13, 5), "the newest file is verified");
}

#[test]
fn what_a_later_version_wrote_is_not_guessed_at() {
    let reported = told_after(|dir| {
        let form = serde_json::json!({"tollgate": "journal", "version": 3, "more": true});
        let line = line::sealed(&form, &mut Chain::new(Scheme::Plain));
        fs::write(&files(dir, "journal-")[0], line).unwrap();
    });
    assert!(reported.contains("has version 3"), "{reported}");
}
