//! The disk without power: whatever is cut, what was answered is there, and nothing by halves.
//!
//! Steps are numbered as they are asked for. Each writes its rows and, in the same step, how many
//! steps there have been; so what is found after a cut must be, to the byte, what some first so
//! many steps leave behind, and at least as many of them as were answered.

use std::collections::BTreeMap;
use std::sync::mpsc;

use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};
use tokio::sync::oneshot;
use tollgate::disk::{Disk, DiskError, Fault};

use crate::support::faulty_disk::{Dice, FaultyDisk};
use crate::support::wait::eventually;

const LEFT: TableDefinition<u64, &[u8]> = TableDefinition::new("left");
const RIGHT: TableDefinition<u64, &[u8]> = TableDefinition::new("right");
const NOTE: TableDefinition<(), &[u8]> = TableDefinition::new("note");
const TALLY: TableDefinition<(), u64> = TableDefinition::new("tally");

const SEEDS: u64 = 100;
const CUTS_PER_SEED: u64 = 5;

/// What a test saw that must not be.
type Violation = String;

#[test]
fn no_power_cut_loses_what_was_answered_or_leaves_a_step_half_done() {
    for seed in 0..SEEDS {
        let outcome = live_through_cuts(seed, &FaultyDisk::new(seed));
        assert_eq!(outcome, Ok(()), "seed {seed}");
    }
}

#[test]
fn a_disk_that_lies_about_its_syncs_is_found_out() {
    let found_out = (0..40)
        .filter(|&seed| {
            // On such a disk redb itself may find what cannot be, and panic: found out as well.
            let life =
                std::thread::spawn(move || live_through_cuts(seed, &FaultyDisk::lying(seed, 3)));
            !matches!(life.join(), Ok(Ok(())))
        })
        .count();
    assert!(found_out >= 4, "only {found_out} of 40 lying disks were found out");
}

#[tokio::test]
async fn an_answer_is_true_wherever_in_a_commit_the_power_is_cut() {
    let mut unknown = 0;
    for seed in 0..8 {
        for operations in 0.. {
            let faulty = FaultyDisk::new(seed);
            let disk = Disk::open_backend(faulty.plug_in()).unwrap();
            disk.write(|transaction| act(transaction, 0)).await.unwrap();
            faulty.cut_power_in(operations);
            let answer = disk.write(|transaction| act(transaction, 1)).await;
            disk.close().await;

            let disk = Disk::open_backend(faulty.plug_in()).unwrap();
            match (answer, disk.read(look).await.unwrap().unwrap()) {
                (Ok(()), 2) => break,
                (Err(DiskError::Unknown(_)), 1 | 2) => unknown += 1,
                (Err(DiskError::NotApplied(_)), 1) => {}
                (answer, found) => panic!("seed {seed}, {operations}: {answer:?}, {found} there"),
            }
        }
    }
    assert!(unknown >= 8, "only {unknown} cuts were inside a commit");
}

#[tokio::test]
async fn a_disk_that_was_full_is_written_again_wherever_in_a_commit_it_was() {
    let mut full = 0;
    for operations in 0.. {
        let faulty = FaultyDisk::new(1);
        let again = faulty.clone();
        let disk = Disk::open_backends(move || again.plug_in_again()).unwrap();
        disk.write(|transaction| act(transaction, 0)).await.unwrap();
        faulty.fill_in(operations);
        let staged = disk.stage(note).await;
        let answer = disk.write(|transaction| act(transaction, 1)).await;
        if answer.is_err() {
            let refused = disk.write(|transaction| act(transaction, 1)).await.unwrap_err();
            let DiskError::NotApplied(fault) = &refused else { panic!("{refused:?}") };
            assert!(matches!(**fault, Fault::Full(_)), "{fault:?}");
            assert!(matches!(disk.read(look).await, Err(DiskError::NotApplied(_))));
        }
        faulty.make_room();
        eventually("it is open again", async || disk.read(look).await.is_ok()).await;
        let found = disk.read(look).await.unwrap().unwrap();
        match (&answer, found) {
            (Ok(()), 2) => {}
            (Err(DiskError::Unknown(_)), 1 | 2) | (Err(DiskError::NotApplied(_)), 1) => full += 1,
            (answer, found) => panic!("{operations}: {answer:?}, {found} there"),
        }
        disk.write(move |transaction| act(transaction, found)).await.unwrap();
        let noted = disk.read(noted).await.unwrap();
        assert_eq!(noted.is_some(), staged.is_ok(), "{operations}: staged {staged:?}");
        disk.close().await;
        let disk = Disk::open_backend(faulty.plug_in_again()).unwrap();
        assert_eq!(disk.read(look).await.unwrap(), Ok(found + 1));
        if answer.is_ok() {
            break;
        }
    }
    assert!(full >= 8, "only {full} writes found the disk full");
}

#[tokio::test]
async fn a_file_that_was_replaced_while_the_disk_was_full_is_lost() {
    let faulty = FaultyDisk::new(1);
    let again = faulty.clone();
    let mut is_first = true;
    let disk = Disk::open_backends(move || {
        if !std::mem::take(&mut is_first) {
            again.make_room();
            again.overwrite(b"a letter to a friend");
        }
        again.plug_in_again()
    });
    let disk = disk.unwrap();
    disk.write(|transaction| act(transaction, 0)).await.unwrap();
    faulty.fill_in(0);
    disk.write(|transaction| act(transaction, 1)).await.unwrap_err();
    let DiskError::NotApplied(fault) = disk.lost().await else { panic!("not lost") };
    assert!(matches!(*fault, Fault::Lost(_)), "{fault:?}");
    assert!(matches!(disk.read(look).await, Err(DiskError::NotApplied(_))));
    disk.close().await;
}

#[tokio::test]
async fn a_disk_that_fails_in_another_way_is_lost_at_once() {
    let faulty = FaultyDisk::new(1);
    let again = faulty.clone();
    let disk = Disk::open_backends(move || again.plug_in_again()).unwrap();
    disk.write(|transaction| act(transaction, 0)).await.unwrap();
    faulty.cut_power_in(0);
    disk.write(|transaction| act(transaction, 1)).await.unwrap_err();
    let DiskError::NotApplied(fault) = disk.lost().await else { panic!("not lost") };
    assert!(matches!(*fault, Fault::Storage(_)), "{fault:?}");
}

#[tokio::test]
async fn steps_asked_for_together_share_one_commit() {
    let faulty = FaultyDisk::new(1);
    let disk = Disk::open_backend(faulty.plug_in()).unwrap();
    let insert = |id: u64| {
        move |transaction: &WriteTransaction| {
            transaction.open_table(LEFT)?.insert(id, [].as_slice())?;
            Ok(())
        }
    };
    disk.write(insert(0)).await.unwrap();
    let before = faulty.syncs();
    disk.write(insert(1)).await.unwrap();
    let alone = faulty.syncs() - before;

    let gate = hold(&disk).await.unwrap();
    for id in 2..32 {
        disk.stage(insert(id)).await.unwrap();
    }
    let before = faulty.syncs();
    let (last, ()) = tokio::join!(disk.write(insert(32)), async { gate.send(()).unwrap() });
    last.unwrap();
    assert_eq!(faulty.syncs() - before, alone);
}

/// What was asked of one disk, and what it has answered.
#[derive(Default)]
struct History {
    /// So many first steps were asked for.
    asked: u64,
    /// So many first steps must be there, for one of them was answered or found.
    kept: u64,
    /// From this step on nothing may be there.
    denied: Option<u64>,
}

#[tokio::main(flavor = "current_thread")]
async fn live_through_cuts(seed: u64, faulty: &FaultyDisk) -> Result<(), Violation> {
    let mut dice = Dice::new(seed ^ 0x5eed);
    let mut history = History::default();
    // A real file is made aside and only then given its name, so it is never met half made.
    Disk::open_backend(faulty.plug_in()).map_err(|error| format!("{error:?}"))?.close().await;
    for _ in 0..CUTS_PER_SEED {
        for _ in 0..dice.below(3) {
            open_and_lose_power(faulty, dice.below(16)).await;
        }
        let disk = Disk::open_backend(faulty.plug_in()).map_err(|error| format!("{error:?}"))?;
        history.check(&disk).await?;
        faulty.cut_power_in(dice.below(80));
        history.live(&disk, &mut dice).await;
        disk.close().await;
    }
    let disk = Disk::open_backend(faulty.plug_in()).map_err(|error| format!("{error:?}"))?;
    history.check(&disk).await
}

impl History {
    /// Finds as many steps as there must be, whole, and goes on from there.
    async fn check(&mut self, disk: &Disk) -> Result<(), Violation> {
        let found = disk.read(look).await.map_err(|error| format!("{error:?}"))??;
        let bound = self.denied.unwrap_or(self.asked);
        if !(self.kept..=bound).contains(&found) {
            return Err(format!("{found} steps are there, not {} to {bound}", self.kept));
        }
        *self = Self { asked: found, kept: found, denied: None };
        Ok(())
    }

    /// Asks for steps, in groups, until the power is gone.
    async fn live(&mut self, disk: &Disk, dice: &mut Dice) {
        while self.denied.is_none() {
            let Some(gate) = hold(disk).await else { return };
            for _ in 0..dice.below(6) {
                let step = self.next_step();
                // Not queued, and so not there: what is written behind it says the same.
                let _ = disk.stage(move |transaction| act(transaction, step)).await;
            }
            let steps = [self.next_step(), self.next_step(), self.next_step()];
            let [first, second, third] =
                steps.map(|step| disk.write(move |transaction| act(transaction, step)));
            // The writer may be gone, and with it the other end of the gate.
            let open = async { gate.send(()).unwrap_or_default() };
            let (first, second, third, ()) = tokio::join!(first, second, third, open);
            for (step, answer) in steps.into_iter().zip([first, second, third]) {
                self.answered(step, &answer);
            }
            if self.asked > self.kept {
                return;
            }
        }
    }

    fn next_step(&mut self) -> u64 {
        self.asked += 1;
        self.asked - 1
    }

    fn answered(&mut self, step: u64, answer: &Result<(), DiskError>) {
        match answer {
            Ok(()) => self.kept = step + 1,
            Err(DiskError::NotApplied(_)) => {
                self.denied = Some(self.denied.map_or(step, |denied| denied.min(step)));
            }
            Err(_unknown) => {}
        }
    }
}

/// Opens a store that loses its power again on the way.
async fn open_and_lose_power(faulty: &FaultyDisk, operations: u64) {
    let plug = faulty.plug_in();
    faulty.cut_power_in(operations);
    if let Ok(disk) = Disk::open_backend(plug) {
        disk.close().await;
    }
}

/// Holds the writer until the gate is opened, so that what is asked for meanwhile is one group.
async fn hold(disk: &Disk) -> Option<mpsc::Sender<()>> {
    let (gate, opened) = mpsc::channel();
    let (reached, held) = oneshot::channel();
    let wait = move |_: &WriteTransaction| {
        reached.send(()).expect("the test waits for it");
        opened.recv().expect("the test opens the gate");
        Ok(())
    };
    let disk = disk.clone();
    tokio_util::task::TaskTracker::new().spawn(async move {
        // The group that it holds up may fail.
        let _ = disk.write(wait).await;
    });
    held.await.ok()?;
    Some(gate)
}

fn note(transaction: &WriteTransaction) -> Result<(), redb::Error> {
    transaction.open_table(NOTE)?.insert((), content(7).as_slice())?;
    Ok(())
}

fn noted(transaction: &ReadTransaction) -> Result<Option<Vec<u8>>, redb::Error> {
    match transaction.open_table(NOTE) {
        Ok(note) => Ok(note.get(())?.map(|row| row.value().to_vec())),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The step of this number: two rows that belong together, now and then two fewer, one more step.
fn act(transaction: &WriteTransaction, step: u64) -> Result<(), redb::Error> {
    let mut tally = transaction.open_table(TALLY)?;
    let before = tally.get(())?.map_or(0, |row| row.value());
    assert_eq!(before, step, "steps run in order, and none is left out");
    tally.insert((), step + 1)?;
    let (mut left, mut right) = (transaction.open_table(LEFT)?, transaction.open_table(RIGHT)?);
    left.insert(step, content(step).as_slice())?;
    right.insert(step, content(step).as_slice())?;
    if let Some(gone) = removed_by(step) {
        left.remove(gone)?;
        right.remove(gone)?;
    }
    Ok(())
}

fn removed_by(step: u64) -> Option<u64> {
    (step % 4 == 3).then(|| step - 2)
}

/// Bytes that no other step has, some of them longer than a page.
fn content(step: u64) -> Vec<u8> {
    let mut dice = Dice::new(step);
    (0..dice.below(6000)).map(|_| dice.below(256).to_le_bytes()[0]).collect()
}

/// How many steps are there, if what is there is exactly theirs.
fn look(transaction: &ReadTransaction) -> Result<Result<u64, Violation>, redb::Error> {
    let steps = match transaction.open_table(TALLY) {
        Ok(tally) => tally.get(())?.map_or(0, |row| row.value()),
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Ok(0)),
        Err(error) => return Err(error.into()),
    };
    let mut expected: BTreeMap<u64, Vec<u8>> =
        (0..steps).map(|step| (step, content(step))).collect();
    for gone in (0..steps).filter_map(removed_by) {
        expected.remove(&gone);
    }
    for table in [LEFT, RIGHT] {
        let mut found = BTreeMap::new();
        for row in transaction.open_table(table)?.iter()? {
            let (step, bytes) = row?;
            found.insert(step.value(), bytes.value().to_vec());
        }
        if found != expected {
            return Ok(Err(format!("{table} is not what the first {steps} steps leave behind")));
        }
    }
    Ok(Ok(steps))
}
