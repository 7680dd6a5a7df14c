//! Steps that are kept while another one reads.
//!
//! A Redis shows a step its rows in several answers, and other steps may be kept between them. Here that
//! happens just before every read of a step in turn. What the step relies on is compared at its end, as
//! the Redis does it, and the step runs again where something has changed.

mod optimistic;

use std::sync::{Arc, Mutex};

use tollgate::domain::team::TeamId;
use tollgate::ledger::ids::{BatchId, JobId, KeptResult, ResultRef};
use tollgate::ledger::record::job::{Cause, Job, State};
use tollgate::ledger::step::{Detached, Evidence, Refusing, Room, Turn};
use tollgate::ledger::transition::read::LeadReading;
use tollgate::ledger::{Ledger, LedgerError, Outcome};

use super::books::{Books, QUIET, TURN, first};
use super::named::{EMAIL, found_under, key, lead};
use optimistic::{Crossed, at_once};

/// The one whom the vendor refuses.
const BAD: &str = "bad";
const NAMES: [&str; 4] = [BAD, "ada", "bob", "cid"];
const ADDRESS_OF_ADA: &str = "ada@x.io";

/// What the vendor says of somebody whom it found.
fn answer(name: &str) -> Evidence {
    let aliases: &[&str] = if name == "ada" { &[ADDRESS_OF_ADA] } else { &[] };
    found_under(name, EMAIL, aliases)
}

/// What is done to a batch of sales' and its jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// Growth asks for some of the same people.
    Asked,
    /// The vendor refuses one lead of the job that is being sent.
    Refused,
    /// Leads that were not sent with the job move to a job of their own.
    Detached,
    /// Growth's batch is driven off the job.
    Redriven,
    /// The job is void.
    Dead,
    /// The job is settled.
    Settled,
    /// The batch is cancelled.
    Canceled,
    /// A person is erased, by a key that only an answer shows.
    Erased,
}

/// How far things have come before that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing was sent.
    Ready,
    /// The job is being sent.
    Sending,
    /// The vendor has taken the first leads of the job.
    Halved,
    /// The same, and the rest, which growth has joined, is a job that is being sent.
    Moved,
    /// The vendor has taken the job.
    Taken,
}

struct Case {
    books: Arc<Books<Crossed>>,
    sales: TeamId,
    growth: TeamId,
    batch: BatchId,
    stage: Stage,
    /// The results that were to be erased from where they are kept.
    erased: Mutex<Vec<ResultRef>>,
}

impl Case {
    async fn at(stage: Stage) -> Arc<Self> {
        let books = Arc::new(Books::<Crossed>::open().await);
        let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
        let order = ["ada", "bob", BAD, "cid"];
        let batch = books.ask(&sales, EMAIL, &order).await;
        // It waits for the job already, so that it changes no row of the job's when it joins again.
        books.ask(&growth, EMAIL, &["bob"]).await;
        let case = Self { books, sales, growth, batch, stage, erased: Mutex::default() };
        if matches!(stage, Stage::Moved) {
            case.act(Act::Asked).await;
        }
        if matches!(stage, Stage::Halved | Stage::Moved) {
            case.books.begin_send(first(batch)).await;
            case.refuse(first(batch), &[]).await;
            case.books.turn(first(batch)).await;
            case.books.send(first(batch)).await;
        }
        match stage {
            Stage::Sending => {
                case.books.begin_send(first(batch)).await;
            }
            Stage::Moved => {
                assert_eq!(case.detach(first(batch)).await, Ok(Detached::Partly));
                case.books.begin_send(case.second()).await;
            }
            Stage::Taken => case.books.send(first(batch)).await,
            Stage::Ready | Stage::Halved => {}
        }
        Arc::new(case)
    }

    fn second(&self) -> JobId {
        JobId { batch: self.batch, ordinal: 1 }
    }

    async fn refuse(&self, job: JobId, named: &[u32]) {
        let (lease, quiet_until) = (self.books.lease_of(job).await, self.books.now().after(QUIET));
        let named = named.iter().map(|index| ResultRef { job, index: *index }).collect();
        let refusing = Refusing { job, lease, named, refusals_max: 9, quiet_until };
        self.books.ledger().refuse(refusing).await.unwrap();
    }

    async fn detach(&self, job: JobId) -> Outcome<Detached> {
        self.books.ledger().detach(job, self.books.lease_of(job).await).await
    }

    /// The places of the refused one in a job that has it.
    async fn bad_of(&self, job: JobId) -> Vec<u32> {
        let (_, leads) = self.books.ledger().job(job).await.unwrap().unwrap();
        let bad = lead(BAD).key;
        let leads = (0..).zip(leads).filter(|(_, lead)| lead.key == bad && !lead.is_refused);
        leads.map(|(index, _)| index).collect()
    }

    async fn settle(&self, job: JobId) {
        let (_, leads) = self.books.ledger().job(job).await.unwrap().unwrap();
        let name = |key| NAMES.into_iter().find(|name| lead(name).key == key);
        let evidence: Vec<_> = leads.iter().map(|lead| answer(name(lead.key).unwrap())).collect();
        self.erase(self.books.settle(job, &evidence).await.removed);
    }

    /// Keeps a note of results that are to be erased.
    fn erase(&self, results: Vec<KeptResult>) {
        self.erased.lock().unwrap().extend(results.into_iter().map(|result| result.at));
    }

    async fn act(&self, act: Act) {
        let job = first(self.batch);
        match act {
            Act::Asked => {
                self.books.ask(&self.growth, EMAIL, &["cid", BAD, "ada"]).await;
            }
            Act::Refused => {
                let is_sent = self.books.job(job).await.state == State::Sending;
                let sent = if is_sent { job } else { self.second() };
                self.refuse(sent, &self.bad_of(sent).await).await;
            }
            Act::Detached => assert!(self.detach(job).await.is_ok()),
            Act::Redriven => {
                self.books.redrive(self.joined(), job).await;
            }
            Act::Dead => {
                self.books.void(job, Cause::Refused).await;
            }
            Act::Settled => self.settle(job).await,
            Act::Canceled => {
                self.books.ledger().cancel(self.batch, None).await.unwrap();
            }
            Act::Erased => {
                let erased = self.books.ledger().erase(vec![key(ADDRESS_OF_ADA)], None).await;
                self.erase(erased.unwrap().results);
            }
        }
    }

    /// The batch that growth asked for first.
    fn earlier(&self) -> BatchId {
        BatchId::new(self.batch.get() + 1).unwrap()
    }

    /// The one that it asks for then.
    fn joined(&self) -> BatchId {
        BatchId::new(self.batch.get() + 2).unwrap()
    }

    /// Turns are taken until no job is due.
    async fn finish(&self) {
        for _ in 0..20 {
            self.books.pass(QUIET);
            let room = Room::each(1000);
            let turns = self.books.ledger().lease(room, TURN).await.unwrap();
            for turn in turns {
                self.take(turn).await;
            }
        }
    }

    async fn take(&self, turn: Turn) {
        let (id, lease) = (turn.job.id, turn.lease);
        let is_split = |job: &Job| job.is_alive() && (job.window.is_some() || job.has_strays);
        while is_split(&self.books.job(id).await) {
            match self.detach(id).await {
                Ok(Detached::Strays(batches)) => {
                    for batch in batches {
                        self.books.redrive(batch, id).await;
                    }
                }
                Ok(Detached::Partly) => {}
                Ok(Detached::Clear) => break,
                Err(LedgerError::Fenced) => return,
                Err(error) => panic!("{error}"),
            }
        }
        match self.books.job(id).await.state {
            State::Ready | State::Sending => {
                if self.books.job(id).await.state == State::Ready {
                    self.books.begin_send(id).await;
                }
                let bad = self.bad_of(id).await;
                if bad.is_empty() {
                    self.books
                        .bind(id, 700 + id.batch.get() * 10 + u64::from(id.ordinal))
                        .await
                        .unwrap();
                } else {
                    self.refuse(id, &bad).await;
                }
            }
            State::Bound => self.settle(id).await,
            State::Void(_) => {
                for batch in turn.stranded {
                    self.books.redrive(batch, id).await;
                }
                self.books.ledger().reschedule(id, lease, None).await.unwrap();
            }
            State::Done => {
                self.books.ledger().credit_joiners(id).await.unwrap();
            }
            state => panic!("{state:?}"),
        }
    }

    /// Each batch has an answer for each lead but the refused one, which it had asked for itself. A batch
    /// whose own job died has none, and a job that the vendor took has all.
    async fn judge(&self, what: &str) {
        let canceled = self.books.read(&self.sales, self.batch).await.batch.canceled_at.is_some();
        let job = self.books.job(first(self.batch)).await;
        let died = canceled || matches!(job.state, State::Void(_));
        let sales = (&self.sales, self.batch, ["ada", "bob", BAD, "cid"].as_slice());
        let growth = (&self.growth, self.joined(), ["cid", BAD, "ada"].as_slice());
        for (team, batch, order) in [sales, growth].into_iter().skip(usize::from(died)) {
            let reading = self.books.read(team, batch).await;
            for (name, lead) in order.iter().zip(&reading.leads) {
                let is_answered = lead.result().is_some();
                assert_eq!(
                    is_answered,
                    *name != BAD || self.stage == Stage::Taken,
                    "{what}: {name} of {team}: {reading:?}"
                );
                assert_ne!(*lead, LeadReading::Pending, "{what}: {name} of {team}: {reading:?}");
            }
            if self.stage != Stage::Taken {
                let asked = self.books.job(first(batch)).await;
                assert!(asked.leads > 0, "{what}: {team} asked for the refused lead itself");
            }
        }
        let earlier = self.books.read(&self.growth, self.earlier()).await;
        assert!(earlier.leads[0].result().is_some(), "{what}: bob of growth: {earlier:?}");
        self.books.balance().await;
    }
}

impl Case {
    /// The person is shown to no team, was paid for, and nothing of her is kept.
    async fn judge_erasure(&self, what: &str) {
        for (team, batch, place) in [(&self.sales, self.batch, 0), (&self.growth, self.joined(), 2)]
        {
            let Ok(Some(reading)) = self.books.ledger().read(team.clone(), batch, 0, 9).await
            else {
                continue;
            };
            assert_eq!(reading.leads[place], LeadReading::Removed, "{what}: {reading:?}");
        }
        let result = ResultRef { job: first(self.batch), index: 0 };
        assert!(self.erased.lock().unwrap().contains(&result), "{what}: her result is kept");
        self.books.balance().await;
    }
}

/// Does one thing just before each read of another in turn.
async fn crossed(stage: Stage, reads: Act, between: Act) {
    for number in 0_usize.. {
        let case = Case::at(stage).await;
        let other = Arc::clone(&case);
        let meanwhile = move || at_once(other.act(between));
        case.books.store.0.meanwhile(number, Box::new(meanwhile));
        case.act(reads).await;
        if !case.books.store.0.is_done() {
            assert!(number > 1, "it reads too little to be crossed");
            break;
        }
        case.finish().await;
        let erased = [reads, between].contains(&Act::Erased);
        if erased {
            case.judge_erasure(&format!("{between:?} before read {number} of {reads:?}")).await;
            continue;
        }
        case.judge(&format!("{stage:?}: {between:?} before read {number} of {reads:?}")).await;
    }
}

#[tokio::test]
async fn a_lead_that_is_refused_while_it_is_joined_is_asked_for_by_both() {
    crossed(Stage::Sending, Act::Asked, Act::Refused).await;
    crossed(Stage::Sending, Act::Refused, Act::Asked).await;
    crossed(Stage::Moved, Act::Redriven, Act::Refused).await;
    crossed(Stage::Moved, Act::Refused, Act::Redriven).await;
}

#[tokio::test]
async fn a_lead_that_moves_while_it_is_joined_is_joined_where_it_goes() {
    crossed(Stage::Halved, Act::Asked, Act::Detached).await;
    crossed(Stage::Halved, Act::Detached, Act::Asked).await;
}

#[tokio::test]
async fn a_job_that_ends_while_it_is_joined_strands_nothing() {
    crossed(Stage::Sending, Act::Asked, Act::Dead).await;
    crossed(Stage::Sending, Act::Dead, Act::Asked).await;
    crossed(Stage::Taken, Act::Asked, Act::Settled).await;
    crossed(Stage::Taken, Act::Settled, Act::Asked).await;
}

#[tokio::test]
async fn a_batch_that_is_cancelled_while_it_is_joined_strands_nothing() {
    for stage in [Stage::Ready, Stage::Sending, Stage::Taken] {
        crossed(stage, Act::Asked, Act::Canceled).await;
        crossed(stage, Act::Canceled, Act::Asked).await;
    }
}

#[tokio::test]
async fn a_person_who_is_erased_while_her_answer_is_settled_is_shown_to_nobody() {
    crossed(Stage::Taken, Act::Settled, Act::Erased).await;
    crossed(Stage::Taken, Act::Erased, Act::Settled).await;
}
