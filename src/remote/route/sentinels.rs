//! The primary that sentinels name. All of them are asked at once, and the first valid answer is
//! used: the server must report itself that it is a primary.

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Dial, Server, Unreached};
use crate::remote::address::Endpoint;
use crate::remote::command::Command;
use crate::remote::error::RemoteError;
use crate::remote::sought::Sought;
use crate::remote::value::Value;

pub(in crate::remote) struct Sentinels {
    endpoints: Vec<Endpoint>,
    service: String,
    dial: Arc<Dial>,
    primary: Sought<Arc<Server>>,
}

impl Sentinels {
    pub(super) fn new(endpoints: Vec<Endpoint>, service: String, dial: Arc<Dial>) -> Self {
        Self { endpoints, service, dial, primary: Sought::new() }
    }

    pub(super) async fn server(&self, until: Instant) -> Result<Arc<Server>, Unreached> {
        self.primary.or_seek(|_| true, self.found(until)).await
    }

    pub(super) fn doubt(&self, server: &Arc<Server>) {
        self.primary.forget_if(|primary| Arc::ptr_eq(primary, server));
    }

    async fn found(&self, until: Instant) -> Result<Arc<Server>, Unreached> {
        let mut asked = JoinSet::new();
        for sentinel in self.endpoints.clone() {
            let (service, dial) = (self.service.clone(), Arc::clone(&self.dial));
            asked.spawn(async move { named(&sentinel, &service, dial, until).await });
        }
        let mut why = String::new();
        while let Some(answer) = asked.join_next().await {
            match answer {
                Ok(Ok(primary)) => return Ok(primary),
                Ok(Err(Unreached(unreached))) => why = unreached,
                Err(died) => why = died.to_string(),
            }
        }
        Err(Unreached(format!("no sentinel names a primary of {}: {why}", self.service)))
    }
}

/// The primary that this sentinel names, connected.
async fn named(
    sentinel: &Endpoint,
    service: &str,
    dial: Arc<Dial>,
    until: Instant,
) -> Result<Arc<Server>, Unreached> {
    let line = dial.open(sentinel).await?;
    let question = Command::beside("SENTINEL", b"").with("GET-MASTER-ADDR-BY-NAME").with(service);
    let unreached = |why: &dyn std::fmt::Display| Unreached(format!("{sentinel}: {why}"));
    let answer = line.exchange([question], until).await;
    let mut replies = answer.map_err(|lost| unreached(&RemoteError::from(lost)))?;
    let answer = match replies.pop() {
        Some(Ok(answer)) => answer,
        Some(Err(refusal)) => return Err(unreached(&RemoteError::from(refusal))),
        None => return Err(unreached(&"no answer")),
    };
    let endpoint = endpoint(&answer).ok_or_else(|| unreached(&"it knows no such service"))?;
    let server = Server::new(endpoint, dial);
    server.line().await?;
    Ok(server)
}

pub(in crate::remote) fn endpoint(answer: &Value) -> Option<Endpoint> {
    match answer.as_list()? {
        [host, port] => {
            Some(Endpoint { host: host.as_text()?.to_owned(), port: port.as_text()?.parse().ok()? })
        }
        _ => None,
    }
}
