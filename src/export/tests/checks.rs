//! Files that were not written with the secret are not adopted, and neither are files with missing
//! parts.

use std::fmt::Write;

use super::*;

/// Rewrites the folder as version 1 would have written it.
fn without_keys(dir: &Path) {
    for path in files(dir, "journal-").into_iter().chain(files(dir, "checkpoint-")) {
        rewrite(&path, |line| {
            // The members that such a head lacks are at its end.
            let head = line.split(",\"key\":\"").next().unwrap_or_default();
            head.replace("\"version\":2", "\"version\":1")
        });
    }
}

/// Changes the lines of a file, and gives each an unkeyed check.
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
fn a_check_recomputed_without_the_secret_is_detected() {
    for prefix in ["checkpoint-", "journal-"] {
        let reported = told_after(|dir| {
            rewrite(&files(dir, prefix)[0], |line| line.replace("12.5", "1250"));
        });
        assert!(reported.contains("its check differs"), "{reported}");
    }
}

#[test]
fn moved_and_removed_lines_are_reported() {
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
fn a_file_in_the_place_of_another_is_reported() {
    // The same journal except for one entry, written with the same secret.
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
fn a_checkpoint_of_another_journal_is_reported() {
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
fn the_newest_checkpoint_can_be_neither_removed_nor_replaced() {
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
fn files_under_another_secret_are_reported_and_read_only_on_request() {
    let (folder, entries) = exported();
    let reported = books(folder.path(), 2, Trust::Keyed).unwrap_err().to_string();
    assert!(reported.contains("another security.secret (key 01010101)"), "{reported}");
    let read = books(folder.path(), 2, Trust::Unverified).unwrap();
    assert_eq!((read.entries, read.unverified.len()), (10, 5));
    // Files that are known to be wrong are always refused.
    rewrite(&files(folder.path(), "checkpoint-")[0], |line| line.replace("12.5", "1250"));
    assert!(books(folder.path(), 1, Trust::Unverified).is_err());
    drop(entries);
}

#[test]
fn a_new_secret_continues_in_the_folder_of_the_retired_one() {
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
fn files_of_an_earlier_version_are_continued_and_adopted_only_unverified() {
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
fn files_of_a_later_version_are_refused() {
    let reported = told_after(|dir| {
        let form = serde_json::json!({"tollgate": "journal", "version": 3, "more": true});
        let line = line::sealed(&form, &mut Chain::new(Scheme::Plain));
        fs::write(&files(dir, "journal-")[0], line).unwrap();
    });
    assert!(reported.contains("has version 3"), "{reported}");
}
