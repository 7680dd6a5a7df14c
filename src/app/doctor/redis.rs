//! Checks a Redis, with the checks of a start.

use std::sync::Arc;

use super::Finding;
use crate::app::StartError;
use crate::app::secrets::Secrets;
use crate::app::shared::{OTHER_SECRET, durability_of};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::ledger::LedgerError;
use crate::ledger::redis::{Founding, RedisLedger, Terms};
use crate::remote::{Address, Confirm, Facts, Objection, Patience, Remote, Topic, judge};
use crate::vault::derive::{Purpose, derive};

const PERMISSIONS: &str = "give the user of store.url what the ACL line in docs/operations.md says";

/// Checks the server, its settings and the ledger in it.
pub(super) async fn look(config: &Config, address: &Address) -> Vec<Finding> {
    let remote = match Remote::new(address, Patience::default()) {
        Ok(remote) => remote,
        Err(why) => {
            return vec![Finding::fault("store", why.to_string(), "correct store.url")];
        }
    };
    let (durability, confirm) = durability_of(&config.store);
    let facts = match remote.facts().await {
        Ok(facts) => facts,
        Err(why) => {
            let remedy = "start the Redis, or correct store.url, and make sure that this machine can reach it";
            return vec![Finding::fault("store", format!("{address}: {why}"), remedy)];
        }
    };
    let mut findings =
        vec![Finding::ok("store", format!("connected to {} as user {}", facts.server, facts.user))];
    let now = SystemClock::default().now().as_millis();
    let objections = judge(&facts, durability, now);
    for topic in Topic::of(durability) {
        let about = objections.iter().filter(|objection| objection.topic == *topic);
        let mut about: Vec<_> = about.map(objected).collect();
        if about.is_empty() {
            about.push(Finding::ok("store", in_order(*topic, &facts)));
        }
        findings.extend(about);
    }
    findings.extend(scripts(&remote, confirm).await);
    findings.push(books(config, &remote, address, confirm).await);
    remote.close().await;
    findings
}

fn objected(objection: &Objection) -> Finding {
    let Objection { what, remedy, .. } = objection;
    if objection.is_fatal {
        Finding::fault("store", what, remedy)
    } else {
        Finding::warning("store", what, remedy)
    }
}

/// The text of a topic without problems.
fn in_order(topic: Topic, facts: &Facts) -> String {
    match topic {
        Topic::Version => {
            facts.version.map_or_else(String::new, |version| format!("it is Redis {version}"))
        }
        Topic::Role => "it accepts writes".to_owned(),
        Topic::Memory => "maxmemory-policy is noeviction".to_owned(),
        Topic::Persistence => "appendonly is yes, and appendfsync is always".to_owned(),
        Topic::Replicas => format!("{} replicas are connected", facts.replicas.unwrap_or_default()),
        Topic::Clock => "its clock and this machine's differ by less than a second".to_owned(),
    }
}

async fn scripts(remote: &Remote, confirm: Confirm) -> [Finding; 2] {
    let permitted = match remote.check_permissions(confirm).await {
        Ok(()) => Finding::ok("store", "all commands of the gateway are permitted"),
        Err(why) => Finding::fault("store", why.to_string(), PERMISSIONS),
    };
    let probed = match remote.probe().await {
        Ok(()) => Finding::ok("store", "scripts run and return the expected results"),
        Err(why) => Finding::fault(
            "store",
            format!("scripts do not run as expected: {why}"),
            "connect to Redis directly, or through a proxy that forwards scripts unchanged",
        ),
    };
    [permitted, probed]
}

/// Checks the ledger's secret and epoch. No ledger is created.
async fn books(config: &Config, remote: &Remote, address: &Address, confirm: Confirm) -> Finding {
    let Some(secrets) = Secrets::of(&config.security) else {
        return Finding::fault(
            "store",
            StartError::NoSecret.to_string(),
            "set security.secret_file",
        );
    };
    let fingerprint = hex::encode(derive(secrets.root(), Purpose::SealingKeyId));
    let (namespace, epoch) = (address.namespace().to_owned(), config.store.epoch);
    let terms = Terms { namespace, epoch, fingerprint, founding: Founding::Refused, confirm };
    let ledger = RedisLedger::new(remote.clone(), &terms, Arc::new(()));
    match ledger.is_under_our_secret().await {
        Ok(true) => Finding::ok("store", "its ledger was written under this security.secret"),
        Ok(false) => {
            Finding::fault("store", OTHER_SECRET, "set the secret that it was written under")
        }
        Err(LedgerError::WrongEpoch) => match epoch {
            None => {
                Finding::ok("store", "there is no ledger in it yet; the first start creates it")
            }
            Some(epoch) => Finding::fault(
                "store",
                format!("there is no ledger of epoch {epoch} in it"),
                "set store.url to the right store, restore the ledger with tollgate ledger adopt, or \
                 remove store.epoch to begin a new one",
            ),
        },
        Err(why) => Finding::fault("store", why.to_string(), "see docs/operations.md"),
    }
}
