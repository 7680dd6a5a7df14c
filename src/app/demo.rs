//! The demo: everything on one machine, with nothing to install and nothing to pay.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::commands::say;
use super::signals::{Stop, told_to_stop_or_hung_up};
use super::{App, start};
use crate::clock::SystemClock;
use crate::config::{self, Config, Sources};
use crate::domain::credits::{Credits, Unit};
use crate::domain::key_terms::KeyTerms;
use crate::domain::period::{Period, Zone};
use crate::domain::quota::{Action, Quota};
use crate::domain::team::TeamId;
use crate::gateway::NewTeam;
use crate::sandbox::{self, Sandbox};
use crate::telemetry::logs;

/// The ports that are tried first, each with those that follow it.
const CALLERS_PORT: u16 = 8080;
const OPERATORS_PORT: u16 = 8081;
const PORTS_TRIED: u16 = 50;

/// Serves until interrupted.
///
/// # Errors
/// What went wrong, to be printed.
pub async fn run() -> anyhow::Result<()> {
    // From here on, so that the folder below never outlives the demo.
    let told_to_stop = told_to_stop_or_hung_up();
    let data = tempfile::Builder::new().prefix("tollgate-demo-").tempdir()?;
    let ended = serve_in(data.path(), told_to_stop).await;
    data.close().context("the demo's folder")?;
    ended
}

/// The demo with its data in this folder, until it receives a signal to stop.
async fn serve_in(data: &Path, told_to_stop: impl Future<Output = Stop>) -> anyhow::Result<()> {
    let vendor = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let vendor_address = vendor.local_addr()?;
    let stopping = CancellationToken::new();
    let sandbox = Sandbox::new(sandbox::Options::default());
    let selling = sandbox::serve(vendor, sandbox, stopping.clone().cancelled_owned());
    let tasks = tokio_util::task::TaskTracker::new();
    tasks.spawn(selling);
    tasks.close();

    let token = hex::encode(super::secret::random());
    let callers = free_port(CALLERS_PORT, 0).await?;
    let operators = free_port(OPERATORS_PORT, callers.port()).await?;
    let config = settings(vendor_address, callers, operators, data, &token)?;
    logs::start(&config.telemetry)?;
    let app = start(&config, Arc::new(SystemClock::default())).await?;
    let sales = open_team(&app, "sales", "Sales", 10).await?;
    let growth = open_team(&app, "growth", "Growth", 10).await?;
    let welcomed = say(&Welcome { app: &app, vendor: vendor_address, sales, growth, token });
    if welcomed.is_ok() {
        told_to_stop.await;
    }
    app.stop().await;
    stopping.cancel();
    tasks.wait().await;
    welcomed
}

/// The first of the ports that nobody has, on this machine only.
async fn free_port(first: u16, taken: u16) -> anyhow::Result<SocketAddr> {
    for port in (first..first + PORTS_TRIED).filter(|port| *port != taken) {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).await.is_ok() {
            return Ok(address);
        }
    }
    anyhow::bail!("no port from {first} to {} is free", first + PORTS_TRIED - 1)
}

fn settings(
    vendor: SocketAddr,
    callers: SocketAddr,
    operators: SocketAddr,
    data: &Path,
    token: &str,
) -> anyhow::Result<Config> {
    let flags = [
        format!("server.listen={callers}"),
        format!("server.admin_listen={operators}"),
        format!("vendor.base_url=http://{vendor}"),
        "vendor.api_key=sandbox".to_owned(),
        "vendor.quiet_period=5s".to_owned(),
        format!("store.url=embedded:{}", data.display()),
        format!("admin.token={token}"),
        "telemetry.log_filter=warn".to_owned(),
    ];
    let loaded = config::load(&Sources::none().with_flags(flags));
    Ok(loaded.map_err(|faults| anyhow::anyhow!("{faults}"))?.config)
}

/// A team with quotas a day, and a key of it.
async fn open_team(app: &App, id: &str, name: &str, credits: i64) -> anyhow::Result<String> {
    let team: TeamId = id.parse()?;
    let quota = |unit| Quota {
        unit,
        period: Period::Day,
        limit: Credits::from_thousandths(credits * 1000),
        zone: Zone::UTC,
        action: Action::Refuse,
    };
    let new = NewTeam { quotas: Unit::ALL.map(quota).into(), ..NewTeam::open(name) };
    app.gateway.put_team(&team, new).await.context("the demo's team")?;
    let key = app
        .gateway
        .make_key(&team, "demo".to_owned(), KeyTerms::default())
        .await
        .context("the demo's key")?;
    Ok(key.secret)
}

/// What the demo prints: lines to paste.
struct Welcome<'a> {
    app: &'a App,
    vendor: SocketAddr,
    sales: String,
    growth: String,
    token: String,
}

impl std::fmt::Display for Welcome<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { app, vendor, sales, growth, token } = self;
        let (callers, operators) = (app.callers, app.operators);
        write!(
            f,
            r#"
Tollgate serves callers on http://{callers} and operators on http://{operators}.
The vendor behind it is a sandbox that invents people: http://{vendor}
Two teams, each with 10 email and 10 phone credits a day. In another shell, paste:

  export SALES={sales}
  export GROWTH={growth}
  export ADMIN={token}

1. Sales has three leads enriched. Their maximum cost is reserved; the batch is processed in the background.

  curl -si http://{callers}/people/enrichment-requests -H "Authorization: Bearer $SALES" \
    -H 'Content-Type: application/json' -d '{{"reveal_email": true, "leads": [
      {{"linkedin_url": "https://www.linkedin.com/in/ada-lovelace"}},
      {{"email": "grace.hopper@navy.example"}},
      {{"name": "Reachable Person", "company_name": "Example"}}]}}'

2. Read it with the id from the answer, until its status is completed.

  curl -si http://{callers}/people/enrichment-requests/ID -H "Authorization: Bearer $SALES"

3. Growth asks for two of them, written differently. The status is completed at once, spent 0.

  curl -si http://{callers}/people/enrichment-requests -H "Authorization: Bearer $GROWTH" \
    -H 'Content-Type: application/json' -d '{{"reveal_email": true, "leads": [
      {{"linkedin_url": "uk.linkedin.com/in/Ada-Lovelace/?trk=x"}},
      {{"email": " Grace.Hopper@NAVY.example "}}]}}'

4. Look one of them up: served from the cache, free.

  curl -si -G http://{callers}/people/find -H "Authorization: Bearer $GROWTH" \
    -d email=grace.hopper@navy.example -d reveal_email=true

5. A batch whose maximum cost does not fit the quota is refused with 402, and nothing is sent.

  curl -si http://{callers}/people/enrichment-requests -H "Authorization: Bearer $GROWTH" \
    -H 'Content-Type: application/json' -d '{{"reveal_email": true, "leads": [
      {{"name": "A A", "company_name": "E"}}, {{"name": "B B", "company_name": "E"}},
      {{"name": "C C", "company_name": "E"}}, {{"name": "D D", "company_name": "E"}},
      {{"name": "F F", "company_name": "E"}}, {{"name": "G G", "company_name": "E"}},
      {{"name": "H H", "company_name": "E"}}]}}'

6. Compare the spent and avoided credits with the vendor's bill, and audit the ledger.

  curl -s http://{operators}/metrics | grep '^tollgate_credits'
  curl -s http://{vendor}/sandbox/bill
  curl -s http://{operators}/admin/v1/teams/sales/usage -H "Authorization: Bearer $ADMIN"
  curl -s http://{operators}/admin/v1/audit -H "Authorization: Bearer $ADMIN"

Press Ctrl-C to stop. The data is in a temporary folder, which is then deleted."#
        )
    }
}
