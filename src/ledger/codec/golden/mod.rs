//! Every kind of row and its key, pinned byte by byte. If this fails, the stored form has changed: raise
//! `LAYOUT` in `ledger/redis/keys.rs` and `SCHEMA_VERSION` in `disk/file.rs`, and pin the new form here.

mod people;

use people::of_people;

use super::{Ordered, to_row};
use crate::domain::budget::{Budget, HourlyUse, Meter};
use crate::domain::credits::{Amounts, Credits, Unit};
use crate::domain::estimate::Observed;
use crate::domain::identity::Parts;
use crate::domain::identity::keys::{LeadKey, NameMarks, PersonKey, ReplayKey, RequestKey};
use crate::domain::key_terms::{KeyTerms, Scope, Scopes};
use crate::domain::limits::UpTo;
use crate::domain::outage::Outage;
use crate::domain::period::{Period, PeriodId};
use crate::domain::policy::Policies;
use crate::domain::pricing::{Charges, Prices, WorstCase};
use crate::domain::quota::{Action, Quota};
use crate::domain::reveal::Reveals;
use crate::domain::shortage::Shortage;
use crate::domain::team::TeamId;
use crate::domain::team_limits::Measure;
use crate::domain::time::Timestamp;
use crate::domain::vendor_id::VendorId;
use crate::ledger::ids::{BatchId, JobId, Lease, ResultRef, Token};
use crate::ledger::record::batch::{Batch, Dispositions, Join, Slot, Source};
use crate::ledger::record::entry::{Change, Entry, Fact, Posting};
use crate::ledger::record::job::{
    Answer, Answered, Charged, Found, Job, JobLead, Part, Reason, Restoring, State, Way, Window,
    Word,
};
use crate::ledger::record::lane::{DueAt, Lane, Rotation, Urgency, Waiter};
use crate::ledger::record::opening::{Counted, Cursor, Opening};
use crate::ledger::record::remnant::Remnant;
use crate::ledger::record::replay::{Became, Replay};
use crate::ledger::record::settlement::{PartProgress, Progress};
use crate::ledger::record::stage::Stage;
use crate::ledger::record::tally::{Tally, TallyKey};
use crate::ledger::record::team::{Key, Standing, Team};
use crate::ledger::record::usage::UseKey;
use crate::ledger::table::{
    Answers, Batches, Budgets, Carried, Due, HourlyUses, JobLeads, Jobs, Joins, Journal, Keys,
    Numbers, Observations, Openings, Outages, Remnants, ReplayEnds, Replays, Rotations,
    Settlements, Shortages, Slots, Stages, Table, TableId, Tallies, Teams, Uses, Waiting,
};

const PINNED: &str = include_str!("golden.txt");

const LEAD: LeadKey = LeadKey::from_bytes([1; 16]);
const PERSON: PersonKey = PersonKey::from_bytes([2; 16]);

fn row<T: Table>(key: &T::Key, row: &T::Row) -> (TableId, String) {
    (T::ID, format!("{} {}", hex::encode(key.to_key()), hex::encode(to_row(row))))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1000)
}

fn team() -> TeamId {
    "sales".parse().unwrap()
}

fn credits(thousandths: i64) -> Credits {
    Credits::from_thousandths(thousandths)
}

fn amounts(email: i64, phone: i64) -> Amounts {
    Amounts { email: credits(email), phone: credits(phone) }
}

fn job_id() -> JobId {
    JobId { batch: BatchId::new(300).unwrap(), ordinal: 1 }
}

fn result() -> ResultRef {
    ResultRef { job: job_id(), index: 7 }
}

fn tally() -> Tally {
    Tally {
        spent: credits(1500),
        reserved: credits(500),
        unresolved: credits(1000),
        avoided: credits(-1),
    }
}

fn tally_key() -> TallyKey {
    TallyKey { team: team(), unit: Unit::Phone, period: PeriodId::total() }
}

fn periods() -> Vec<(Unit, PeriodId)> {
    vec![(Unit::Email, PeriodId::total()), (Unit::Phone, PeriodId::from_stored("2026-11"))]
}

fn charges() -> Charges {
    Charges {
        person_found: credits(500),
        email_revealed: credits(1000),
        phone_revealed: credits(2000),
        other: amounts(3, 4),
    }
}

fn of_teams() -> Vec<(TableId, String)> {
    let quota = Quota {
        unit: Unit::Phone,
        period: Period::Month,
        limit: credits(5000),
        zone: "Europe/Lisbon".parse().unwrap(),
        action: Action::Warn,
    };
    let of_a_day = Quota { unit: Unit::Email, period: Period::Day, ..quota.clone() };
    let counted = Counted { unit: Unit::Email, period: PeriodId::total(), spent: credits(500) };
    let cursor = Cursor::Jobs(Some(job_id()));
    let policies =
        Policies { max_age: Some(std::time::Duration::from_hours(1)), ..Policies::default() };
    vec![
        row::<Teams>(
            &team(),
            &Team {
                id: team(),
                version: 3,
                name: "Sales".into(),
                quotas: vec![quota],
                policies,
                standing: Standing::Paused,
                opening: 4,
                counting: vec![of_a_day],
            },
        ),
        row::<Keys>(
            &"8dc4".into(),
            &Key {
                id: "8dc4".into(),
                team: team(),
                name: "crm".into(),
                digest: [9; 32],
                created_at: at(1),
                revoked_at: Some(at(2)),
                terms: KeyTerms {
                    scopes: Scopes::of(&[Scope::Enrich, Scope::Read]),
                    reveals: Reveals { email: true, phone: false },
                    networks: vec!["10.0.0.0/8".parse().unwrap()],
                    expires_at: Some(at(3)),
                    requests_per_minute: Some(60),
                    requests_at_once: Some(2),
                    is_paused: true,
                    owner: Some("ada".into()),
                },
            },
        ),
        row::<Tallies>(&tally_key(), &tally()),
        row::<Uses>(&UseKey::lasting(&team(), Measure::KeptBytes), &300),
        row::<Openings>(&team(), &Opening { periods: vec![counted], cursor }),
        row::<Carried>(&tally_key(), &tally()),
        row::<Observations>(
            &team(),
            &Observed {
                leads: 1,
                found: 2,
                emails_asked: 3,
                emails: 4,
                phones_asked: 5,
                phones: 6,
            },
        ),
        row::<Journal>(
            &7,
            &Entry {
                at: at(5),
                team: team(),
                fact: Fact::Settled,
                batch: BatchId::new(300),
                job: Some(job_id()),
                dated: at(4),
                periods: periods(),
                change: Change {
                    spent: amounts(1, 2),
                    reserved: amounts(-3, 4),
                    unresolved: amounts(5, 6),
                    avoided: amounts(7, 8),
                },
                charges: charges(),
                note: "why".parse().ok(),
            },
        ),
    ]
}

fn of_batches() -> Vec<(TableId, String)> {
    let name = NameMarks::from_stored([0x0102_0304, 0x0500_0000]);
    let slot = |profile, source| {
        let parts = Parts { profile, email: None, names: profile };
        Slot { key: LEAD, parts, has_email: true, name, source }
    };
    vec![
        row::<Batches>(
            &job_id().batch,
            &Batch {
                team: team(),
                opening: 4,
                token: Token::new([3; 16]),
                request: "r-1".parse().ok(),
                way: Way::LookUp,
                reveals: Reveals::ALL,
                most: UpTo { email: Some(credits(9000)), phone: None },
                admitted_at: at(1),
                answers_since: Some(at(2)),
                dispositions: Dispositions {
                    submitted: 6,
                    repeated: 1,
                    cached: 2,
                    joined: 3,
                    fresh: 4,
                    trimmed: 5,
                },
                reserved: amounts(1500, 1000),
                avoided: amounts(1, 2),
                jobs: vec![job_id()],
                jobs_made: 2,
                canceled_at: Some(at(3)),
                canceled_for: "why".parse().ok(),
                sealed_until: Some(at(8)),
                kept_bytes: 3000,
            },
        ),
        row::<Slots>(
            &(job_id().batch, 1),
            &vec![slot(Some(LEAD), Source::Own(result())), slot(None, Source::NotFound)],
        ),
        row::<Joins>(
            &(job_id(), job_id().batch),
            &Join {
                team: team(),
                reveals: Reveals::NONE,
                joined: vec![1, 2],
                repeated: vec![3],
                driven_to: 4,
            },
        ),
        row::<Replays>(
            &ReplayKey::from_bytes([7; 16]),
            &Replay {
                request: RequestKey::from_bytes([4; 16]),
                became: Became::Batch(BatchId::new(300).unwrap()),
                until: at(9),
                counts_for: Some(team()),
            },
        ),
        row::<ReplayEnds>(&(at(9), ReplayKey::from_bytes([7; 16])), &()),
        row::<Remnants>(&Remnant::Leads(job_id()), &60),
        row::<Stages>(&(Stage::Unresolved, job_id()), &()),
    ]
}

fn of_jobs() -> Vec<(TableId, String)> {
    let part = Part {
        batch: BatchId::new(300).unwrap(),
        team: team(),
        request: "r-1".parse().ok(),
        kept_for: Some(team()),
        leads: 2,
        admitted_at: at(1),
        periods: periods(),
        prices: Prices::PUBLISHED,
        reserved: amounts(1, 2),
        unresolved: amounts(3, 4),
        charged: charges(),
        word: Some(Word {
            at: at(8),
            charged: Charged::Some(amounts(1, 2)),
            spent: amounts(3, 4),
            released: amounts(5, 6),
        }),
    };
    let posting = Posting {
        at: at(5),
        fact: Fact::Resolved,
        change: Change { spent: amounts(1, 2), ..Change::default() },
        charges: charges(),
        note: "why".parse().ok(),
    };
    let job = Job {
        id: job_id(),
        way: Way::Batch,
        state: State::Unresolved(Reason::Deadline),
        reveals: Reveals::ALL,
        leads: 2,
        parts: vec![part],
        passengers: vec![job_id()],
        window: Some(Window { end: 1, suspect: 2 }),
        refusals: 3,
        has_strays: true,
        waiters: vec![Waiter { team: team(), urgency: Urgency::Urgent }],
        waits_until: Some(at(1)),
        attempts: 2,
        unanswered: 1,
        first_sent_at: Some(at(2)),
        charged_by: Some(at(3)),
        vendor_id: Some(VendorId::from_number(77)),
        bound_at: Some(at(4)),
        due: Some(at(5)),
        lease: Lease(6),
        is_cancel_wanted: true,
        ended_at: Some(at(7)),
        postings: vec![posting],
        results_until: Some(at(8)),
        settled_with: Some(job_id()),
        restoring: Restoring::Tried(at(9)),
    };
    let worst = WorstCase { find: true, email: false, phones: 4 };
    let lead = JobLead { key: LEAD, position: 3, worst, is_refused: true };
    vec![
        row::<Jobs>(&job_id(), &job),
        row::<JobLeads>(&(job_id(), 1), &vec![lead]),
        row::<Answers>(
            &(job_id(), 1),
            &Answered {
                turn: Lease(6),
                answers: vec![
                    Answer::Found(Found { person: PERSON, email: true, phones: 2 }),
                    Answer::Unmatched,
                    Answer::Refused,
                ],
                charged: vec![amounts(1500, 1000), Amounts::ZERO, Amounts::ZERO],
            },
        ),
        row::<Settlements>(
            &job_id(),
            &Progress {
                next: 100,
                results_until: Some(at(8)),
                parts: vec![PartProgress {
                    charged: charges(),
                    unmatched: amounts(1, 2),
                    word: Some(amounts(3, 4)),
                }],
            },
        ),
        row::<Due>(&DueAt { lane: Lane::Submissions, team: team(), at: at(1), job: job_id() }, &()),
        row::<Rotations>(&Lane::Polls, &Rotation { after: Some(team()), given: 3 }),
        row::<Waiting>(&(Reveals::ALL, (at(1), job_id())), &100),
    ]
}

fn of_the_store() -> Vec<(TableId, String)> {
    let [requests, submissions, look_ups, passages] = [1, 2, 3, 4].map(Meter);
    let (closed_until, passages_closed_until) = (Some(at(5)), Some(at(6)));
    let budget =
        Budget { requests, submissions, look_ups, passages, closed_until, passages_closed_until };
    vec![
        row::<Numbers>(&"turns".into(), &1_000_000),
        row::<Budgets>(&"all".into(), &budget),
        row::<HourlyUses>(&"all".into(), &HourlyUse { slots: vec![(at(1), 7), (at(2), 300)] }),
        row::<Outages>(
            &"vendor".into(),
            &Outage {
                unanswered: 3,
                unanswered_at: Some(at(1)),
                probe_at: Some(at(2)),
                probes: 4,
                answer_counts_until: Some(at(5)),
            },
        ),
        row::<Shortages>(&"phone".into(), &Shortage { probe_at: at(2), waiting: vec![team()] }),
    ]
}

#[test]
fn rows_have_the_form_that_stores_hold() {
    let mut rows = [of_teams(), of_batches(), of_jobs(), of_people(), of_the_store()].concat();
    rows.sort();
    assert!(rows.iter().map(|(table, _)| table).eq(TableId::ALL), "a kind of row is not pinned");
    let lines: Vec<_> = rows.iter().map(|(table, row)| format!("{} {row}", table.name())).collect();
    let pinned: Vec<_> = PINNED.lines().collect();
    assert_eq!(lines, pinned, "the form of a row has changed: see the top of this file");
}

/// The terms of the pinned key, which end its row.
const KEY_TERMS: &str = "1101010a31302e302e302e302f3801f02e013c0102010103616461";

/// As keys were stored before there were terms.
#[test]
fn a_key_without_terms_may_all_that_its_team_may() {
    let (table, row) = PINNED
        .lines()
        .find_map(|line| Some((line.strip_prefix("keys ")?.split_once(' ')?.0, line)))
        .expect("a key is pinned");
    assert_eq!(table, "3864633400");
    let whole = hex::decode(row.rsplit(' ').next().unwrap()).unwrap();
    let terms = hex::decode(KEY_TERMS).unwrap();
    let before = whole.strip_suffix(terms.as_slice()).expect("the terms come last");
    let key: Key = crate::ledger::codec::from_row(before).unwrap();
    assert_eq!(key.terms, KeyTerms::default());
    assert_eq!(crate::ledger::codec::to_row(&key), before);
}
