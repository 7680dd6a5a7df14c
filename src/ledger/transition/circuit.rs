//! The circuit to the vendor, as far as all replicas share it: for each unit of which the vendor's
//! credits are out, one row that says when the next probe is due, and which teams wait to be it.

use std::time::Duration;

use crate::domain::credits::Unit;
use crate::domain::needs::{ByUnit, Needs};
use crate::domain::shortage::Shortage;
use crate::domain::team::TeamId;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::step::{CircuitState, Probe};
use crate::ledger::table::Shortages;
use crate::ledger::transition::outage::outage;

/// Whether the vendor has credits and answers, as far as the books know.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn state(draft: &Draft<'_>) -> Result<CircuitState, Fault> {
    for unit in Unit::ALL {
        draft.foresee::<Shortages>(&row(unit));
    }
    let mut probe_at = ByUnit::default();
    for unit in Unit::ALL {
        *probe_at.of_mut(unit) = shortage(draft, unit)?.map(|shortage| shortage.probe_at);
    }
    Ok(CircuitState { probe_at, outage: outage(draft)? })
}

/// The vendor says that its credits of a unit are out: for so long nothing that needs them is sent.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn run_out(draft: &mut Draft<'_>, unit: Unit, probe_every: Duration) -> Result<(), Fault> {
    let probe_at = draft.now().after(probe_every);
    let shortage = match shortage(draft, unit)? {
        Some(known) => Shortage { probe_at, ..known },
        None => Shortage::new(probe_at),
    };
    draft.put::<Shortages>(&row(unit), &shortage);
    Ok(())
}

/// A probe was answered without a word on the vendor's credits: another may go at once.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn give_probe_back(draft: &mut Draft<'_>, needs: Needs) -> Result<(), Fault> {
    let now = draft.now();
    for unit in needs.units() {
        if let Some(known) = shortage(draft, unit)?.filter(|known| now < known.probe_at) {
            draft.put::<Shortages>(&row(unit), &Shortage { probe_at: now, ..known });
        }
    }
    Ok(())
}

/// The vendor took something that needs these units, so it has credits of them.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn has_credits(draft: &mut Draft<'_>, needs: Needs) -> Result<(), Fault> {
    for unit in needs.units() {
        if shortage(draft, unit)?.is_some() {
            draft.delete::<Shortages>(&row(unit));
        }
    }
    Ok(())
}

/// Lets a team's request go as the probe of every unit that it needs and that is out, where it is the
/// team's turn. Where it is not, the team waits in line.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn ask_probe(
    draft: &mut Draft<'_>,
    team: &TeamId,
    needs: Needs,
    probe_every: Duration,
) -> Result<Probe, Fault> {
    let now = draft.now();
    let mut out = Vec::new();
    for unit in needs.units() {
        out.extend(shortage(draft, unit)?.map(|known| (unit, known)));
    }
    let turns = out.iter().map(|(_, known)| known.turn_of(team, probe_every, now));
    let Some(turn) = turns.max() else { return Ok(Probe::Needless) };
    for (unit, known) in out {
        let before = known.clone();
        let after =
            if now < turn { known.refused(team) } else { known.probed(team, probe_every, now) };
        if after != before {
            draft.put::<Shortages>(&row(unit), &after);
        }
    }
    Ok(if now < turn { Probe::NotBefore(turn) } else { Probe::Given })
}

fn shortage(draft: &Draft<'_>, unit: Unit) -> Result<Option<Shortage>, Fault> {
    draft.find::<Shortages>(&row(unit))
}

fn row(unit: Unit) -> String {
    unit.name().to_owned()
}
