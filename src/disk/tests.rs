//! The three rules on a working disk. `tests/it/disk.rs` tests them on a failing one.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::mpsc;

use redb::backends::InMemoryBackend;
use redb::{ReadableTable, ReadableTableMetadata, TableDefinition};

use tokio::task::unconstrained;

use super::*;

const WORDS: TableDefinition<u64, &str> = TableDefinition::new("words");

fn in_memory() -> Disk {
    Disk::open_backend(InMemoryBackend::new()).unwrap()
}

fn insert(id: u64, word: &'static str) -> impl Fn(&WriteTransaction) -> Result<(), redb::Error> {
    move |transaction| {
        transaction.open_table(WORDS)?.insert(id, word)?;
        Ok(())
    }
}

fn broken(_: &WriteTransaction) -> Result<(), redb::Error> {
    Err(redb::Error::Corrupted("a row that makes no sense".into()))
}

async fn words(disk: &Disk) -> Vec<(u64, String)> {
    disk.read(|transaction| {
        let mut all = Vec::new();
        for row in transaction.open_table(WORDS)?.iter()? {
            let (id, word) = row?;
            all.push((id.value(), word.value().to_owned()));
        }
        Ok(all)
    })
    .await
    .unwrap()
}

/// Holds the writer in a step until the gate is opened, so that steps submitted meanwhile queue
/// behind it and join its group.
async fn hold(disk: &Disk) -> mpsc::Sender<()> {
    let (gate, opened) = mpsc::channel();
    let (reached, held) = oneshot::channel();
    let disk = disk.clone();
    tokio_util::task::TaskTracker::new().spawn(async move {
        let waits = move |_: &WriteTransaction| {
            reached.send(()).expect("the test waits for it");
            opened.recv().expect("the test opens the gate");
            Ok(())
        };
        // The group that it delays may fail.
        let _ = disk.write(waits).await;
    });
    held.await.unwrap();
    gate
}

#[tokio::test]
async fn answered_steps_survive_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::open(folder.path()).unwrap();
    disk.write(insert(1, "one")).await.unwrap();
    disk.close().await;
    let disk = Disk::open(folder.path()).unwrap();
    assert_eq!(words(&disk).await, [(1, "one".into())]);
}

#[tokio::test]
async fn queued_steps_are_written_before_the_file_closes() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::open(folder.path()).unwrap();
    let gate = hold(&disk).await;
    disk.stage(insert(1, "one")).await.unwrap();
    gate.send(()).unwrap();
    disk.close().await;
    assert!(matches!(disk.write(insert(2, "two")).await, Err(DiskError::Closed)));
    assert!(matches!(disk.read(|_| Ok(())).await, Err(DiskError::Closed)));
    disk.close().await;

    let disk = Disk::open(folder.path()).unwrap();
    assert_eq!(words(&disk).await, [(1, "one".into())]);
}

#[tokio::test]
async fn an_open_file_cannot_be_opened_twice() {
    let folder = tempfile::tempdir().unwrap();
    let _disk = Disk::open(folder.path()).unwrap();
    let refused = Disk::open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::InUse { .. }), "{refused:?}");
    let message = refused.to_string();
    assert!(message.contains("tollgate.redb is in use by another process"), "{message}");
}

#[test]
fn folder_and_file_are_accessible_only_to_their_owner() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("a/b");
    let _disk = Disk::open(&folder).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("tollgate.redb")), 0o600);
}

#[test]
fn a_file_of_another_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tollgate.redb");
    let database = Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let schema: TableDefinition<&str, u64> = TableDefinition::new("schema");
    transaction.open_table(schema).unwrap().insert("version", 7).unwrap();
    transaction.commit().unwrap();
    drop(database);

    let refused = Disk::open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::OtherSchema { found: 7, known: 6, .. }), "{refused:?}");
}

#[test]
fn a_file_that_is_not_a_store_is_refused_and_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tollgate.redb");
    let text = "a letter to a friend\n".repeat(1000);
    std::fs::write(&path, &text).unwrap();
    let refused = Disk::open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_store_that_was_not_completed_is_created_again() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tollgate.new"), "half of a store").unwrap();
    let _disk = Disk::open(folder.path()).unwrap();
    let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["tollgate.redb"]);
}

#[tokio::test]
async fn a_refusal_does_not_affect_its_group() {
    let disk = in_memory();
    let gate = hold(&disk).await;
    let refuse = |_: &WriteTransaction| Ok(Err::<(), _>("refused"));
    let (before, refused, after, ()) = tokio::join!(
        disk.write(insert(1, "one")),
        disk.write(refuse),
        disk.write(insert(2, "two")),
        async { gate.send(()).unwrap() },
    );
    assert_eq!((before.unwrap(), refused.unwrap(), after.unwrap()), ((), Err("refused"), ()));
    assert_eq!(words(&disk).await, [(1, "one".into()), (2, "two".into())]);
}

#[tokio::test]
async fn a_staged_step_is_durable_when_a_later_write_is_answered() {
    let disk = in_memory();
    for id in 0..500 {
        disk.stage(insert(id, "staged")).await.unwrap();
    }
    let seen = disk.write(|transaction| Ok(transaction.open_table(WORDS)?.len()?)).await.unwrap();
    assert_eq!(seen, 500);
    assert_eq!(words(&disk).await.len(), 500);
}

#[tokio::test]
async fn a_step_that_fails_takes_its_group_with_it_and_stops_the_writer() {
    let disk = in_memory();
    disk.write(insert(1, "one")).await.unwrap();
    let gate = hold(&disk).await;
    disk.stage(insert(2, "staged")).await.unwrap();
    let (before, failing, behind, ()) = tokio::join!(
        disk.write(insert(3, "before")),
        disk.write(broken),
        disk.write(insert(4, "behind")),
        async { gate.send(()).unwrap() },
    );
    let later = disk.write(insert(5, "later")).await;
    for unwritten in [before, failing, behind, later, disk.stage(broken).await] {
        let DiskError::NotApplied(fault) = unwritten.unwrap_err() else { panic!("not applied") };
        assert!(matches!(&*fault, Fault::Storage(redb::Error::Corrupted(_))), "{fault:?}");
    }
    assert!(matches!(disk.read(|_| Ok(())).await, Err(DiskError::NotApplied(_))));
    disk.close().await;
}

#[tokio::test]
async fn a_group_that_failed_left_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::open(folder.path()).unwrap();
    disk.write(insert(1, "one")).await.unwrap();
    let gate = hold(&disk).await;
    disk.stage(insert(2, "staged")).await.unwrap();
    let (failing, ()) = tokio::join!(disk.write(broken), async { gate.send(()).unwrap() });
    failing.unwrap_err();
    disk.close().await;
    assert_eq!(words(&Disk::open(folder.path()).unwrap()).await, [(1, "one".into())]);
}

#[tokio::test]
async fn a_step_that_panics_blocks_no_caller() {
    let disk = in_memory();
    let gate = hold(&disk).await;
    let (before, panicking, behind, ()) = tokio::join!(
        disk.write(insert(1, "before")),
        disk.write(|_| -> Result<(), redb::Error> { panic!("a broken invariant") }),
        disk.write(insert(2, "behind")),
        async { gate.send(()).unwrap() },
    );
    for unwritten in [before, panicking, behind, disk.write(insert(3, "later")).await] {
        let DiskError::NotApplied(fault) = unwritten.unwrap_err() else { panic!("not applied") };
        assert!(matches!(&*fault, Fault::Panicked), "{fault:?}");
    }
    disk.close().await;
}

#[tokio::test]
async fn a_queued_step_runs_without_a_waiting_caller() {
    let disk = in_memory();
    let gate = hold(&disk).await;
    tokio::select! {
        biased;
        _ = disk.write(insert(1, "one")) => panic!("the writer is held"),
        () = std::future::ready(()) => {}
    }
    gate.send(()).unwrap();
    disk.write(insert(2, "two")).await.unwrap();
    assert_eq!(words(&disk).await, [(1, "one".into()), (2, "two".into())]);
}

#[tokio::test]
async fn a_full_queue_makes_the_next_one_wait() {
    let disk = in_memory();
    let gate = hold(&disk).await;
    let mut queued = 0;
    loop {
        tokio::select! {
            biased;
            room = unconstrained(disk.stage(|_| Ok(()))) => room.unwrap(),
            () = std::future::ready(()) => break,
        }
        queued += 1;
        assert!(queued <= QUEUE_STEPS_MAX, "the queue has a bound");
    }
    assert_eq!(queued, QUEUE_STEPS_MAX);
    gate.send(()).unwrap();
    disk.write(insert(1, "one")).await.unwrap();
}

#[tokio::test]
async fn a_read_sees_one_moment() {
    let disk = in_memory();
    disk.write(insert(1, "one")).await.unwrap();
    let (gate, opened) = mpsc::channel();
    let (reached, looking) = oneshot::channel();
    let read = disk.read(move |transaction| {
        reached.send(()).expect("the test waits for it");
        opened.recv().expect("the test opens the gate");
        Ok(transaction.open_table(WORDS)?.len()?)
    });
    let (seen, ()) = tokio::join!(read, async {
        looking.await.unwrap();
        disk.write(insert(2, "two")).await.unwrap();
        gate.send(()).unwrap();
    });
    assert_eq!(seen.unwrap(), 1);
}
