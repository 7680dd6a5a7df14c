//! Checks across settings: impossible combinations are refused, unlikely values cause warnings.
//!
//! Each value was parsed before; the checks here look at one value or at several together.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use url::Host;

use super::reading::Reading;
use super::sections::{Cache, Config, Ledger, Server, Store, Vendor};
use super::values::{Durability, OnNoAnswer, StoreUrl, Unfit};
use crate::domain::credits::Credits;
use crate::domain::lead::FIELD_CHARS_LIMIT;
use crate::domain::pricing::Prices;
use crate::remote::check_certificates;

/// Bounds far above any use that keep every sum of credits and every allocation in range.
const LEADS_MAX: usize = 100_000;
const BODY_BYTES_MAX: usize = 1 << 30;
const BODIES_BYTES_MAX: usize = 1 << 40;
const CONNECTIONS_MAX: usize = 1_000_000;
const STORE_STEPS_MAX: usize = 240;
/// The minimum size limit for the answer to one lead.
const ANSWER_BYTES_MIN: usize = 4 << 20;
const REQUESTS_PER_MINUTE_MAX: u32 = 1_000_000;
const VALIDATIONS_PER_HOUR_MAX: u32 = 1_000_000_000;
const ATTEMPTS_MAX: u32 = 100;

/// A job cannot have more refusals than leads.
const REFUSALS_MAX: u32 = 100_000;
const PHONE_NUMBERS_MAX: u32 = 100;
const PRICE_MAX: Credits = Credits::from_thousandths(1_000_000);
const DURATION_MAX: Duration = Duration::from_hours(366 * 24);
/// A waiting caller holds a connection.
const FIND_WAIT_MAX: Duration = Duration::from_mins(10);

/// Common balancers keep idle connections for 60 s.
const IDLE_USUAL_MIN: Duration = Duration::from_secs(61);

/// Gathering is for concurrent callers, not for callers within the same minute.
const GATHER_WINDOW_MAX: Duration = Duration::from_mins(1);
const GATHER_WINDOW_USUAL: Duration = Duration::from_secs(5);

/// With a longer window, intended repetitions would count as retries; a key avoids that.
const REPLAY_WINDOW_MAX: Duration = Duration::from_hours(24);

/// A new monthly quota is calculated from the entries since the month began.
const KEEP_MIN: Duration = Duration::from_hours(32 * 24);
const KEEP_MAX: Duration = Duration::from_hours(10 * 366 * 24);

/// Upper limit of the retention of personal data, whatever the configuration says.
const TTL_MAX: Duration = Duration::from_hours(90 * 24);

/// Runs all checks.
pub(super) fn check(config: &Config, reading: &mut Reading) {
    check_server(&config.server, reading);
    check_vendor(&config.vendor, reading);
    check_prices(&config.prices, reading);
    check_resending(&config.vendor, &config.prices, reading);
    check_cache(&config.cache, reading);
    check_store(&config.store, reading);
    check_ledger(&config.ledger, &config.store, reading);
    check_what_is_missing(reading);
}

fn check_server(server: &Server, reading: &mut Reading) {
    let (callers, operators) = (server.listen, server.admin_listen);
    let overlap = callers.ip() == operators.ip()
        || callers.ip().is_unspecified()
        || operators.ip().is_unspecified();
    if callers.port() == operators.port() && callers.port() != 0 && overlap {
        let wrong = format!("callers at {callers} and operators at {operators} share a port");
        let unfit = Unfit::new(wrong, "give each its own port");
        reading.refuse(&["server.listen", "server.admin_listen"], unfit);
    }
    within(reading, "server.leads_max", &server.leads_max, &(1..=LEADS_MAX));
    let chars_max = &server.lead_field_chars_max;
    within(reading, "server.lead_field_chars_max", chars_max, &(100..=FIELD_CHARS_LIMIT));
    within(reading, "server.body_bytes_max", &server.body_bytes_max, &(1..=BODY_BYTES_MAX));
    if server.body_bytes_max < 64 << 10 {
        let unfit =
            Unfit::new("refuses batches of a few hundred leads", "8MiB is enough for 10000 leads");
        reading.warn(&["server.body_bytes_max"], unfit);
    }
    above_zero(reading, "server.find_wait", server.find_wait);
    at_most(reading, "server.find_wait", server.find_wait, FIND_WAIT_MAX);
    usually_at_least(reading, "server.find_wait", server.find_wait, Duration::from_secs(1));
    above_zero(reading, "server.unread_wait", server.unread_wait);
    at_most(reading, "server.unread_wait", server.unread_wait, DURATION_MAX);
    usually_at_least(reading, "server.unread_wait", server.unread_wait, Duration::from_secs(1));
    at_most(reading, "server.replay_window", server.replay_window, REPLAY_WINDOW_MAX);
    at_most(reading, "server.shutdown_grace", server.shutdown_grace, DURATION_MAX);
    if server.shutdown_delay >= server.shutdown_grace && !server.shutdown_delay.is_zero() {
        let wrong =
            "the delay is not below the grace period, so open requests would have no time to end";
        let unfit = Unfit::new(wrong, "lower the delay or lengthen the grace period");
        reading.refuse(&["server.shutdown_delay", "server.shutdown_grace"], unfit);
    }
    above_zero(reading, "server.idle_timeout", server.idle_timeout);
    at_most(reading, "server.idle_timeout", server.idle_timeout, DURATION_MAX);
    usually_at_least(reading, "server.idle_timeout", server.idle_timeout, IDLE_USUAL_MIN);
    check_room(server, reading);
}

fn check_room(server: &Server, reading: &mut Reading) {
    within(reading, "server.connections_max", &server.connections_max, &(1..=CONNECTIONS_MAX));
    within(reading, "server.bodies_at_once", &server.bodies_at_once, &(1..=CONNECTIONS_MAX));
    above_zero(reading, "server.bodies_wait", server.bodies_wait);
    at_most(reading, "server.bodies_wait", server.bodies_wait, DURATION_MAX);
    let bytes = &server.bodies_bytes_max;
    within(reading, "server.bodies_bytes_max", bytes, &(1..=BODIES_BYTES_MAX));
    if server.team_share_percent.of(server.bodies_bytes_max) < server.body_bytes_max {
        let unfit =
            Unfit::new("one body may be larger than a team's share of all bodies", "raise it");
        let keys =
            ["server.bodies_bytes_max", "server.body_bytes_max", "server.team_share_percent"];
        reading.refuse(&keys, unfit);
    }
    above_zero(reading, "server.body_grace", server.body_grace);
    at_most(reading, "server.body_grace", server.body_grace, DURATION_MAX);
    within(reading, "server.body_rate_min", &server.body_rate_min, &(1..=BODY_BYTES_MAX));
    let waiting = [
        ("server.bodies_max", server.bodies_max),
        ("server.look_ups_max", server.look_ups_max),
        ("server.passages_max", server.passages_max),
        ("server.calls_max", server.calls_max),
    ];
    for (key, most) in waiting {
        within(reading, key, &most, &(1..=CONNECTIONS_MAX));
    }
    let waiting_max = waiting.iter().fold(0_usize, |sum, (_, most)| sum.saturating_add(*most));
    if waiting_max >= server.connections_max {
        let wrong = format!(
            "{waiting_max} waiting requests leave no connection for requests that only read"
        );
        let [bodies, look_ups, passages, calls] = waiting.map(|(key, _)| key);
        let keys = [bodies, look_ups, passages, calls, "server.connections_max"];
        reading.refuse(&keys, Unfit::new(wrong, "lower them, or raise the connections"));
    }
}

fn check_vendor(vendor: &Vendor, reading: &mut Reading) {
    for (key, requests) in [
        ("vendor.requests_per_minute", vendor.requests_per_minute),
        ("vendor.find_requests_per_minute", vendor.find_requests_per_minute),
    ] {
        within(reading, key, &requests, &(1..=REQUESTS_PER_MINUTE_MAX));
    }
    let per_hour = vendor.validations_per_hour;
    within(reading, "vendor.validations_per_hour", &per_hour, &(1..=VALIDATIONS_PER_HOUR_MAX));
    within(reading, "vendor.batch_leads_max", &vendor.batch_leads_max, &(1..=LEADS_MAX));
    within(reading, "vendor.attempts_max", &vendor.attempts_max, &(1..=ATTEMPTS_MAX));
    within(reading, "vendor.refusals_max", &vendor.refusals_max, &(1..=REFUSALS_MAX));
    let bytes = &vendor.answer_bytes_max;
    within(reading, "vendor.answer_bytes_max", bytes, &(ANSWER_BYTES_MIN..=BODIES_BYTES_MAX));
    check_gathering(vendor.gather_window, reading);
    let durations = [
        ("vendor.timeout", vendor.timeout, Duration::from_secs(1)),
        ("vendor.connect_timeout", vendor.connect_timeout, Duration::from_millis(100)),
        ("vendor.poll_interval_min", vendor.poll_interval_min, Duration::from_millis(100)),
        ("vendor.poll_interval_max", vendor.poll_interval_max, Duration::from_secs(1)),
        ("vendor.quiet_period", vendor.quiet_period, Duration::from_secs(10)),
        ("vendor.retry_after_max", vendor.retry_after_max, Duration::from_secs(10)),
        ("vendor.job_deadline", vendor.job_deadline, Duration::from_mins(1)),
    ];
    for (key, duration, usual_min) in durations {
        above_zero(reading, key, duration);
        at_most(reading, key, duration, DURATION_MAX);
        usually_at_least(reading, key, duration, usual_min);
    }
    if vendor.poll_interval_min > vendor.poll_interval_max {
        let unfit =
            Unfit::new("the minimum is above the maximum", "lower the one or raise the other");
        reading.refuse(&["vendor.poll_interval_min", "vendor.poll_interval_max"], unfit);
    }
    if vendor.connect_timeout > vendor.timeout {
        let unfit = Unfit::new(
            "connecting may take longer than the timeout of the whole request",
            "lower it",
        );
        reading.warn(&["vendor.connect_timeout", "vendor.timeout"], unfit);
    }
    let is_loopback = match vendor.base_url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if vendor.base_url.scheme() == "http" && !is_loopback {
        let wrong = "sends the key and personal data unencrypted";
        if vendor.allow_http {
            let unfit =
                Unfit::new(wrong, "vendor.allow_http is for a sandbox; otherwise use https");
            reading.warn(&["vendor.base_url"], unfit);
        } else {
            let remedy = "use https, or set vendor.allow_http to true for a sandbox";
            reading.refuse(&["vendor.base_url", "vendor.allow_http"], Unfit::new(wrong, remedy));
        }
    }
}

/// A submission of a few leads waits this long before it is sent.
fn check_gathering(window: Duration, reading: &mut Reading) {
    let key = &["vendor.gather_window"];
    if window > GATHER_WINDOW_MAX {
        let wrong = format!("is longer than {GATHER_WINDOW_MAX:?}");
        reading.refuse(key, Unfit::new(wrong, "a second is enough to gather concurrent requests"));
    } else if window > GATHER_WINDOW_USUAL {
        let wrong = format!("every small submission waits for {window:?} before it is sent");
        reading.warn(key, Unfit::new(wrong, "200ms is enough to gather concurrent requests"));
    }
}

fn check_prices(prices: &Prices, reading: &mut Reading) {
    let each = [
        ("prices.person_found", prices.person_found),
        ("prices.email_revealed", prices.email_revealed),
        ("prices.phone_revealed", prices.phone_revealed),
    ];
    for (key, price) in each {
        if price > PRICE_MAX {
            let wrong = format!("is above {PRICE_MAX} credits");
            reading.refuse(&[key], Unfit::new(wrong, "give the price of one unit, in credits"));
        }
    }
    within(
        reading,
        "prices.phone_numbers_max",
        &prices.phone_numbers_max,
        &(1..=PHONE_NUMBERS_MAX),
    );
    at_most(reading, "prices.person_window", prices.person_window, DURATION_MAX);
    usually_at_least(
        reading,
        "prices.person_window",
        prices.person_window,
        Duration::from_hours(1),
    );
    if prices.window_margin >= prices.person_window {
        let unfit = Unfit::new(
            format!(
                "the margin of {:?} is not below the window of {:?}, so no charge would be remembered",
                prices.window_margin, prices.person_window
            ),
            "lower the margin or lengthen the window",
        );
        reading.refuse(&["prices.window_margin", "prices.person_window"], unfit);
    }
}

/// An unanswered POST may only be sent again inside the charge window, in which the vendor does not
/// charge twice.
fn check_resending(vendor: &Vendor, prices: &Prices, reading: &mut Reading) {
    if vendor.on_no_answer == OnNoAnswer::Hold {
        return;
    }
    let keys = [
        "vendor.quiet_period",
        "vendor.attempts_max",
        "prices.person_window",
        "prices.window_margin",
    ];
    let safe_for = prices.person_window.saturating_sub(prices.window_margin);
    let lasts = vendor.quiet_period.saturating_mul(vendor.attempts_max);
    let remedy =
        "lower vendor.quiet_period or vendor.attempts_max, or set vendor.on_no_answer to hold";
    if lasts > prices.person_window {
        let window = prices.person_window;
        let wrong =
            format!("attempts would continue for {lasts:?}, beyond the window of {window:?}");
        reading.refuse(&keys[..3], Unfit::new(wrong, remedy));
    } else if lasts > safe_for {
        let wrong = "the last attempts are inside the margin of the window and are never made";
        reading.warn(&keys, Unfit::new(wrong, remedy));
    } else if lasts.saturating_add(vendor.job_deadline) > safe_for {
        // A further attempt is only made if its job, too, would end inside the window.
        let wrong = "an unanswered attempt is not repeated: its job could end after the window";
        let remedy = "lower vendor.job_deadline, or set vendor.on_no_answer to hold";
        reading.warn(&["vendor.job_deadline", "prices.person_window"], Unfit::new(wrong, remedy));
    }
}

fn check_cache(cache: &Cache, reading: &mut Reading) {
    let ttls = [
        ("cache.person_ttl", cache.person_ttl, Duration::from_mins(10)),
        ("cache.not_found_ttl", cache.not_found_ttl, Duration::from_mins(1)),
        ("cache.validation_ttl", cache.validation_ttl, Duration::from_hours(1)),
        ("cache.batch_ttl", cache.batch_ttl, Duration::from_hours(24)),
    ];
    for (key, ttl, usual_min) in ttls {
        at_most(reading, key, ttl, TTL_MAX);
        usually_at_least(reading, key, ttl, usual_min);
    }
    above_zero(reading, "cache.batch_ttl", cache.batch_ttl);
}

fn check_store(store: &Store, reading: &mut Reading) {
    within(reading, "store.reserve", &store.reserve, &(0..=BODIES_BYTES_MAX));
    within(reading, "store.steps_max", &store.steps_max, &(2..=STORE_STEPS_MAX));
    match &store.url {
        StoreUrl::Memory => {
            let unfit = Unfit::new(
                "keeps no books after the process ends",
                "use embedded:DIR to keep them",
            );
            reading.warn(&["store.url"], unfit);
            if store.epoch.is_some() {
                let wrong = "names books of an earlier process, and memory: keeps none";
                let unfit = Unfit::new(wrong, "remove it, or use another store");
                reading.refuse(&["store.epoch"], unfit);
            }
        }
        StoreUrl::Redis(address) => {
            if let Err(why) = check_certificates(address) {
                let remedy = "give a readable PEM file of certificates";
                reading.refuse(&["store.url"], Unfit::new(why.to_string(), remedy));
            }
            if !reading.is_set("security.secret") {
                let wrong = "is not set, and with a Redis every replica needs the same one";
                let remedy = "set one such as `openssl rand -hex 32` prints, and keep it safe: \
                              without it the data in the store is lost";
                reading.refuse(&["security.secret"], Unfit::new(wrong, remedy));
            }
            if store.durability == Durability::Relaxed {
                let wrong = "can lose reservations of leads that the vendor charges";
                let unfit = Unfit::new(wrong, "relaxed is for development; use single or strict");
                reading.warn(&["store.durability"], unfit);
            }
        }
        StoreUrl::Embedded(_) => {}
    }
}

fn check_ledger(ledger: &Ledger, store: &Store, reading: &mut Reading) {
    if ledger.keep < KEEP_MIN {
        let wrong = "is shorter than 32 days, and a month's quota is calculated from its entries";
        reading.refuse(&["ledger.keep"], Unfit::new(wrong, "set 32d or more"));
    }
    at_most(reading, "ledger.keep", ledger.keep, KEEP_MAX);
    match (&ledger.export_dir, &store.url) {
        (Some(export), StoreUrl::Embedded(books)) if export.starts_with(books) => {
            let wrong = "is inside the store, and would be lost with it";
            reading
                .warn(&["ledger.export_dir", "store.url"], Unfit::new(wrong, "use another disk"));
        }
        (None, StoreUrl::Embedded(_) | StoreUrl::Redis(_)) => {
            let wrong = "is not set, so the journal is never trimmed, the store grows, and the \
                         books cannot be restored if the store is lost";
            let remedy = "set a folder on another disk than the store";
            reading.warn(&["ledger.export_dir"], Unfit::new(wrong, remedy));
        }
        _ => {}
    }
}

fn check_what_is_missing(reading: &mut Reading) {
    if !reading.is_set("admin.token") {
        let unfit = Unfit::new("is not set, so the admin API refuses every request", "set one");
        reading.warn(&["admin.token"], unfit);
    }
}

fn within<T: PartialOrd + Display>(
    reading: &mut Reading,
    key: &str,
    value: &T,
    bounds: &RangeInclusive<T>,
) {
    if !bounds.contains(value) {
        let wrong = format!("{value} is not between {} and {}", bounds.start(), bounds.end());
        reading.refuse(&[key], Unfit::new(wrong, "set a number in this range"));
    }
}

fn above_zero(reading: &mut Reading, key: &str, duration: Duration) {
    if duration.is_zero() {
        reading.refuse(&[key], Unfit::new("is zero", "set a longer duration"));
    }
}

fn at_most(reading: &mut Reading, key: &str, duration: Duration, max: Duration) {
    if duration > max {
        let most = match max.as_secs() / 86_400 {
            0 => format!("{max:?}"),
            days => format!("{days} days"),
        };
        let unfit = Unfit::new(format!("is longer than {most}"), "set a shorter duration");
        reading.refuse(&[key], unfit);
    }
}

fn usually_at_least(reading: &mut Reading, key: &str, duration: Duration, usual_min: Duration) {
    if duration < usual_min {
        let wrong = format!("{duration:?} is unusually short");
        let remedy = format!("less than {usual_min:?} is for trials only");
        reading.warn(&[key], Unfit::new(wrong, remedy));
    }
}
