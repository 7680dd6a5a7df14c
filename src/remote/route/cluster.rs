//! The servers of a cluster and their slots. All known servers are asked at once, and the first
//! answer from one that is connected to the cluster is used.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Dial, Line, Server, Unreached};
use crate::remote::address::Endpoint;
use crate::remote::command::Command;
use crate::remote::error::RemoteError;
use crate::remote::slot::slot;
use crate::remote::sought::Sought;
use crate::remote::value::Value;

pub(in crate::remote) struct Cluster {
    seeds: Vec<Endpoint>,
    dial: Arc<Dial>,
    map: Sought<Arc<Map>>,
    /// Kept between maps, with their connections.
    servers: Mutex<BTreeMap<Endpoint, Arc<Server>>>,
}

/// The last slot of each range, with its first slot and its server.
struct Map(BTreeMap<u16, (u16, Arc<Server>)>);

/// A range of slots, first and last, and its server.
type Range = (u16, u16, Endpoint);

impl Cluster {
    pub(super) fn new(seeds: Vec<Endpoint>, dial: Arc<Dial>) -> Self {
        Self { seeds, dial, map: Sought::new(), servers: Mutex::default() }
    }

    pub(super) async fn server(
        &self,
        key: &[u8],
        until: Instant,
    ) -> Result<Arc<Server>, Unreached> {
        let map = self.map.or_seek(|_| true, self.found(until)).await?;
        let slot = slot(key);
        match map.0.range(slot..).next() {
            Some((_last, (first, server))) if *first <= slot => Ok(Arc::clone(server)),
            _ => {
                self.doubt();
                Err(Unreached(format!("no server of the cluster has slot {slot}")))
            }
        }
    }

    pub(super) fn doubt(&self) {
        self.map.forget_if(|_| true);
    }

    async fn found(&self, until: Instant) -> Result<Arc<Map>, Unreached> {
        let mut endpoints = self.seeds.clone();
        endpoints.extend(self.servers().keys().cloned());
        endpoints.sort();
        endpoints.dedup();
        let mut asked = JoinSet::new();
        for endpoint in endpoints {
            let dial = Arc::clone(&self.dial);
            asked.spawn(async move {
                let line = dial.open(&endpoint).await?;
                ranges(&line, &endpoint, until).await
            });
        }
        let mut why = String::new();
        while let Some(answer) = asked.join_next().await {
            match answer {
                Ok(Ok(ranges)) => return Ok(Arc::new(self.map_of(ranges))),
                Ok(Err(Unreached(unreached))) => why = unreached,
                Err(died) => why = died.to_string(),
            }
        }
        Err(Unreached(format!("no server of the cluster returned its slots: {why}")))
    }

    fn map_of(&self, ranges: Vec<Range>) -> Map {
        let mut servers = self.servers();
        servers.retain(|known, _| ranges.iter().any(|(_, _, endpoint)| endpoint == known));
        let kept = ranges.into_iter().map(|(first, last, endpoint)| {
            let new = || Server::new(endpoint.clone(), Arc::clone(&self.dial));
            let server = servers.entry(endpoint.clone()).or_insert_with(new);
            (last, (first, Arc::clone(server)))
        });
        Map(kept.collect())
    }

    fn servers(&self) -> std::sync::MutexGuard<'_, BTreeMap<Endpoint, Arc<Server>>> {
        self.servers.lock().expect("no code panics while it holds the servers")
    }
}

async fn ranges(line: &Line, asked: &Endpoint, until: Instant) -> Result<Vec<Range>, Unreached> {
    let unreached = |why: String| Unreached(format!("{asked}: {why}"));
    let questions =
        ["INFO", "SLOTS"].map(|question| Command::beside("CLUSTER", b"").with(question));
    let replies = line.exchange(questions, until).await;
    let replies = replies.map_err(|lost| unreached(RemoteError::from(lost).to_string()))?;
    match <[_; 2]>::try_from(replies) {
        Ok([Ok(info), Ok(slots)]) => {
            if !info.as_text().is_some_and(|info| info.contains("cluster_state:ok")) {
                return Err(unreached("it has lost its connection to the cluster".to_owned()));
            }
            let ranges = slots.as_list().unwrap_or_default().iter();
            Ok(ranges.filter_map(|range| read(range, asked)).collect())
        }
        Ok([Err(refusal), _] | [_, Err(refusal)]) => {
            Err(unreached(RemoteError::from(refusal).to_string()))
        }
        Err(_) => {
            Err(unreached("the number of answers differs from the number of commands".to_owned()))
        }
    }
}

/// First slot, last slot, the primary, its replicas. A server that does not report its address has
/// the address it was asked at.
pub(in crate::remote) fn read(range: &Value, asked: &Endpoint) -> Option<Range> {
    let [first, last, primary, ..] = range.as_list()? else { return None };
    let [host, port, ..] = primary.as_list()? else { return None };
    let host = host.as_text().filter(|host| !host.is_empty()).unwrap_or(&asked.host);
    let number = |value: &Value| u16::try_from(value.as_int()?).ok();
    let endpoint = Endpoint { host: host.to_owned(), port: number(port)? };
    Some((number(first)?, number(last)?, endpoint))
}
