//! Coming to rest: whatever was begun comes to an end, and the books stand as high as the bill.

use std::collections::BTreeSet;

use tollgate::domain::credits::Credits;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::JobId;
use tollgate::ledger::record::job::{Cause, Reason, State, Way};
use tollgate::ledger::step::{Begun, GivingUp, Lost, Redrive, Room, Turn, Voiding};

use super::world::World;
use crate::ledger::books::{HOUR, MINUTE, QUIET, TURN, attempt, terms};
use crate::ledger::store::Store;

/// Everything has ended after so many turns, or never will.
const ROUNDS_MAX: usize = 2_000;

impl<S: Store> World<S> {
    /// Hands that make no more mistakes bring everything to its end.
    pub(super) async fn come_to_rest(&mut self) {
        for round in 0.. {
            assert!(round < ROUNDS_MAX, "it never comes to rest");
            let (due, now) =
                self.books.ledger().next_due(Room::each(1)).await.expect("the store is there");
            let Some(due) = due else { break };
            if due > now {
                self.pass(due.since(now)).await;
            }
            self.gather().await;
            for turn in
                self.books.ledger().lease(Room::each(9), TURN).await.expect("the store is there")
            {
                self.finish(turn).await;
            }
        }
        self.hear_the_last_of_it().await;
        self.hear_of_every_call().await;
        for asked in &self.batches {
            let (team, batch) = (asked.admission.team.clone(), asked.admission.batch);
            let read = self.books.ledger().read(team, batch, 0, 100).await;
            let has_ended =
                read.expect("the store is there").is_none_or(|it| it.status.has_ended());
            assert!(has_ended, "batch {batch} never ends");
        }
        assert_eq!(self.checks.reserved(), Credits::ZERO);
        self.books.balance().await;
    }

    async fn finish(&mut self, Turn { job, lease, stranded, .. }: Turn) {
        for batch in stranded {
            let redrive = Redrive { batch, job: job.id, terms: terms(), lost: Lost::NOTHING };
            self.books.ledger().redrive(redrive).await.expect("the job died");
            self.stepped().await;
            let n = self.batches.iter().position(|asked| asked.admission.batch == batch);
            self.note_jobs(n.expect("it was asked")).await;
        }
        let (now, ledger) = (self.books.now(), self.books.ledger());
        match job.state {
            State::Ready | State::Unknown => {
                let next = attempt(job.id, lease, job.attempts);
                match ledger.begin_send(next).await.expect("it is our turn") {
                    Begun::Attempt(_) => self.send_for_good(job.id).await,
                    Begun::Exhausted => {
                        let (reason, look_again_at) = (Reason::NoAnswer, now.after(HOUR));
                        let giving = GivingUp { job: job.id, lease, reason, look_again_at };
                        ledger.give_up(giving).await.expect("it is our turn");
                    }
                    Begun::Canceled => {
                        let (reason, look_again_at) = (Reason::NoAnswer, now.after(HOUR));
                        let giving = GivingUp { job: job.id, lease, reason, look_again_at };
                        ledger.give_up_canceled(giving).await.expect("it is our turn");
                    }
                    other => panic!("the vendor answers: {other:?}"),
                }
            }
            State::Sending
                if job.way != Way::Call && job.unanswered == 0 && !self.vendor.has(job.id) =>
            {
                let (cause, quiet_until) = (Cause::Refused, now);
                let voiding = Voiding { job: job.id, lease, cause, quiet_until };
                ledger.void(voiding).await.expect("it is our turn");
            }
            State::Sending => {
                let quiet_until = now.after(QUIET);
                ledger.unanswered(job.id, lease, quiet_until).await.expect("it is our turn");
            }
            State::Gathered(_) => panic!("its coach has the turns"),
            State::Bound => self.settle(&job).await,
            State::Unresolved(_) | State::Resolved | State::Done | State::Void(_) => {
                ledger.reschedule(job.id, lease, None).await.expect("it is our turn");
            }
        }
        self.stepped().await;
    }

    async fn send_for_good(&mut self, job: JobId) {
        let (job, _) = self.job(job).await.expect("it is there");
        let number = self.arrive(&job).await;
        if job.way.is_answered_at_once() {
            self.settle(&job).await;
        } else {
            self.books.bind(job.id, number).await.expect("it was sent");
        }
        self.pass(MINUTE).await;
    }

    /// Evidence comes for all that the vendor ever had; on the rest an operator speaks.
    async fn hear_the_last_of_it(&mut self) {
        for id in self.sent_as.values().copied().collect::<BTreeSet<_>>() {
            let Some((job, _)) = self.job(id).await else { continue };
            let is_open = matches!(job.state, State::Unresolved(_) | State::Resolved);
            if is_open && self.vendor.has(id) {
                self.settle(&job).await;
            }
        }
        for id in self.all_jobs() {
            self.speak(id.batch).await;
        }
    }
}
