//! The scripts, each with what its keys and arguments are on its top. They are known by their hash,
//! so replicas of two versions may run side by side, each with its own.

use crate::remote::Script;

/// Finds the books, or founds them.
pub(super) static FOUND: Script = Script::new("found", include_str!("scripts/found.lua"));
/// Keeps a step. Refused where the server's memory is full.
pub(super) static COMMIT: Script = Script::new("commit", include_str!("scripts/commit.lua"));
/// Keeps a step that must be kept even where the server's memory is full: those that end work.
pub(super) static COMMIT_WHEN_FULL: Script = Script::new(
    "commit_when_full",
    concat!("#!lua flags=allow-oom\n", include_str!("scripts/commit.lua")),
);
/// Stages a piece of a step that is too large for one commit.
pub(super) static STAGE: Script = Script::new("stage", include_str!("scripts/stage.lua"));
/// Takes the marks off staged rows.
pub(super) static UNMARK: Script =
    Script::new("unmark", concat!("#!lua flags=allow-oom\n", include_str!("scripts/unmark.lua")));
/// Gives up a step that is still being staged.
pub(super) static GIVE_UP: Script =
    Script::new("give_up", concat!("#!lua flags=allow-oom\n", include_str!("scripts/give_up.lua")));
/// The names of keys.
pub(super) static NAMES: Script = Script::new("names", include_str!("scripts/names.lua"));
/// The first members of each group of a sorted set.
pub(super) static HEADS: Script =
    Script::new("heads", concat!("#!lua flags=no-writes\n", include_str!("scripts/heads.lua")));

/// Steps that end work or give way: they set memory free sooner or later, or take next to none.
const WHEN_FULL: [&str; 30] = [
    "ask_leave",
    "ask_probe",
    "bind",
    "cancel",
    "cancel_validation",
    "change_key",
    "claim_question",
    "close_call",
    "close_team",
    "credit_joiners",
    "end_validation",
    "erase",
    "gather",
    "give_probe_back",
    "give_up",
    "give_up_canceled",
    "has_credits",
    "hear",
    "lease",
    "leave_alone",
    "put_back",
    "reschedule",
    "resolve",
    "run_out",
    "settle",
    "split",
    "sweep",
    "trim",
    "unanswered",
    "void",
];

/// Steps that somebody acts on as soon as they are answered: bytes leave, a caller is promised
/// something, an operator's word counts. Where a failover loses any other step, it is taken again
/// or errs on the high side.
const ACTED_ON: [&str; 16] = [
    "adjust",
    "admit",
    "begin_send",
    "cancel",
    "cancel_validation",
    "change_key",
    "close_team",
    "end_adoption",
    "erase",
    "open_call",
    "open_validation",
    "put_key",
    "put_team",
    "redrive",
    "resolve",
    "take_numbers",
];

/// The script that keeps the step of this name.
pub(super) fn commit_of(step: &str) -> &'static Script {
    if WHEN_FULL.contains(&step) { &COMMIT_WHEN_FULL } else { &COMMIT }
}

/// Whether somebody acts on the step of this name as soon as it is answered.
pub(super) fn is_acted_on(step: &str) -> bool {
    ACTED_ON.contains(&step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_that_is_named_here_is_one_that_writes() {
        let steps = include_str!("../over_shelf.rs");
        for step in WHEN_FULL.iter().chain(&ACTED_ON) {
            assert!(steps.contains(&format!(".write(\"{step}\"")), "no step is called {step}");
        }
        assert!(WHEN_FULL.is_sorted() && ACTED_ON.is_sorted());
    }
}
