//! Rows about persons and what names them.

use super::{LEAD, PERSON, at, job_id, result, row, team};
use crate::domain::charge::Facts;
use crate::domain::identity::keys::{NameMarks, PhoneKey};
use crate::domain::reveal::Reveals;
use crate::domain::uuid::Uuid;
use crate::ledger::ids::Lease;
use crate::ledger::record::lead::{Alias, Claim, Known, LeadRow, NotFound, PersonRow};
use crate::ledger::record::validation::{AddressKey, AddressRow, Validation};
use crate::ledger::table::{Addresses, Leads, Persons, Superseded, TableId, Validations};

pub(super) fn of_people() -> Vec<(TableId, String)> {
    let kept_for = Some(team());
    let claim = Claim { at: result(), reveals: Reveals::ALL, kept_for: kept_for.clone() };
    let gone = NotFound { settled_at: at(2), kept_for: kept_for.clone() };
    let known = Known {
        at: result(),
        turn: Lease(6),
        covers: Reveals::ALL,
        settled_at: at(3),
        expires_at: at(4),
        kept_for,
    };
    let facts = Facts {
        found_free_until: Some(at(1)),
        found_charged_by: Some(at(2)),
        owned: Reveals::ALL,
        phones: vec![PhoneKey::from_bytes([5; 16])],
    };
    let address = AddressKey { address: LEAD, kept_for: Some(team()) };
    vec![
        row::<Leads>(
            &LEAD,
            &LeadRow {
                alias: Alias::Of(PERSON),
                alias_kept_for: vec![team()],
                claims: vec![claim],
                not_found: vec![gone],
                removed_at: Some(at(5)),
                touched_at: Some(at(6)),
            },
        ),
        row::<Persons>(
            &PERSON,
            &PersonRow {
                facts,
                name: NameMarks::from_stored([7]),
                results: vec![known],
                removed_at: Some(at(5)),
            },
        ),
        row::<Superseded>(&(PERSON, result()), &at(4)),
        row::<Addresses>(&address, &AddressRow { at: result(), asked_at: at(1) }),
        row::<Validations>(
            &job_id().batch,
            &Validation {
                named: Some(Uuid::from_bytes([6; 16])),
                asked_at: at(1),
                ended_at: Some(at(2)),
                results_until: Some(at(8)),
                answered: 3,
                is_canceled: true,
                is_joined: false,
            },
        ),
    ]
}

/// As rows were stored before aliases were kept for teams.
#[test]
fn an_alias_that_is_kept_for_no_team_is_everybodys() {
    let line = super::PINNED.lines().find_map(|line| line.strip_prefix("leads "));
    let whole = hex::decode(line.unwrap().rsplit(' ').next().unwrap()).unwrap();
    let teams = hex::decode("010573616c6573").unwrap();
    let before = whole.strip_suffix(teams.as_slice()).expect("the teams come last");
    let row: LeadRow = crate::ledger::codec::from_row(before).unwrap();
    assert_eq!((row.alias, row.alias_kept_for.len()), (Alias::Of(PERSON), 0));
    assert_eq!(crate::ledger::codec::to_row(&row), before);
}
