//! Figures of rounds: the median, with the lowest and the highest.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::say;

/// What one subject took for one kind of work in one round.
#[derive(Clone, Copy, Default)]
pub(crate) struct Round {
    pub(crate) cpu_micros: f64,
    pub(crate) redis_micros: f64,
    pub(crate) redis_commands: f64,
    pub(crate) redis_bytes: f64,
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) resident_bytes: u64,
}

/// All rounds, by work and subject, in the order in which they are printed.
#[derive(Default)]
pub(crate) struct Figures(BTreeMap<(usize, usize), Vec<Round>>);

impl Figures {
    pub(crate) fn add(&mut self, work: usize, subject: usize, round: Round) {
        self.0.entry((work, subject)).or_default().push(round);
    }

    /// Prints a table for each kind of work.
    pub(crate) fn print(&self, works: &[String], subjects: &[&str], trips: &[f64]) {
        for (w, work) in works.iter().enumerate() {
            let trips = trips.get(w).map_or(String::new(), |trips| {
                format!(" (Redis: {trips:.1} round trips a request, one at a time)")
            });
            say(&format!("\n{work}{trips}"));
            say(&format!(
                "  {:<20} {:>26} {:>8} {:>24} {:>9} {:>9} {:>10} {:>9} {:>9} {:>7}",
                "",
                "CPU µs a request",
                "× nginx",
                "Redis µs",
                "commands",
                "kB",
                "requests/s",
                "p50 ms",
                "p99 ms",
                "MiB"
            ));
            let nginx = subjects.iter().position(|name| *name == "nginx");
            let beside = nginx.and_then(|nginx| self.0.get(&(w, nginx)));
            let beside = beside.map(|rounds| spread(rounds, |round| round.cpu_micros).1);
            for (s, subject) in subjects.iter().enumerate() {
                let Some(rounds) = self.0.get(&(w, s)) else { continue };
                let shown = |figure: fn(&Round) -> f64| {
                    let (low, middle, high) = spread(rounds, figure);
                    format!("{middle:.0} ({low:.0}–{high:.0})")
                };
                let middle = |figure: fn(&Round) -> f64| spread(rounds, figure).1;
                let cpu = middle(|round| round.cpu_micros);
                let times = beside.map_or("–".to_owned(), |nginx| format!("{:.1}", cpu / nginx));
                say(&format!(
                    "  {subject:<20} {:>26} {times:>8} {:>24} {:>9.1} {:>9.1} {:>10.0} {:>9.2} {:>9.2} {:>7.0}",
                    shown(|round| round.cpu_micros),
                    shown(|round| round.redis_micros),
                    middle(|round| round.redis_commands),
                    middle(|round| round.redis_bytes / 1e3),
                    middle(|round| round.per_second),
                    middle(|round| round.p50.as_secs_f64() * 1e3),
                    middle(|round| round.p99.as_secs_f64() * 1e3),
                    middle(|round| round.resident_bytes as f64 / f64::from(1 << 20)),
                ));
            }
        }
    }
}

/// The lowest, the middle and the highest of a figure.
fn spread(rounds: &[Round], figure: impl Fn(&Round) -> f64) -> (f64, f64, f64) {
    let mut figures: Vec<_> = rounds.iter().map(figure).collect();
    figures.sort_unstable_by(f64::total_cmp);
    (figures[0], figures[figures.len() / 2], figures[figures.len() - 1])
}
