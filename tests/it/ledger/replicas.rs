//! Two replicas on one Redis: many hands at once on few persons under tight quotas, and audits
//! all the while.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;
use tollgate::domain::period::Period;
use tollgate::domain::team::TeamId;
use tollgate::domain::vendor_id::VendorId;
use tollgate::ledger::ids::JobId;
use tollgate::ledger::record::job::{Cause, JobLead, State};
use tollgate::ledger::step::{Begun, Binding, Lost, Redrive, Room, Settlement, Turn, Voiding};
use tollgate::ledger::{Ledger, LedgerError, Outcome};

use super::books::{Books, MINUTE, QUIET, RESULTS_TTL, TURN, attempt, quota, terms};
use super::named::{EMAIL, found, key, lead};
use super::store::Redis;
use crate::support::faulty_disk::Dice;

const PEOPLE: [&str; 6] = ["ada", "bob", "cyd", "dan", "eve", "fay"];
const HANDS: u64 = 16;
const ROUNDS: usize = 40;

/// Who is with the vendor, or was answered, and in which jobs.
type Sent = Arc<Mutex<BTreeMap<&'static str, BTreeSet<JobId>>>>;

#[tokio::test(flavor = "multi_thread")]
async fn many_hands_of_two_replicas_charge_each_person_once() {
    let one = Arc::new(Books::<Redis>::open().await);
    let replicas = [Arc::clone(&one), Arc::new(one.replica())];
    let mut teams = Vec::new();
    for (name, limit) in [("sales", "4.5"), ("growth", "6"), ("labs", "9")] {
        teams.push(one.team(name, &[quota(Period::Total, limit)]).await);
    }
    let sent = Sent::default();
    let mut hands = JoinSet::new();
    for hand in 0..HANDS {
        let books = Arc::clone(&replicas[usize::from(hand % 2 == 1)]);
        let (teams, sent) = (teams.clone(), Arc::clone(&sent));
        hands.spawn(async move {
            let mut dice = Dice::new(hand);
            for _ in 0..ROUNDS {
                act(&books, &teams, &sent, &mut dice).await;
            }
        });
    }
    while let Some(hand) = hands.join_next().await {
        hand.unwrap();
        balances(&one, &teams).await;
    }

    // Whatever a hand let go of comes round again, until nothing is due.
    loop {
        one.pass(QUIET);
        let turns = one.ledger().lease(Room::each(100), TURN).await.unwrap();
        if turns.is_empty() {
            break;
        }
        for turn in turns {
            work(&one, &sent, turn, false).await.unwrap();
        }
    }
    balances(&one, &teams).await;
    let mut charged = 0;
    for team in &teams {
        let usage = one.ledger().usage(team.clone()).await.unwrap().unwrap().email;
        assert!(usage.reserved.is_zero() && usage.unresolved.is_zero(), "{usage:?}");
        charged += usage.spent.as_thousandths();
    }
    let bought = sent.lock().unwrap().len();
    assert!(bought > 2, "too few were sent: {bought}");
    assert_eq!(charged, 1_500 * i64::try_from(bought).unwrap(), "each find is charged once");
}

/// The books agree with themselves while others write them, and no quota is passed.
async fn balances(books: &Books<Redis>, teams: &[TeamId]) {
    books.balance().await;
    for team in teams {
        let usage = books.ledger().usage(team.clone()).await.unwrap().unwrap();
        let used = &usage.quotas[0];
        let in_all = used.tally.spent.plus(used.tally.reserved).plus(used.tally.unresolved);
        assert!(in_all <= used.quota.limit, "{used:?}");
    }
}

/// One thing that a gateway does; what the store did not take is left for later.
async fn act(books: &Books<Redis>, teams: &[TeamId], sent: &Sent, dice: &mut Dice) {
    let team = &teams[dice.index(teams.len())];
    let done = match dice.below(10) {
        0..5 => {
            let some = 1 + dice.index(3);
            let leads = (0..some).map(|_| lead(PEOPLE[dice.index(PEOPLE.len())])).collect();
            let admission = books.admission(team, EMAIL, leads);
            let batch = admission.batch;
            match books.ledger().admit(admission).await {
                Ok(Ok(_)) if dice.percent(10) => {
                    books.ledger().cancel(batch, None).await.map(|_| ())
                }
                admitted => admitted.map(|_| ()),
            }
        }
        _ => match books.ledger().lease(Room::each(2), TURN).await {
            Ok(turns) => {
                let mut done = Ok(());
                for turn in turns {
                    done = work(books, sent, turn, dice.percent(20)).await.and(done);
                }
                done
            }
            Err(error) => Err(error),
        },
    };
    match done {
        Ok(()) | Err(LedgerError::NotApplied(_) | LedgerError::Fenced) => {}
        Err(error) => panic!("{error}"),
    }
}

/// What a turn is for.
async fn work(books: &Books<Redis>, sent: &Sent, turn: Turn, is_refused: bool) -> Outcome<()> {
    let ledger = books.ledger();
    let Turn { job, lease, stranded, .. } = turn;
    for batch in stranded {
        ledger.redrive(Redrive { batch, job: job.id, terms: terms(), lost: Lost::NOTHING }).await?;
    }
    let Some((_, leads)) = ledger.job(job.id).await? else { return Ok(()) };
    match job.state {
        State::Ready | State::Unknown => {
            if ledger.begin_send(attempt(job.id, lease, job.attempts)).await? == Begun::Exhausted {
                return Ok(());
            }
            note_sent(books, sent, job.id, &leads).await?;
            if is_refused {
                take_back(sent, job.id);
                let quiet_until = books.now().after(QUIET);
                let cause = Cause::Refused;
                ledger.void(Voiding { job: job.id, lease, cause, quiet_until }).await?;
                return Ok(());
            }
        }
        State::Sending | State::Bound => {}
        State::Done => {
            while !ledger.credit_joiners(job.id).await?.is_all {}
            return Ok(());
        }
        _ => return ledger.reschedule(job.id, lease, None).await,
    }
    let (vendor_id, poll_at) =
        (VendorId::from_number(job.id.batch.get()), books.now().after(MINUTE));
    ledger.bind(Binding { job: job.id, vendor_id, poll_at }).await?;
    let evidence = names(&leads).iter().map(|name| found(name, EMAIL)).collect();
    let results_expire_at = books.now().after(RESULTS_TTL);
    ledger
        .settle(Settlement { job: job.id, turn: lease, first: 0, evidence, results_expire_at })
        .await?;
    Ok(())
}

fn names(leads: &[JobLead]) -> Vec<&'static str> {
    let name = |lead: &JobLead| PEOPLE.into_iter().find(|name| key(name) == lead.key);
    leads.iter().map(|lead| name(lead).expect("nobody else was asked for")).collect()
}

/// Nobody is with the vendor in two jobs, or was answered and is sent again. Only what was cancelled
/// on its way is joined by nobody.
async fn note_sent(
    books: &Books<Redis>,
    sent: &Sent,
    job: JobId,
    leads: &[JobLead],
) -> Outcome<()> {
    for name in names(leads) {
        let others = {
            let mut sent = sent.lock().unwrap();
            let jobs = sent.entry(name).or_default();
            jobs.insert(job);
            jobs.clone()
        };
        for other in others.into_iter().filter(|other| *other != job) {
            let (other, _) = books.ledger().job(other).await?.expect("it was sent");
            assert!(other.is_cancel_wanted, "{name} is sent twice");
        }
    }
    Ok(())
}

fn take_back(sent: &Sent, job: JobId) {
    sent.lock().unwrap().retain(|_, jobs| {
        jobs.remove(&job);
        !jobs.is_empty()
    });
}
