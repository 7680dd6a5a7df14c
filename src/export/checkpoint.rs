//! Checkpoint files. They are written under a temporary name and renamed when they are complete.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::check::{Chain, CheckKey, CheckKeys, Scheme, Trust};
use super::fault::Fault;
use super::folder::{self, Lines, Named};
use super::forms::{CheckpointHead, CheckpointLine, Kind};
use super::line;
use crate::domain::epoch::Epoch;
use crate::ledger::transition::checkpoint::{Checkpoint, Roster};

/// How many checkpoints are kept. The journal is complete without them.
const KEPT: usize = 7;

const ASIDE: &str = "checkpoint.new";

/// A checkpoint that was read or written.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) named: Named,
    pub(super) epoch: Epoch,
    pub(super) checkpoint: Checkpoint,
    /// The check of the entry before it.
    pub(super) journal: Option<String>,
    /// The last check of the checkpoint before it.
    pub(super) after: Option<String>,
    /// The checks of its own lines.
    pub(super) chain: Chain,
}

/// Writes a checkpoint after the checkpoint `before`, and removes obsolete ones. `journal` is the
/// check of the last entry that it includes.
pub(super) fn write(
    dir: &Path,
    checkpoint: Checkpoint,
    epoch: Epoch,
    key: &CheckKey,
    before: Option<&Kept>,
    journal: Option<String>,
) -> Result<Kept, Fault> {
    let named = Named::new(dir, Kind::Checkpoint, checkpoint.next_entry, checkpoint.at);
    let after = before.and_then(|before| {
        // A checkpoint of the same name is replaced, and this one takes its predecessor.
        let is_replaced = before.named.path == named.path;
        if is_replaced { before.after.clone() } else { Some(before.chain.last().to_owned()) }
    });
    let mut head = CheckpointHead::of(&checkpoint, epoch, key);
    (head.after, head.journal) = (after.clone(), journal.clone());
    let mut chain = Chain::new(Scheme::Keyed(key.clone()));
    let mut text = line::sealed(&head, &mut chain);
    let roster = &checkpoint.roster;
    let lines = (roster.teams.iter().map(CheckpointLine::from))
        .chain(roster.keys.iter().map(CheckpointLine::from))
        .chain(checkpoint.tallies.iter().map(CheckpointLine::from));
    for line in lines {
        text.push_str(&line::sealed(&line, &mut chain));
    }
    let aside = dir.join(ASIDE);
    let mut file = folder::writable(&aside)?;
    let written = file
        .set_len(0)
        .and_then(|()| file.write_all(text.as_bytes()))
        .and_then(|()| file.sync_all());
    written.map_err(Fault::out_of_reach(&aside))?;
    fs::rename(&aside, &named.path).map_err(Fault::out_of_reach(&named.path))?;
    folder::sync(dir)?;
    let files = folder::files(dir, Kind::Checkpoint)?;
    for old in files.iter().rev().skip(KEPT) {
        fs::remove_file(&old.path).map_err(Fault::out_of_reach(&old.path))?;
    }
    Ok(Kept { named, epoch, checkpoint, journal, after, chain })
}

/// Reads a checkpoint.
pub(super) fn read(named: &Named, keys: &CheckKeys, trust: Trust) -> Result<Kept, Fault> {
    let mut lines = Lines::open(&named.path)?;
    let head: CheckpointHead = lines.head(Kind::Checkpoint, keys, trust)?;
    let (at, next_entry) = (head.at(), head.next_entry);
    if named.number != next_entry || named.day != folder::day(at) {
        return Err(lines.damaged("is a checkpoint under a wrong name"));
    }
    let mut checkpoint =
        Checkpoint { at, next_entry, tallies: Vec::new(), roster: Roster::default() };
    let mut count = 0;
    while let Some(line) = lines.next()? {
        count += 1;
        match lines.opened(&line).map_err(|why| lines.damaged(why))? {
            CheckpointLine::Team(team) => checkpoint.roster.teams.push(team.into()),
            CheckpointLine::Key(key) => checkpoint.roster.keys.push(key.into()),
            CheckpointLine::Tally(tally) => checkpoint.tallies.push(tally.into()),
        }
    }
    if count != head.lines {
        return Err(lines.damaged(format!("ends after {count} lines of {}", head.lines)));
    }
    let (named, epoch, chain) = (named.clone(), head.epoch(), lines.chain().clone());
    Ok(Kept { named, epoch, checkpoint, journal: head.journal, after: head.after, chain })
}
