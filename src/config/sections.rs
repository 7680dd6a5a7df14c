//! Sections: the settings of `config/tollgate.toml` as types. The reasons are in that file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::{SecretSlice, SecretString};
use url::Url;

use super::alarms::Alarms;
use super::lists::{HostNames, Networks};
use super::reading::Reading;
use super::secrets::{AdminToken, ApiKey, RetiredSecrets, RootSecret};
use super::values::{
    Durability, HealthPath, LogFilter, LogFormat, OnNoAnswer, Size, StoreUrl, Unfit,
};
use crate::domain::epoch::Epoch;
use crate::domain::pricing::Prices;
use crate::domain::route::Routes;
use crate::domain::share::Share;

/// All settings.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is the section of that name")]
pub struct Config {
    pub server: Server,
    pub vendor: Vendor,
    pub store: Store,
    pub ledger: Ledger,
    pub security: Security,
    pub prices: Prices,
    pub cache: Cache,
    pub limits: Limits,
    pub alarms: Alarms,
    pub admin: Admin,
    pub telemetry: Telemetry,
    pub routes: Routes,
}

impl Config {
    pub(super) fn read(from: &mut Reading) -> Self {
        Self {
            server: Server::read(from),
            vendor: Vendor::read(from),
            store: Store::read(from),
            ledger: Ledger::read(from),
            security: Security {
                secret: from.secret("security.secret").map(|RootSecret(bytes)| bytes),
                retired: from
                    .secret("security.retired_secrets")
                    .map_or_else(Vec::new, |RetiredSecrets(secrets)| secrets),
            },
            prices: prices(from),
            cache: Cache::read(from),
            limits: Limits {
                requests_per_minute: from.value("limits.requests_per_minute"),
                requests_at_once: from.value("limits.requests_at_once"),
                open_batches: from.value("limits.open_batches"),
                kept_bytes: u64::try_from(from.value::<Size>("limits.kept_bytes").0)
                    .unwrap_or(u64::MAX),
                leads_per_day: from.value("limits.leads_per_day"),
                idempotency_keys: from.value("limits.idempotency_keys"),
            },
            alarms: Alarms::read(from),
            admin: Admin { token: from.secret("admin.token").map(|AdminToken(token)| token) },
            telemetry: Telemetry::read(from),
            routes: from.routes.routes(),
        }
    }
}

/// The listeners for callers and operators.
#[derive(Clone, Debug)]
pub struct Server {
    /// The address for callers.
    pub listen: SocketAddr,
    /// The address for operators.
    pub admin_listen: SocketAddr,
    /// The certificate of the callers' listener.
    pub tls: Option<TlsFiles>,
    /// The certificate of the operators' listener.
    pub admin_tls: Option<TlsFiles>,
    /// Host names that operators may use, besides IP addresses and `localhost`.
    pub admin_hosts: Vec<String>,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// The maximum size of a request body, in bytes.
    pub body_bytes_max: usize,
    /// The maximum number of leads in a batch.
    pub leads_max: usize,
    /// The maximum length of a field of a lead, in characters.
    pub lead_field_chars_max: usize,
    /// The maximum number of connections to one listener.
    pub connections_max: usize,
    /// The maximum number of bodies in progress, including waiting ones.
    pub bodies_max: usize,
    /// The maximum number of bodies that are processed at once.
    pub bodies_at_once: usize,
    /// How long a body waits to be processed.
    pub bodies_wait: Duration,
    /// The maximum size of all bodies together, in bytes.
    pub bodies_bytes_max: usize,
    /// The share of each of these limits that one team may use, of what the other teams leave free.
    pub team_share_percent: Share,
    /// How long a body may take before the minimum rate applies.
    pub body_grace: Duration,
    /// The minimum rate, in bytes per second.
    pub body_rate_min: usize,
    /// The maximum number of lookups that wait at once.
    pub look_ups_max: usize,
    /// The maximum number of requests that are forwarded at once.
    pub passages_max: usize,
    /// The maximum number of priced calls in progress at once.
    pub calls_max: usize,
    /// Write timeout: a client that reads nothing for this long is disconnected.
    pub unread_wait: Duration,
    /// How long an identical request counts as a retry; zero: never.
    pub replay_window: Duration,
    /// How long a lookup waits for its answer.
    pub find_wait: Duration,
    /// How long a connection may be idle.
    pub idle_timeout: Duration,
    /// A path of the callers' listener that answers load balancers without a key.
    pub health_path: Option<String>,
    /// How long after SIGTERM new connections are still accepted.
    pub shutdown_delay: Duration,
    /// How long open requests may take after SIGTERM.
    pub shutdown_grace: Duration,
}

impl Server {
    fn read(from: &mut Reading) -> Self {
        Self {
            listen: from.value("server.listen"),
            admin_listen: from.value("server.admin_listen"),
            tls: TlsFiles::read(from, "server.tls_cert", "server.tls_key"),
            admin_tls: TlsFiles::read(from, "server.admin_tls_cert", "server.admin_tls_key"),
            admin_hosts: from
                .optional("server.admin_hosts")
                .map_or_else(Vec::new, |HostNames(names)| names),
            trusted_proxies: from
                .optional("server.trusted_proxies")
                .map_or_else(Vec::new, |Networks(networks)| networks),
            body_bytes_max: from.value::<Size>("server.body_bytes_max").0,
            leads_max: from.value("server.leads_max"),
            lead_field_chars_max: from.value("server.lead_field_chars_max"),
            connections_max: from.value("server.connections_max"),
            bodies_max: from.value("server.bodies_max"),
            bodies_at_once: from.value("server.bodies_at_once"),
            bodies_wait: from.value("server.bodies_wait"),
            bodies_bytes_max: from.value::<Size>("server.bodies_bytes_max").0,
            team_share_percent: from.value("server.team_share_percent"),
            body_grace: from.value("server.body_grace"),
            body_rate_min: from.value::<Size>("server.body_rate_min").0,
            look_ups_max: from.value("server.look_ups_max"),
            passages_max: from.value("server.passages_max"),
            calls_max: from.value("server.calls_max"),
            unread_wait: from.value("server.unread_wait"),
            replay_window: from.value("server.replay_window"),
            find_wait: from.value("server.find_wait"),
            idle_timeout: from.value("server.idle_timeout"),
            health_path: from.optional("server.health_path").map(|HealthPath(path)| path),
            shutdown_delay: from.value("server.shutdown_delay"),
            shutdown_grace: from.value("server.shutdown_grace"),
        }
    }
}

/// A certificate and its key, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The file of the certificate with its chain.
    pub cert: PathBuf,
    /// The file of its key.
    pub key: PathBuf,
}

impl TlsFiles {
    fn read(from: &mut Reading, cert: &str, key: &str) -> Option<Self> {
        match (from.optional(cert), from.optional(key)) {
            (Some(cert), Some(key)) => Some(Self { cert, key }),
            (None, None) => None,
            _ => {
                let remedy = "set both, or neither for plain HTTP";
                from.refuse(
                    &[cert, key],
                    Unfit::new("a certificate needs its key, and a key its certificate", remedy),
                );
                None
            }
        }
    }
}

/// The connection to the vendor.
#[derive(Clone, Debug)]
pub struct Vendor {
    /// Its URL.
    pub base_url: Url,
    /// Whether it may be reached unencrypted on another machine.
    pub allow_http: bool,
    /// The gateway's API key.
    pub api_key: SecretString,
    /// Timeout of one request, from connecting to the last byte of the response.
    pub timeout: Duration,
    /// Timeout of connecting.
    pub connect_timeout: Duration,
    /// The limit of requests per minute, for all replicas together.
    pub requests_per_minute: u32,
    /// How many of these may look up one person.
    pub find_requests_per_minute: u32,
    /// The limit of validated email addresses per hour, for all replicas together.
    pub validations_per_hour: u32,
    /// The maximum number of leads in one job.
    pub batch_leads_max: usize,
    /// How long a small submission waits for others to be combined with; zero: not at all.
    pub gather_window: Duration,
    /// The first pause between two polls of a job.
    pub poll_interval_min: Duration,
    /// The longest pause between two polls.
    pub poll_interval_max: Duration,
    /// What happens to a POST that got no answer.
    pub on_no_answer: OnNoAnswer,
    /// How long after an unanswered POST it is sent again.
    pub quiet_period: Duration,
    /// How often one job is sent in total.
    pub attempts_max: u32,
    /// How many refusals of a job are accepted before its remaining leads end.
    pub refusals_max: u32,
    /// The upper limit for `Retry-After`, and the longest pause between two probes.
    pub retry_after_max: Duration,
    /// How long a job may take before it is unresolved.
    pub job_deadline: Duration,
    /// The maximum size of all pages of the answer to one job, in bytes.
    pub answer_bytes_max: usize,
}

impl Vendor {
    fn read(from: &mut Reading) -> Self {
        Self {
            base_url: from.value("vendor.base_url"),
            allow_http: from.value("vendor.allow_http"),
            api_key: from.required_secret::<ApiKey>("vendor.api_key").0,
            timeout: from.value("vendor.timeout"),
            connect_timeout: from.value("vendor.connect_timeout"),
            requests_per_minute: from.value("vendor.requests_per_minute"),
            find_requests_per_minute: from.value("vendor.find_requests_per_minute"),
            validations_per_hour: from.value("vendor.validations_per_hour"),
            batch_leads_max: from.value("vendor.batch_leads_max"),
            gather_window: from.value("vendor.gather_window"),
            poll_interval_min: from.value("vendor.poll_interval_min"),
            poll_interval_max: from.value("vendor.poll_interval_max"),
            on_no_answer: from.value("vendor.on_no_answer"),
            quiet_period: from.value("vendor.quiet_period"),
            attempts_max: from.value("vendor.attempts_max"),
            refusals_max: from.value("vendor.refusals_max"),
            retry_after_max: from.value("vendor.retry_after_max"),
            job_deadline: from.value("vendor.job_deadline"),
            answer_bytes_max: from.value::<Size>("vendor.answer_bytes_max").0,
        }
    }
}

/// Where the ledger is stored.
#[derive(Clone, Debug)]
pub struct Store {
    /// Which store.
    pub url: StoreUrl,
    /// The required epoch of the ledger; `None` accepts any.
    pub epoch: Option<Epoch>,
    /// The required durability of writes to a Redis before anything that costs credits is sent.
    pub durability: Durability,
    /// How many bytes new work leaves free.
    pub reserve: usize,
    /// How many steps requests take on it at once.
    pub steps_max: usize,
}

impl Store {
    fn read(from: &mut Reading) -> Self {
        Self {
            url: from.value("store.url"),
            epoch: from.optional("store.epoch"),
            durability: from.value("store.durability"),
            reserve: from.value::<Size>("store.reserve").0,
            steps_max: from.value("store.steps_max"),
        }
    }
}

/// Where the journal is exported to, and how long the store keeps it.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The folder that entries and checkpoints are exported to.
    pub export_dir: Option<PathBuf>,
    /// How long the store keeps an exported entry.
    pub keep: Duration,
}

impl Ledger {
    fn read(from: &mut Reading) -> Self {
        Self { export_dir: from.optional("ledger.export_dir"), keep: from.value("ledger.keep") }
    }
}

/// What protects personal data.
#[derive(Clone, Debug)]
pub struct Security {
    /// The root secret, decoded: 32 bytes or more.
    pub secret: Option<SecretSlice<u8>>,
    /// Earlier root secrets, the latest first.
    pub retired: Vec<SecretSlice<u8>>,
}

/// How long answers are cached.
#[derive(Clone, Debug)]
pub struct Cache {
    /// A person found.
    pub person_ttl: Duration,
    /// A "not found".
    pub not_found_ttl: Duration,
    /// A validated address.
    pub validation_ttl: Duration,
    /// A batch, from its end.
    pub batch_ttl: Duration,
}

impl Cache {
    fn read(from: &mut Reading) -> Self {
        Self {
            person_ttl: from.value("cache.person_ttl"),
            not_found_ttl: from.value("cache.not_found_ttl"),
            validation_ttl: from.value("cache.validation_ttl"),
            batch_ttl: from.value("cache.batch_ttl"),
        }
    }
}

/// The limits of teams whose policies set none; zero means no limit.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests per minute.
    pub requests_per_minute: u32,
    /// Concurrent requests.
    pub requests_at_once: u32,
    /// How many batches under way.
    pub open_batches: u64,
    /// How many bytes the store keeps for it.
    pub kept_bytes: u64,
    /// How many leads and addresses in a day.
    pub leads_per_day: u64,
    /// How many requests are remembered by their key.
    pub idempotency_keys: u64,
}

/// The operators' access.
#[derive(Clone, Debug)]
pub struct Admin {
    /// The operators' token; without it the admin API is disabled.
    pub token: Option<SecretString>,
}

/// Logging.
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// The format of log lines; by default it depends on the output.
    pub log_format: Option<LogFormat>,
    /// The filter of log lines, in the syntax of `tracing-subscriber`.
    pub log_filter: String,
}

impl Telemetry {
    fn read(from: &mut Reading) -> Self {
        Self {
            log_format: from.optional("telemetry.log_format"),
            log_filter: from.value::<LogFilter>("telemetry.log_filter").0,
        }
    }
}

/// The vendor's prices, as the domain type.
fn prices(from: &mut Reading) -> Prices {
    Prices {
        person_found: from.value("prices.person_found"),
        email_revealed: from.value("prices.email_revealed"),
        phone_revealed: from.value("prices.phone_revealed"),
        phone_basis: from.value("prices.phone_basis"),
        phone_numbers_max: from.value("prices.phone_numbers_max"),
        person_window: from.value("prices.person_window"),
        window_margin: from.value("prices.window_margin"),
    }
}
