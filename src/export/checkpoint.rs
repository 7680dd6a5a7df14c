//! Files of checkpoints: written aside and named once they are whole.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::fault::Fault;
use super::folder::{self, Lines, Named};
use super::forms::{CheckpointHead, CheckpointLine, Kind};
use super::line;
use crate::domain::epoch::Epoch;
use crate::ledger::transition::checkpoint::{Checkpoint, Roster};

/// How many checkpoints stay in a folder. The journal beside them is whole without them.
const KEPT: usize = 7;

const ASIDE: &str = "checkpoint.new";

/// Writes a checkpoint, and removes those that are no longer of use.
pub(super) fn write(dir: &Path, checkpoint: &Checkpoint, epoch: Epoch) -> Result<(), Fault> {
    let aside = dir.join(ASIDE);
    let mut text = line::sealed(&CheckpointHead::of(checkpoint, epoch));
    let roster = &checkpoint.roster;
    let lines = (roster.teams.iter().map(CheckpointLine::from))
        .chain(roster.keys.iter().map(CheckpointLine::from))
        .chain(checkpoint.tallies.iter().map(CheckpointLine::from));
    for line in lines {
        text.push_str(&line::sealed(&line));
    }
    let mut file = folder::writable(&aside)?;
    let written = file
        .set_len(0)
        .and_then(|()| file.write_all(text.as_bytes()))
        .and_then(|()| file.sync_all());
    written.map_err(Fault::out_of_reach(&aside))?;
    let named = Named::new(dir, Kind::Checkpoint, checkpoint.next_entry, checkpoint.at);
    fs::rename(&aside, &named.path).map_err(Fault::out_of_reach(&named.path))?;
    folder::sync(dir)?;
    let files = folder::files(dir, Kind::Checkpoint)?;
    for old in files.iter().rev().skip(KEPT) {
        fs::remove_file(&old.path).map_err(Fault::out_of_reach(&old.path))?;
    }
    Ok(())
}

/// Reads a checkpoint.
pub(super) fn read(named: &Named) -> Result<(Epoch, Checkpoint), Fault> {
    let mut lines = Lines::open(&named.path)?;
    let head: CheckpointHead = lines.head(Kind::Checkpoint)?;
    let (at, next_entry) = (head.at(), head.next_entry);
    let mut checkpoint =
        Checkpoint { at, next_entry, tallies: Vec::new(), roster: Roster::default() };
    let mut count = 0;
    while let Some(line) = lines.next()? {
        count += 1;
        match line::opened(&line).map_err(|why| lines.damaged(why))? {
            CheckpointLine::Team(team) => checkpoint.roster.teams.push(team.into()),
            CheckpointLine::Key(key) => checkpoint.roster.keys.push(key.into()),
            CheckpointLine::Tally(tally) => checkpoint.tallies.push(tally.into()),
        }
    }
    if count != head.lines {
        return Err(lines.damaged(format!("ends after {count} lines of {}", head.lines)));
    }
    Ok((head.epoch(), checkpoint))
}
