//! What always holds, looked at after every step.

use std::collections::{BTreeMap, BTreeSet};

use tollgate::domain::credits::{Amounts, Credits, Unit};
use tollgate::domain::identity::keys::LeadKey;
use tollgate::domain::period::PeriodId;
use tollgate::domain::pricing::Charges;
use tollgate::domain::quota::Action;
use tollgate::domain::reveal::Reveals;
use tollgate::domain::team::TeamId;
use tollgate::domain::time::Timestamp;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::{BatchId, JobId, ResultRef};
use tollgate::ledger::record::batch::Dispositions;
use tollgate::ledger::record::entry::{Entry, Fact};
use tollgate::ledger::record::job::{Job, State};
use tollgate::ledger::record::tally::{Tally, TallyKey};
use tollgate::ledger::step::{Evidence, Settled};

use super::Seen;
use super::cast::{Lead, shows};
use super::vendor::Answer;
use super::world::World;
use crate::ledger::adopting::{adopt, export};
use crate::ledger::books::{Books, DAY, WINDOW, terms};
use crate::ledger::store::Store;

/// All tallies are looked at this often; a mismatch stays, so none is missed.
const AUDIT_EVERY: usize = 60;

/// What the checks remember from step to step.
#[derive(Default)]
pub(super) struct Checks {
    /// The journal's fold, entry by entry.
    folded: BTreeMap<TallyKey, Tally>,
    pub(super) entries: u64,
    /// The journal, also what was trimmed from it.
    journal: Vec<Entry>,
    /// What settlements charged by the gate, by kind.
    gated: Charges,
    /// What the journal says was charged, by kind.
    journaled: Charges,
    /// Finds charged that the vendor may not have charged.
    perhaps_free: u64,
    /// When the charge window of each person opened.
    windows: BTreeMap<u64, Timestamp>,
    /// Whose reveals were paid.
    revealed: BTreeSet<(Unit, u64)>,
    /// Where each person's results are.
    pub(super) results: BTreeMap<ResultRef, u64>,
    /// Jobs that came to an end that nothing follows.
    ended: BTreeMap<JobId, State>,
    /// What the vendor charged, and nobody could have set aside: a shared name meant another person
    /// than the one known by it.
    surprises: BTreeMap<JobId, Amounts>,
    /// Which jobs were made for a lead key, and what they ask.
    carried: BTreeMap<LeadKey, Vec<(JobId, Reveals)>>,
    /// How often each thing happened, to know that it does.
    pub(super) seen: Seen,
}

async fn tallies_of<S: Store>(books: &Books<S>) -> BTreeMap<TallyKey, Tally> {
    let checkpoint = books.ledger().checkpoint().await.expect("the store is there");
    checkpoint.tallies.into_iter().collect()
}

impl<S: Store> World<S> {
    /// A step was taken: everything that always holds still does.
    pub(super) async fn stepped(&mut self) {
        self.steps += 1;
        let ledger = self.books.ledger();
        let new =
            ledger.journal(self.checks.entries, usize::MAX).await.expect("the store is there");
        let mut moved = BTreeSet::new();
        for (number, entry) in new {
            assert_eq!(number, self.checks.entries, "the journal has no gaps");
            self.checks.entries += 1;
            moved.insert(entry.team.clone());
            self.checks.fold(&entry);
            self.checks.journal.push(entry);
        }
        for team in moved {
            self.tallies_are_the_journals_fold(&team).await;
        }
        self.the_bill_is_covered();
        if self.steps.is_multiple_of(AUDIT_EVERY) {
            self.books.balance().await;
        }
    }

    /// Books that are adopted from what was exported say the same as these; only what was reserved
    /// is unresolved.
    pub(super) async fn can_be_adopted(&self) {
        let holdings = self.books.ledger().holdings().await.expect("the store is there");
        let from = holdings.first_entry.midpoint(holdings.next_entry);
        let exported = export(&self.books, &self.checks.journal, from).await;
        let adopted = adopt(&self.books, &exported).await;
        let kept = tallies_of(&self.books).await;
        let mut tallies = tallies_of(&adopted).await;
        for key in self.checks.folded.keys() {
            // One of a period that ended long ago may be swept, and begin again with a late entry.
            let tally = kept.get(key).copied().unwrap_or_default();
            let unresolved = tally.unresolved.plus(tally.reserved);
            let should = Tally { reserved: Credits::ZERO, unresolved, ..tally };
            assert_eq!(tallies.remove(key).unwrap_or_default(), should, "{key:?}");
        }
        assert_eq!(tallies, BTreeMap::new());
        let next = BatchId::new(exported.inheritance.next_batch).expect("few batches");
        let rest = JobId { batch: next, ordinal: 0 };
        let rest = adopted.ledger().job(rest).await.expect("the store is there");
        assert_eq!(rest, None, "the entries tell of all that is open");
    }

    /// A step that must change no balance changed none.
    pub(super) async fn stepped_in_vain(&mut self) {
        let entries = self.checks.entries;
        self.stepped().await;
        assert_eq!(self.checks.entries, entries, "it moved credits");
    }

    async fn tallies_are_the_journals_fold(&self, team: &TeamId) {
        let usage = self.books.ledger().usage(team.clone()).await.expect("the store is there");
        let usage = usage.expect("no team is closed");
        let total = PeriodId::total();
        let mut seen =
            vec![(Unit::Email, total.clone(), usage.email), (Unit::Phone, total, usage.phone)];
        for used in usage.quotas {
            seen.push((used.quota.unit, used.quota.span(self.books.now()).id, used.tally));
        }
        for (unit, period, tally) in seen {
            let key = TallyKey { team: team.clone(), unit, period };
            let folded = self.checks.folded.get(&key).copied().unwrap_or_default();
            assert_eq!(tally, folded, "{key:?}");
            for open in [tally.spent, tally.reserved, tally.unresolved] {
                assert!(!open.is_negative() || open == tally.spent, "{key:?} {tally:?}");
            }
        }
    }

    /// The vendor's bill is at every moment within what is spent, reserved or unresolved, and what
    /// the gate charged within the bill.
    fn the_bill_is_covered(&self) {
        let (bill, books) = (self.vendor.bill(), self.checks.books());
        let surprises: Amounts = self.checks.surprises.values().copied().sum();
        for unit in Unit::ALL {
            let covered = books.in_unit(unit).plus(surprises.in_unit(unit));
            assert!(bill.in_unit(unit) <= covered, "billed {bill}, on the books {books}");
        }
        let gated = self.checks.gated;
        let journaled = Charges { other: Amounts::ZERO, ..self.checks.journaled };
        assert_eq!(journaled, gated, "settlements and journal tell of other charges");
        let perhaps = terms().prices.person_found.times(self.checks.perhaps_free);
        assert!(gated.person_found <= self.vendor.found.plus(perhaps), "a find was paid twice");
        assert!(gated.email_revealed <= self.vendor.emails, "an email was paid twice");
        assert!(gated.phone_revealed <= self.vendor.phones, "a phone was paid twice");
    }

    /// After an admission that reserved something, every quota that refuses is kept.
    pub(super) async fn quotas_are_kept(&self, team: &TeamId, reserved: Amounts) {
        let usage = self.books.ledger().usage(team.clone()).await.expect("the store is there");
        for used in usage.expect("no team is closed").quotas {
            let is_asked = !reserved.in_unit(used.quota.unit).is_zero();
            if is_asked && used.quota.action == Action::Refuse {
                let Tally { spent, reserved, unresolved, .. } = used.tally;
                let in_all = spent.plus(reserved).plus(unresolved);
                assert!(in_all <= used.quota.limit, "{used:?}");
            }
        }
    }

    /// Nobody is sent to the vendor by a key under which a job that asks as much is under way.
    pub(super) async fn nobody_is_sent_twice(&mut self, batch: BatchId, leads: &[Lead]) {
        for job in self.all_jobs().into_iter().filter(|job| job.batch == batch) {
            let (job, sent) = self.job(job).await.expect("it was just made");
            for lead in sent {
                let asked = leads[usize::try_from(lead.position).expect("few leads")];
                for (other, reveals) in self.checks.carried(lead.key) {
                    let Some((other, _)) = self.job(other).await else { continue };
                    if other.parts[0].kept_for != job.parts[0].kept_for {
                        continue;
                    }
                    let is_under_way = matches!(
                        other.state,
                        State::Ready
                            | State::Gathered(_)
                            | State::Sending
                            | State::Unknown
                            | State::Bound
                    );
                    let answers = is_under_way && !other.is_cancel_wanted;
                    assert!(!answers || !reveals.covers(job.reveals), "{asked:?} is sent twice");
                }
                self.checks.carried.entry(lead.key).or_default().push((job.id, job.reveals));
            }
        }
    }

    /// A settlement charged each person by the published rule, and every reveal once.
    pub(super) fn settled(&mut self, job: &Job, answer: &Answer, settled: &Settled) {
        let by = job.surely_charged_by(self.books.now());
        for at in &answer.places {
            self.checks.surprises.remove(&at.job);
        }
        if !settled.is_first {
            return;
        }
        let prices = terms().prices;
        let first_sent = job.first_sent_at.expect("it was sent");
        let mut dues: Vec<(JobId, Charges)> = Vec::new();
        let mut known = 0;
        let answered = answer.evidence.iter().zip(&answer.persons);
        for (at, (evidence, person)) in answer.places.iter().zip(answered) {
            if dues.last().is_none_or(|(job, _)| *job != at.job) {
                dues.push((at.job, Charges::ZERO));
            }
            let (Some((_, due)), Some(n), Evidence::Found { .. }) =
                (dues.last_mut(), *person, evidence)
            else {
                continue;
            };
            self.checks.results.insert(*at, n);
            let was_known = self.checks.windows.contains_key(&n);
            if self.checks.opens_window(n, first_sent, by) {
                known += u32::from(was_known);
                due.person_found = due.person_found.plus(prices.person_found);
            }
            let shows = shows(n, job.reveals);
            if shows.email && self.checks.revealed.insert((Unit::Email, n)) {
                due.email_revealed = due.email_revealed.plus(prices.email_revealed);
            }
            if shows.phone && self.checks.revealed.insert((Unit::Phone, n)) {
                due.phone_revealed = due.phone_revealed.plus(prices.phone_revealed);
            }
        }
        assert_eq!(settled.parts.len(), dues.len(), "a job has one part: {settled:?}");
        for (part, (job, due)) in settled.parts.iter().zip(dues) {
            let charged = Charges { other: Amounts::ZERO, ..part.charged };
            assert_eq!(charged, due, "{job} was charged otherwise than by the rule");
            self.checks.gated = self.checks.gated.plus(due);
        }
        assert!(settled.perhaps_free <= known, "nobody was charged for them before");
        self.checks.perhaps_free += u64::from(settled.perhaps_free);
        if settled.perhaps_free > 0 {
            self.checks.saw("perhaps free");
        }
    }

    /// A job that has come to its end stays there.
    pub(super) fn ends_once(&mut self, job: &Job) {
        if matches!(job.state, State::Done | State::Void(_)) {
            let end = *self.checks.ended.entry(job.id).or_insert(job.state);
            assert_eq!(end, job.state, "{} ended twice", job.id);
        } else {
            assert_eq!(self.checks.ended.get(&job.id), None, "{} rose again", job.id);
        }
    }

    /// The vendor worked: what a shared name brought that nobody could have set aside is noted.
    pub(super) async fn vendor_worked(&mut self) {
        for job in std::mem::take(&mut self.vendor.worked) {
            let charged = self.vendor.charged(job);
            let Some((stands, leads)) = self.job(job).await else { continue };
            let is_open = !matches!(stands.state, State::Done | State::Void(_) | State::Resolved);
            let is_shared = self.called(job, &leads).iter().any(|lead| lead.called.is_shared());
            if is_open && is_shared {
                let parts = stands.parts.iter();
                let aside: Amounts = parts.map(|part| part.reserved.plus(part.unresolved)).sum();
                let surprise = charged.minus(charged.at_most(aside));
                self.checks.surprises.insert(job, surprise);
            }
        }
    }
}

impl Checks {
    fn carried(&self, key: LeadKey) -> Vec<(JobId, Reveals)> {
        self.carried.get(&key).cloned().unwrap_or_default()
    }

    /// This happened.
    pub(super) fn saw(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    /// Leads stand in these ways.
    pub(super) fn saw_standing(&mut self, of: Dispositions) {
        let ways = [
            ("cached", of.cached),
            ("joined", of.joined),
            ("repeated", of.repeated),
            ("left out", of.trimmed),
        ];
        for (what, _) in ways.into_iter().filter(|(_, leads)| *leads > 0) {
            self.saw(what);
        }
        self.saw("admitted");
    }

    fn fold(&mut self, entry: &Entry) {
        self.saw(entry.fact.name());
        self.journaled = self.journaled.plus(entry.charges);
        for (unit, period) in &entry.periods {
            let (team, unit, period) = (entry.team.clone(), *unit, period.clone());
            let tally = self.folded.entry(TallyKey { team, unit, period }).or_default();
            *tally = tally.plus(entry.change.in_unit(unit));
        }
        let change = entry.change;
        for unit in Unit::ALL {
            let spent = change.spent.in_unit(unit);
            let freed = change.reserved.plus(change.unresolved).in_unit(unit).negated();
            if matches!(entry.fact, Fact::Settled | Fact::Resolved) {
                assert!(spent <= freed, "charged beyond what was set aside: {entry:?}");
            }
        }
        if entry.fact != Fact::Opened {
            assert_eq!(entry.charges.amounts(), change.spent, "{entry:?}");
        }
    }

    /// All that is spent, reserved or unresolved, by all teams and of all time.
    fn books(&self) -> Amounts {
        let total = PeriodId::total();
        let of_all_time = self.folded.iter().filter(|(key, _)| key.period == total);
        let in_all = |tally: &Tally| tally.spent.plus(tally.reserved).plus(tally.unresolved);
        of_all_time.map(|(key, tally)| Amounts::of(key.unit, in_all(tally))).sum()
    }

    pub(super) fn reserved(&self) -> Credits {
        self.folded.values().map(|tally| tally.reserved).sum()
    }

    /// Whether a find of this person is due: at most once in a window that runs from the first
    /// send of the job that was charged, or of an earlier one that settled beside it.
    fn opens_window(&mut self, n: u64, first_sent: Timestamp, by: Timestamp) -> bool {
        let opened = self.windows.get(&n).copied();
        let is_open = opened.is_some_and(|opened| {
            let is_late = first_sent < opened && by >= first_sent.after(DAY / 2);
            by < opened.after(WINDOW) && !is_late
        });
        let opens = match opened {
            None => first_sent,
            Some(opened) if is_open => opened.min(first_sent),
            Some(opened) => opened.max(first_sent),
        };
        self.windows.insert(n, opens);
        !is_open
    }
}
