//! The books without power: whatever step the power is cut in, what was answered stands, the rest
//! goes on from there, and the books are, row for row, what the same steps leave in memory.

use std::sync::Arc;
use std::time::Duration;

use tollgate::clock::{Clock, ManualClock};
use tollgate::disk::Disk;
use tollgate::domain::charge::Shown;
use tollgate::domain::identity::Parts;
use tollgate::domain::identity::keys::{LeadKey, NameMarks, PersonKey, PhoneKey};
use tollgate::domain::limits::Limits;
use tollgate::domain::outage::Probing;
use tollgate::domain::pricing::Prices;
use tollgate::domain::reveal::Reveals;
use tollgate::domain::team_limits::TeamLimits;
use tollgate::domain::time::Timestamp;
use tollgate::domain::vendor_id::VendorId;
use tollgate::ledger::embedded::EmbeddedLedger;
use tollgate::ledger::ids::{BatchId, JobId, Token};
use tollgate::ledger::memory::MemoryLedger;
use tollgate::ledger::record::job::{Cause, Way};
use tollgate::ledger::record::team::NewTeam;
use tollgate::ledger::step::{
    Admission, Attempt, Binding, Evidence, LeadAsk, Lost, Room, Settlement, Terms, Voiding,
};
use tollgate::ledger::{Ledger, LedgerError};

use crate::support::faulty_disk::{Dice, FaultyDisk};

const CUTS: u64 = 500;
const BATCHES: u64 = 12;
const PEOPLE: u64 = 20;

/// One step with all it is asked with.
#[derive(Clone, Debug)]
enum Step {
    Team,
    Admit(Box<Admission>),
    Lease,
    Send(Attempt),
    Bind(Binding),
    Settle(Settlement),
    Void(Voiding),
}

impl Step {
    async fn take(self, ledger: &impl Ledger) -> Result<(), LedgerError> {
        match self {
            Self::Team => {
                let team = "sales".parse().unwrap();
                ledger.put_team(team, NewTeam::open("Sales")).await.map(drop)
            }
            Self::Admit(admission) => ledger.admit(*admission).await.map(drop),
            Self::Lease => ledger.lease(Room::each(1), Duration::from_mins(1)).await.map(drop),
            Self::Send(attempt) => ledger.begin_send(attempt).await.map(drop),
            Self::Bind(binding) => ledger.bind(binding).await,
            Self::Settle(settlement) => ledger.settle(settlement).await.map(drop),
            Self::Void(voiding) => ledger.void(voiding).await.map(drop),
        }
    }
}

/// A life of the books: every step, and the books after so many of them.
struct Script {
    steps: Vec<Step>,
    dumps: Vec<Vec<String>>,
}

#[tokio::test]
async fn no_power_cut_loses_an_answered_step_of_the_books() {
    let (mut cuts, mut seed) = (0, 0);
    while cuts < CUTS {
        let script = Script::write(seed).await;
        cuts += script.live(&FaultyDisk::new(seed), &mut Dice::new(seed ^ 0xca7)).await;
        seed += 1;
    }
}

fn began() -> Timestamp {
    Timestamp::from_millis(1_764_000_000_000)
}

/// The moment of the n-th step.
fn moment(step: usize) -> Timestamp {
    began().after(Duration::from_secs(step as u64))
}

impl Script {
    /// Batches that are admitted, sent and settled, or refused, over people who come again.
    async fn write(seed: u64) -> Self {
        let clock = Arc::new(ManualClock::new(began()));
        let ledger = MemoryLedger::new(clock.clone(), Arc::new(()));
        let mut script = Self { steps: Vec::new(), dumps: vec![Vec::new()] };
        let mut dice = Dice::new(seed);
        script.go_on(&ledger, &clock, Step::Team).await;
        for number in 1..=BATCHES {
            let batch = BatchId::new(number).unwrap();
            script.go_on(&ledger, &clock, Step::Admit(Box::new(admission(batch, &mut dice)))).await;
            let id = JobId { batch, ordinal: 0 };
            let Some((_, leads)) = ledger.job(id).await.unwrap() else { continue };
            script.go_on(&ledger, &clock, Step::Lease).await;
            let lease = ledger.job(id).await.unwrap().unwrap().0.lease;
            let attempt = Attempt {
                job: id,
                lease,
                after: 0,
                unanswered_max: 3,
                horizon: Duration::from_hours(2),
                lease_for: Duration::from_mins(1),
                probing: Probing { every: Duration::from_mins(2), at_most: Duration::from_mins(5) },
            };
            script.go_on(&ledger, &clock, Step::Send(attempt)).await;
            if dice.percent(20) {
                let (cause, quiet_until) = (Cause::Refused, began());
                let voiding = Voiding { job: id, lease, cause, quiet_until };
                script.go_on(&ledger, &clock, Step::Void(voiding)).await;
                continue;
            }
            let poll_at = began().after(Duration::from_hours(1));
            let binding = Binding { job: id, vendor_id: VendorId::from_number(number), poll_at };
            script.go_on(&ledger, &clock, Step::Bind(binding)).await;
            let evidence = leads.iter().map(|lead| evidence(lead.key, &mut dice)).collect();
            let results_expire_at = began().after(Duration::from_hours(200));
            let settlement =
                Settlement { job: id, turn: lease, first: 0, evidence, results_expire_at };
            script.go_on(&ledger, &clock, Step::Settle(settlement)).await;
        }
        script
    }

    async fn go_on(&mut self, ledger: &MemoryLedger, clock: &ManualClock, step: Step) {
        clock.advance(moment(self.steps.len()).since(clock.now()));
        step.clone().take(ledger).await.unwrap();
        self.steps.push(step);
        self.dumps.push(ledger.dump().await.unwrap());
    }

    /// Takes the steps on a disk that loses power now and then, until they are all taken; answers
    /// how often it did.
    async fn live(&self, disk: &FaultyDisk, dice: &mut Dice) -> u64 {
        Disk::open_backend(disk.plug_in()).unwrap().close().await;
        let (mut answered, mut cuts) = (0, 0);
        loop {
            let clock = Arc::new(ManualClock::new(began()));
            let open = Disk::open_backend(disk.plug_in()).unwrap();
            let ledger =
                EmbeddedLedger::open(open.clone(), clock.clone(), Arc::new(())).await.unwrap();
            answered = self.stands_at(&ledger, answered).await;
            disk.cut_power_in(dice.below(60));
            while let Some(step) = self.steps.get(answered) {
                clock.advance(moment(answered).since(clock.now()));
                if step.clone().take(&ledger).await.is_err() {
                    break;
                }
                answered += 1;
            }
            open.close().await;
            if answered == self.steps.len() {
                return cuts;
            }
            cuts += 1;
        }
    }

    /// After how many steps the books stand: all that were answered, or one more that was under
    /// way.
    async fn stands_at(&self, ledger: &EmbeddedLedger, answered: usize) -> usize {
        let found = ledger.dump().await.unwrap();
        let audit = ledger.audit().await.unwrap();
        assert!(audit.mismatches.is_empty(), "{audit:?}");
        let most = (answered + 1).min(self.steps.len());
        let stands = (answered..=most).find(|steps| self.dumps[*steps] == found);
        stands.unwrap_or_else(|| panic!("not the books after {answered} steps, nor one more"))
    }
}

fn admission(batch: BatchId, dice: &mut Dice) -> Admission {
    let lead = |dice: &mut Dice| LeadAsk {
        key: key_of(dice.below(PEOPLE)),
        parts: Parts::default(),
        has_email: false,
        name: NameMarks::default(),
    };
    Admission {
        batch,
        token: Token::new([u8::try_from(batch.get()).unwrap(); 16]),
        team: "sales".parse().unwrap(),
        request: None,
        way: Way::Batch,
        reveals: Reveals { email: dice.percent(50), phone: dice.percent(50) },
        leads: (0..=dice.below(6)).map(|_| lead(dice)).collect(),
        field_bytes: 0,
        max_age: None,
        limits: Limits::default(),
        retry: None,
        terms: terms(),
        lost: Lost::NOTHING,
        leads_expire_at: Some(began().after(Duration::from_hours(200))),
    }
}

fn key_of(person: u64) -> LeadKey {
    LeadKey::from_bytes([u8::try_from(person).unwrap(); 16])
}

fn evidence(key: LeadKey, dice: &mut Dice) -> Evidence {
    match dice.below(10) {
        0 => Evidence::NotFound,
        1 => Evidence::Unmatched,
        2 => Evidence::Removed { proof: vec![key] },
        _ => Evidence::Found {
            person: PersonKey::from_bytes(*key.as_bytes()),
            aliases: vec![LeadKey::from_bytes([key.as_bytes()[0] | 0x80; 16])],
            answers_key: true,
            name: NameMarks::default(),
            shown: Shown { email: dice.percent(80), phones: vec![PhoneKey::from_bytes([1; 16])] },
        },
    }
}

fn terms() -> Terms {
    Terms {
        prices: Prices::PUBLISHED,
        person_ttl: Duration::from_hours(24),
        not_found_ttl: Duration::from_hours(1),
        batch_ttl: Duration::from_hours(7 * 24),
        horizon: Duration::from_hours(3),
        job_leads_max: 10_000,
        gather_window: Duration::ZERO,
        team_limits: TeamLimits::NONE,
    }
}
