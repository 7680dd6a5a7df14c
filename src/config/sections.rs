//! Sections: the settings of `config/tollgate.toml`, typed. That file gives the reasons.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::{SecretSlice, SecretString};
use url::Url;

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

/// Everything that can be set.
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
            },
            admin: Admin { token: from.secret("admin.token").map(|AdminToken(token)| token) },
            telemetry: Telemetry::read(from),
            routes: from.routes.routes(),
        }
    }
}

/// What callers and operators connect to.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where callers connect.
    pub listen: SocketAddr,
    /// Where operators connect.
    pub admin_listen: SocketAddr,
    /// The certificate that callers are served with over TLS.
    pub tls: Option<TlsFiles>,
    /// The one that operators are.
    pub admin_tls: Option<TlsFiles>,
    /// By which names operators may connect, besides addresses and `localhost`.
    pub admin_hosts: Vec<String>,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// The largest body of a request, in bytes.
    pub body_bytes_max: usize,
    /// The most leads in one batch.
    pub leads_max: usize,
    /// How many characters a field of a lead may have.
    pub lead_field_chars_max: usize,
    /// The most connections to one listener at once.
    pub connections_max: usize,
    /// The most bodies of leads under way at once, those included that wait.
    pub bodies_max: usize,
    /// The most bodies of leads that are worked on at once.
    pub bodies_at_once: usize,
    /// How long one waits for its turn.
    pub bodies_wait: Duration,
    /// The most bytes that all bodies together may hold.
    pub bodies_bytes_max: usize,
    /// How much of each of these limits one team may use, of what the other teams leave.
    pub team_share_percent: Share,
    /// How long a body may take before it has to come at a rate.
    pub body_grace: Duration,
    /// The rate, in bytes a second.
    pub body_rate_min: usize,
    /// The most look-ups that wait for their answer at once.
    pub look_ups_max: usize,
    /// The most requests that are passed on at once.
    pub passages_max: usize,
    /// The most priced calls that are made at once.
    pub calls_max: usize,
    /// How long a caller may take nothing of an answer.
    pub unread_wait: Duration,
    /// For how long an identical request is taken for a retry; not at all where it is zero.
    pub replay_window: Duration,
    /// How long a look-up waits for its answer.
    pub find_wait: Duration,
    /// How long a connection may be idle.
    pub idle_timeout: Duration,
    /// A path that answers callers' balancers without a key.
    pub health_path: Option<String>,
    /// How long after SIGTERM connections are still taken.
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
    /// The file of the certificate, with the chain that vouches for it.
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

/// How the vendor is asked.
#[derive(Clone, Debug)]
pub struct Vendor {
    /// Where it is.
    pub base_url: Url,
    /// Whether it may be reached unencrypted on another machine.
    pub allow_http: bool,
    /// The gateway's own key.
    pub api_key: SecretString,
    /// How long one request may take, from connecting to the answer's last byte.
    pub timeout: Duration,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How often all replicas together may ask it in a minute.
    pub requests_per_minute: u32,
    /// How often, of these, for one person.
    pub find_requests_per_minute: u32,
    /// How many email addresses it validates in an hour, of all replicas together.
    pub validations_per_hour: u32,
    /// The most leads in one job.
    pub batch_leads_max: usize,
    /// How long a small submission waits for others to travel with; zero where each travels alone.
    pub gather_window: Duration,
    /// The first pause between two looks at a job.
    pub poll_interval_min: Duration,
    /// The pause that it grows to.
    pub poll_interval_max: Duration,
    /// What happens to a POST that got no answer.
    pub on_no_answer: OnNoAnswer,
    /// How long after an unanswered POST it is sent again.
    pub quiet_period: Duration,
    /// How often one job is sent in all.
    pub attempts_max: u32,
    /// How often the vendor may refuse what is sent of one batch before the rest of it ends.
    pub refusals_max: u32,
    /// The longest `Retry-After` that counts, and the longest pause between two probes.
    pub retry_after_max: Duration,
    /// How long a job may take before it is unresolved.
    pub job_deadline: Duration,
    /// How many bytes all pages of the answer to one job may have.
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

/// Where the books are kept.
#[derive(Clone, Debug)]
pub struct Store {
    /// Which store.
    pub url: StoreUrl,
    /// Which life of the books is meant; any where none is named.
    pub epoch: Option<Epoch>,
    /// How surely a Redis keeps them before anything that costs is sent.
    pub durability: Durability,
    /// How many bytes of it are kept free of new work.
    pub reserve: usize,
}

impl Store {
    fn read(from: &mut Reading) -> Self {
        Self {
            url: from.value("store.url"),
            epoch: from.optional("store.epoch"),
            durability: from.value("store.durability"),
            reserve: from.value::<Size>("store.reserve").0,
        }
    }
}

/// Where the journal goes, and how long the store keeps it.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The folder that entries and checkpoints are exported to.
    pub export_dir: Option<PathBuf>,
    /// How long the store keeps an entry that was exported.
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
    /// What every key is derived from, decoded: 32 bytes or more.
    pub secret: Option<SecretSlice<u8>>,
    /// What they were derived from before, the latest first.
    pub retired: Vec<SecretSlice<u8>>,
}

/// How long answers are kept.
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

/// What each team may ask whose policies do not say; zero for any number.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many requests in a minute.
    pub requests_per_minute: u32,
    /// How many at once.
    pub requests_at_once: u32,
}

/// Who operates the gateway.
#[derive(Clone, Debug)]
pub struct Admin {
    /// The operators' token; without one nobody is let in.
    pub token: Option<SecretString>,
}

/// What the gateway says of itself.
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// How log lines are written; by default what suits the output.
    pub log_format: Option<LogFormat>,
    /// Which are written, in the notation of `tracing-subscriber`.
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

/// What the vendor charges, and when, as the domain knows it.
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
