//! Turns with jobs, taken by hands that crash, repeat themselves and wake up late.

use tollgate::domain::credits::{Amounts, Unit};
use tollgate::ledger::ids::{BatchId, JobId, Lease};
use tollgate::ledger::record::job::{Cause, Job, Reason, State, Way};
use tollgate::ledger::step::{
    Admission, Begun, Gathering, GivingUp, Lost, Redrive, Room, Split, Splitting, Turn, Voided,
    Voiding,
};
use tollgate::ledger::{Ledger, LedgerError};

use super::world::{World, pick};
use crate::ledger::books::{HOUR, MINUTE, QUIET, TURN, attempt, terms};
use crate::ledger::store::Store;

impl<S: Store> World<S> {
    pub(super) async fn take_turns(&mut self) {
        self.gather().await;
        let limit = 1 + pick(&mut self.dice, 4);
        let turns =
            self.books.ledger().lease(Room::each(limit), TURN).await.expect("the store is there");
        self.stepped_in_vain().await;
        for turn in turns {
            self.turns.push((turn.job.id, turn.lease));
            if self.dice.percent(90) {
                self.take(turn).await;
            }
        }
    }

    /// Whoever takes turns gathers before; not everybody does.
    pub(super) async fn gather(&mut self) {
        let gathering = Gathering { leads_max: if self.dice.percent(20) { 3 } else { 10_000 } };
        while self.dice.percent(80) {
            let gathered = self.books.ledger().gather(gathering).await.expect("the store is there");
            self.stepped_in_vain().await;
            if gathered.is_none() {
                break;
            }
            self.checks.saw("gathered");
        }
    }

    /// One turn, from where the job stands.
    pub(super) async fn take(&mut self, turn: Turn) {
        let Turn { job, lease, stranded, .. } = turn;
        self.ends_once(&job);
        match job.state {
            State::Ready | State::Unknown => self.send(&job, lease).await,
            State::Gathered(_) => panic!("its coach has the turns"),
            State::Sending if job.way == Way::Call => self.give_up_call(job.id, lease).await,
            State::Sending => self.leave_unanswered(job.id, lease).await,
            State::Bound => self.collect(&job, lease).await,
            State::Void(_) | State::Done | State::Unresolved(_) | State::Resolved => {
                for batch in stranded {
                    self.redrive(&job, batch).await;
                }
                self.look_for_evidence(&job, lease).await;
            }
        }
    }

    async fn send(&mut self, job: &Job, lease: Lease) {
        if job.is_coach() && job.unanswered == 0 && self.dice.percent(5) {
            let jobs = vec![job.passengers[pick(&mut self.dice, job.passengers.len())]];
            return self.split(Splitting::Without { coach: job.id, lease, jobs }, job).await;
        }
        let next = attempt(job.id, lease, job.attempts);
        let begun = self.books.ledger().begin_send(next).await.expect("it is our turn");
        self.stepped().await;
        if begun == Begun::Exhausted {
            self.checks.saw("exhausted");
            return self.give_up(job.id, lease, Reason::NoAnswer).await;
        }
        if begun == Begun::Canceled {
            self.checks.saw("cancelled in doubt");
            return self.give_up_canceled(job.id, lease).await;
        }
        let again = self.books.ledger().begin_send(next).await;
        assert_eq!(again, Err(LedgerError::Fenced));
        self.stepped_in_vain().await;
        let (sent, _) = self.job(job.id).await.expect("it was just sent");
        match self.dice.below(100) {
            0..50 if job.way.is_answered_at_once() => {
                self.arrive(job).await;
                self.checks.saw("answered at once");
                self.settle(&sent).await;
            }
            0..50 => {
                let number = self.arrive(job).await;
                self.books.bind(job.id, number).await.expect("it was sent");
                self.stepped_in_vain().await;
            }
            50..62 => {
                self.arrive(job).await;
                self.leave_unanswered(job.id, lease).await;
            }
            62..68 => {
                self.arrive(job).await;
            }
            70..95 if job.is_coach() && self.dice.percent(50) => {
                let quiet_until = self.books.now().after(QUIET);
                self.split(Splitting::Refused { coach: job.id, lease, quiet_until }, job).await;
            }
            68..76 => self.leave_unanswered(job.id, lease).await,
            76..88 => {
                let until = self.books.now().after(MINUTE);
                self.books.ledger().put_back(job.id, lease, until).await.expect("it is our turn");
                self.stepped_in_vain().await;
            }
            88..95 => self.void(job, lease).await,
            _ => {}
        }
    }

    /// Its passengers go on in other ways, with all that was reserved for them.
    async fn split(&mut self, splitting: Splitting, coach: &Job) {
        let split = self.books.ledger().split(splitting.clone()).await.expect("it is our turn");
        let is_doubted = coach.unanswered > 0;
        assert_eq!(split, if is_doubted { Split::StillUnknown } else { Split::Apart });
        self.checks.saw(if is_doubted { "kept together" } else { "split" });
        self.stepped_in_vain().await;
        let again = self.books.ledger().split(splitting).await;
        assert_eq!(again, Err(LedgerError::Fenced));
        self.stepped_in_vain().await;
    }

    async fn leave_unanswered(&mut self, job: JobId, lease: Lease) {
        let quiet_until = self.books.now().after(QUIET);
        for _ in 0..=self.dice.below(2) {
            let step = self.books.ledger().unanswered(job, lease, quiet_until).await;
            step.expect("it is our turn");
            self.stepped_in_vain().await;
        }
    }

    async fn void(&mut self, job: &Job, lease: Lease) {
        let quiet_until = self.books.now().after(QUIET);
        let voiding = Voiding { job: job.id, lease, cause: Cause::Refused, quiet_until };
        let voided = self.books.ledger().void(voiding).await.expect("it is our turn");
        let is_doubted = job.unanswered > 0;
        assert_eq!(voided, if is_doubted { Voided::StillUnknown } else { Voided::Void });
        self.checks.saw(if is_doubted { "still unknown" } else { "void" });
        self.stepped().await;
        assert_eq!(self.books.ledger().void(voiding).await, Ok(voided));
        self.stepped_in_vain().await;
    }

    async fn give_up_canceled(&mut self, job: JobId, lease: Lease) {
        let look_again_at = self.books.now().after(HOUR);
        let giving = GivingUp { job, lease, reason: Reason::NoAnswer, look_again_at };
        let left = self.books.ledger().give_up_canceled(giving).await.expect("it is our turn");
        self.stepped().await;
        assert_eq!(self.books.ledger().give_up_canceled(giving).await, Ok(left));
        self.stepped_in_vain().await;
    }

    async fn give_up(&mut self, job: JobId, lease: Lease, reason: Reason) {
        let look_again_at = self.books.now().after(HOUR);
        let giving = GivingUp { job, lease, reason, look_again_at };
        self.books.ledger().give_up(giving).await.expect("it is our turn");
        self.stepped().await;
        self.books.ledger().give_up(giving).await.expect("it is our turn");
        self.stepped_in_vain().await;
    }

    async fn collect(&mut self, job: &Job, lease: Lease) {
        let bound_for = self.books.now().since(job.bound_at.expect("it is bound"));
        match self.dice.below(100) {
            _ if bound_for > 2 * HOUR && self.dice.percent(30) => {
                self.give_up(job.id, lease, Reason::Deadline).await;
            }
            0..30 => self.rest(job.id, lease).await,
            30..35 => self.give_up(job.id, lease, Reason::Gone).await,
            _ => self.settle(job).await,
        }
    }

    pub(super) async fn settle(&mut self, job: &Job) {
        let now = self.books.now();
        let answer = self.vendor.answer(job.id, now, &mut self.dice).expect("the vendor has it");
        self.vendor_worked().await;
        for passenger in &job.passengers {
            if self.job(*passenger).await.is_none() {
                // Its batch was forgotten long ago, and nobody can say whose the answers are.
                let late = self.books.try_settle(job.id, &answer.evidence).await;
                assert_eq!(late, Err(LedgerError::Fenced));
                self.checks.saw("evidence of the forgotten");
                return;
            }
        }
        let answer = answer.of(&self.aboard(job.id).await);
        let settled = self.books.settle(job.id, &answer.evidence).await;
        self.settled(job, &answer, &settled);
        self.stepped().await;
    }

    async fn rest(&mut self, job: JobId, lease: Lease) {
        let until = Some(self.books.now().after(MINUTE));
        let rested = self.books.ledger().reschedule(job, lease, until).await;
        rested.expect("it is our turn");
        self.stepped_in_vain().await;
    }

    async fn redrive(&mut self, job: &Job, batch: BatchId) {
        let redrive = Redrive { batch, job: job.id, terms: terms(), lost: Lost::NOTHING };
        let driven = self.books.ledger().redrive(redrive.clone()).await.expect("the job died");
        self.stepped().await;
        let n = self.batches.iter().position(|asked| asked.admission.batch == batch);
        let n = n.expect("it was asked");
        self.note_jobs(n).await;
        let way = match (driven.fresh, driven.refused) {
            (0, 0) => "driven to an answer",
            (0, _) => "driven to a refusal",
            (_, _) => "driven to the vendor",
        };
        self.checks.saw(way);
        let team = self.batches[n].admission.team.clone();
        let policies = self.policies(&team).await;
        self.batches[n].reveals = policies.allowed_of(self.batches[n].reveals);
        self.quotas_are_kept(&team, driven.reserved).await;
        self.no_more_is_paid_than_allowed(n, driven.reserved).await;
        let again = self.books.ledger().redrive(redrive).await.expect("there is nothing to do");
        assert_eq!((again.fresh, again.refused), (0, 0));
        self.stepped_in_vain().await;
    }

    /// What a batch reserves when it is driven again fits what its caller allows it to cost in all.
    async fn no_more_is_paid_than_allowed(&mut self, n: usize, reserved: Amounts) {
        let Admission { batch, limits, .. } = self.batches[n].admission;
        let mut paid = Amounts::ZERO;
        for job in self.all_jobs().into_iter().filter(|job| job.batch == batch) {
            let Some((job, _)) = self.job(job).await else { continue };
            let parts = job.parts.iter();
            let costs = parts.map(|it| it.reserved.plus(it.unresolved).plus(it.charged.amounts()));
            paid = paid.plus(costs.sum());
        }
        for unit in Unit::ALL.into_iter().filter(|unit| !reserved.in_unit(*unit).is_zero()) {
            let most = limits.most.in_unit(unit);
            assert!(most.is_none_or(|most| paid.in_unit(unit) <= most), "{paid} of {most:?}");
        }
    }

    /// A job that ended otherwise: the vendor may still say what became of it.
    async fn look_for_evidence(&mut self, job: &Job, lease: Lease) {
        let may_come = matches!(job.state, State::Unresolved(_) | State::Resolved);
        if may_come && self.vendor.has(job.id) && self.dice.percent(40) {
            self.checks.saw("late evidence");
            return self.settle(job).await;
        }
        let until = (may_come && job.vendor_id.is_some()).then(|| self.books.now().after(HOUR));
        let rested = self.books.ledger().reschedule(job.id, lease, until).await;
        rested.expect("it is our turn");
        self.stepped_in_vain().await;
    }

    /// Somebody whose turn is long over goes on all the same.
    pub(super) async fn wake_late(&mut self) {
        if self.turns.is_empty() {
            return;
        }
        let n = pick(&mut self.dice, self.turns.len());
        let (job, lease) = self.turns.swap_remove(n);
        let Some((stands, _)) = self.job(job).await else { return };
        if stands.lease == lease {
            return;
        }
        let (now, ledger) = (self.books.now(), self.books.ledger());
        let late = match self.dice.below(5) {
            0 => {
                let next = attempt(job, lease, stands.attempts);
                ledger.begin_send(next).await.map(|_| ())
            }
            1 => ledger.put_back(job, lease, now).await,
            2 => ledger.unanswered(job, lease, now).await,
            3 => {
                let cause = Cause::Refused;
                let voiding = Voiding { job, lease, cause, quiet_until: now };
                ledger.void(voiding).await.map(|_| ())
            }
            _ => ledger.reschedule(job, lease, Some(now)).await,
        };
        assert_eq!(late, Err(LedgerError::Fenced));
        self.checks.saw("fenced");
        self.stepped_in_vain().await;
    }

    /// An answer is brought home again, by somebody who did not know, or at last.
    pub(super) async fn settle_again(&mut self) {
        let Some(id) = self.any_job().map(|id| self.sent_as(id)) else { return };
        let Some((job, _)) = self.job(id).await else { return };
        self.ends_once(&job);
        let has_answer = !matches!(job.state, State::Ready | State::Sending | State::Void(_));
        if has_answer && self.vendor.has(id) {
            self.settle(&job).await;
            let before = self.books.dump().await;
            self.settle(&job).await;
            assert_eq!(self.books.dump().await, before, "settled twice");
        }
    }
}
