//! The callers: they ask through any replica, and through another where one does not answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::support::asking::{BATCHES, batch};
use crate::support::client::{Answer, Client};
use crate::support::faulty_disk::Dice;
use crate::support::gateways::Gateways;

use super::asked::{Accepted, Asked, Order};

/// All that the bounded team may ever spend of each unit.
pub(super) const BOUND: u32 = 60;
/// The team with a bound.
pub(super) const BOUNDED: &str = "research";

const CALLERS: u64 = 4;
/// How often each of them asks.
const PACE: Duration = Duration::from_millis(100);

/// The team that asks for one lead at a time, as often as it is answered.
const HOT: &str = "nightly-sync";
const HOT_PACE: Duration = Duration::from_millis(50);

/// One batch of so many is a large one, and how many leads that has.
const LARGE_ONE_OF: u64 = 150;
const LARGE_LEADS: u64 = 700;

/// What a caller asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// Batches of some people, and now and then a large one.
    Batches,
    /// One lead at a time.
    Singles,
}

impl Habit {
    fn pace(self) -> Duration {
        match self {
            Self::Batches => PACE,
            Self::Singles => HOT_PACE,
        }
    }

    fn order(self, numbers: &AtomicU64, dice: &mut Dice) -> Order {
        let is_large = self == Self::Batches && dice.below(LARGE_ONE_OF) == 0;
        let count = if is_large { LARGE_LEADS } else { 1 };
        let first = numbers.fetch_add(count, Ordering::SeqCst);
        match self {
            Self::Singles => Order::single(first),
            Self::Batches if is_large => Order::large(first..first + count),
            Self::Batches => Order::write(first, dice),
        }
    }
}

/// Callers that ask until they are stopped.
pub(super) struct Load {
    stops: CancellationToken,
    callers: JoinSet<Asked>,
}

struct Team {
    callers: Vec<Client>,
    is_bounded: bool,
}

impl Load {
    /// Two teams without bounds and one with, who ask through all replicas from now on, beside a hot
    /// one.
    pub(super) async fn start(gateways: &Gateways, seed: u64) -> Self {
        let mut teams = Vec::new();
        let bound = |unit: &str| json!({"unit": unit, "period": "total", "limit": BOUND});
        let bounds = json!([bound("email"), bound("phone")]);
        for (name, quotas) in [("sales", json!([])), ("growth", json!([])), (BOUNDED, bounds)] {
            let key = gateways.replicas[0].team_with(name, quotas).await.key;
            teams.push(Team { callers: gateways.callers(&key), is_bounded: name == BOUNDED });
        }
        let key = gateways.replicas[0].team(HOT).await.key;
        let hot = Arc::new(vec![Team { callers: gateways.callers(&key), is_bounded: false }]);
        let (teams, numbers) = (Arc::new(teams), Arc::new(AtomicU64::new(0)));
        let stops = CancellationToken::new();
        let mut callers = JoinSet::new();
        for number in 0..=CALLERS {
            let (habit, teams) = match number {
                0 => (Habit::Singles, Arc::clone(&hot)),
                _ => (Habit::Batches, Arc::clone(&teams)),
            };
            let (numbers, stops) = (Arc::clone(&numbers), stops.clone());
            let dice = Dice::new(seed.wrapping_add(number));
            callers.spawn(async move { ask(habit, &teams, &numbers, &stops, dice).await });
        }
        Self { stops, callers }
    }

    /// Has everybody stop, and answers what they were promised.
    pub(super) async fn stop(self) -> Asked {
        self.stops.cancel();
        let mut all = Asked::default();
        for asked in self.callers.join_all().await {
            all.orders += asked.orders;
            all.accepted.extend(asked.accepted);
            all.people.extend(asked.people);
        }
        all
    }
}

async fn ask(
    habit: Habit,
    teams: &[Team],
    numbers: &AtomicU64,
    stops: &CancellationToken,
    mut dice: Dice,
) -> Asked {
    let mut asked = Asked::default();
    let accepted = &mut asked.accepted;
    let mut pace = interval(habit.pace());
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !stops.is_cancelled() {
        pace.tick().await;
        let order = habit.order(numbers, &mut dice);
        asked.orders += 1;
        asked.people.extend(&order.people);
        let team = &teams[dice.index(teams.len())];
        let answer = post(&team.callers, &order, &mut dice).await;
        match answer.as_ref().map(|answer| answer.status) {
            Some(202) => accepted.push(Accepted {
                id: answer.expect("it is there").id(),
                callers: team.callers.clone(),
                watched: order.watched,
                is_canceled: false,
                is_bounded: team.is_bounded,
            }),
            Some(402) if team.is_bounded => {}
            // Perhaps admitted, and nobody was told; or refused while the store is away.
            None | Some(503) => {}
            Some(_) => panic!("{answer:?}"),
        }
        if !accepted.is_empty() {
            let any = dice.index(accepted.len());
            look(&accepted[any], &mut dice).await;
        }
        if let Some(last) = accepted.last_mut().filter(|_| dice.percent(10)) {
            change_mind(last, &mut dice).await;
        }
    }
    asked
}

/// Posts a batch through one replica, and through the next where that does not answer.
async fn post(callers: &[Client], order: &Order, dice: &mut Dice) -> Option<Answer> {
    let first = dice.index(callers.len());
    for caller in callers[first..].iter().chain(&callers[..first]) {
        let request = caller.request(Method::POST, BATCHES);
        let request = request.header("content-type", "application/json");
        let answer = caller.try_send(request.body(order.body.to_string())).await;
        if answer.is_some() {
            return answer;
        }
    }
    None
}

/// Cancels a batch, or tries to, unless it asks for anybody whom one job must be enough for.
async fn change_mind(accepted: &mut Accepted, dice: &mut Dice) {
    if !accepted.watched.is_empty() {
        return;
    }
    accepted.is_canceled = true;
    let caller = &accepted.callers[dice.index(accepted.callers.len())];
    let request = caller.request(Method::PATCH, &batch(accepted.id));
    let request = request.header("content-type", "application/json");
    let answer = caller.try_send(request.body(json!({"status": "canceled"}).to_string())).await;
    let is_right = answer.as_ref().is_none_or(|answer| [200, 503].contains(&answer.status));
    assert!(is_right, "batch {}: {answer:?}", accepted.id);
}

/// What was promised is there through every replica, or cannot be told at the moment.
async fn look(accepted: &Accepted, dice: &mut Dice) {
    let caller = &accepted.callers[dice.index(accepted.callers.len())];
    let answer = caller.try_send(caller.request(Method::GET, &batch(accepted.id))).await;
    let is_right = answer.as_ref().is_none_or(|answer| [200, 503].contains(&answer.status));
    assert!(is_right, "batch {}: {answer:?}", accepted.id);
}
