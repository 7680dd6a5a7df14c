//! The rest of an adoption, in as many steps as it takes.

use super::transition::adopt::{ADOPTED_AT_ONCE, Inheritance, Remainder};
use super::transition::checkpoint::Roster;
use super::{Ledger, Outcome};

/// Adopts the roster, the open jobs and what no job is known to have open, and opens the books. A run that
/// was cut is begun again from the top: what was done stays so.
pub(super) async fn end<L: Ledger + ?Sized>(ledger: &L, rest: Inheritance) -> Outcome<()> {
    let known = rest.known();
    let Inheritance { epoch, roster, open, next_batch } = rest;
    for teams in roster.teams.chunks(ADOPTED_AT_ONCE) {
        let piece = Roster { teams: teams.to_vec(), ..Roster::default() };
        ledger.adopt_roster(epoch, piece).await?;
    }
    for keys in roster.keys.chunks(ADOPTED_AT_ONCE) {
        let piece = Roster { keys: keys.to_vec(), ..Roster::default() };
        ledger.adopt_roster(epoch, piece).await?;
    }
    let open: Vec<_> = open.into_iter().collect();
    for jobs in open.chunks(ADOPTED_AT_ONCE) {
        ledger.adopt_jobs(epoch, jobs.to_vec()).await?;
    }
    let mut remainder = Remainder { known, next_batch, ..Remainder::default() };
    while let Some(after) = ledger.adopt_remainder(epoch, remainder.clone()).await? {
        remainder.after = Some(after);
        remainder.steps = remainder.steps.saturating_add(1);
    }
    ledger.end_adoption_step(epoch, next_batch).await
}
