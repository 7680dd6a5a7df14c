//! A cluster of three masters that share the slots evenly, each with a replica where it is asked
//! for.

use std::net::SocketAddr;
use std::ops::Range;

use crate::support::wait::eventually;

use super::Server;

const MASTERS: usize = 3;
const SLOTS: usize = 16_384;

/// Servers that share the keys by slot.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Server>,
}

/// One node as another sees it.
struct Seen {
    id: String,
    address: SocketAddr,
    flags: String,
    /// The id of the node that it copies, or `-`.
    copies: String,
    slots: Vec<Range<usize>>,
}

impl Cluster {
    /// Three masters.
    pub(crate) async fn start() -> Self {
        Self::with(1, &[]).await
    }

    /// Three masters, each with a replica.
    pub(crate) async fn start_with_replicas() -> Self {
        Self::with(2, &[]).await
    }

    /// Three masters, so many nodes for each of them with it, and these lines of `redis.conf`.
    pub(crate) async fn with(copies: usize, settings: &[&str]) -> Self {
        let settings = [&["cluster-node-timeout 2000"], settings].concat();
        let mut nodes = Vec::new();
        for _ in 0..MASTERS * copies {
            nodes.push(Server::cluster_node(&settings).await);
        }
        let this = Self { nodes };
        this.meet().await;
        this.share_slots().await;
        this.copy_masters().await;
        this.in_step().await;
        this
    }

    async fn meet(&self) {
        // Epochs first: a node takes one only while it knows nobody.
        for (number, node) in self.nodes.iter().enumerate() {
            let epoch = (number + 1).to_string();
            let () = node.ask(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch]).await;
        }
        for node in &self.nodes {
            for other in self.nodes.iter().filter(|other| other.address() != node.address()) {
                let (_, bus): (String, String) =
                    other.ask(&["CONFIG", "GET", "cluster-port"]).await;
                let port = other.address().port().to_string();
                let () = node.ask(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]).await;
            }
        }
        eventually("all nodes know each other", async || {
            let mut know = true;
            for node in &self.nodes {
                let seen = seen_by(node).await;
                know = know && seen.len() == self.nodes.len();
            }
            know
        })
        .await;
    }

    async fn share_slots(&self) {
        for (number, master) in self.nodes[..MASTERS].iter().enumerate() {
            let first = SLOTS * number / MASTERS;
            let last = SLOTS * (number + 1) / MASTERS - 1;
            let range = [first, last].map(|slot| slot.to_string());
            let () = master.ask(&["CLUSTER", "ADDSLOTSRANGE", &range[0], &range[1]]).await;
        }
    }

    async fn copy_masters(&self) {
        for (number, replica) in self.nodes.iter().enumerate().skip(MASTERS) {
            let master: String = self.nodes[number % MASTERS].ask(&["CLUSTER", "MYID"]).await;
            let () = replica.ask(&["CLUSTER", "REPLICATE", &master]).await;
        }
    }

    /// The nodes, as a gateway's store.
    pub(crate) fn url(&self) -> String {
        let addresses: Vec<_> = self.nodes.iter().map(|node| node.address().to_string()).collect();
        format!("redis-cluster://{}", addresses.join(","))
    }

    /// The slot that a key is in.
    pub(crate) async fn slot(&self, key: &str) -> usize {
        self.a_node_up().ask(&["CLUSTER", "KEYSLOT", key]).await
    }

    /// Who has a slot.
    pub(crate) async fn master_of(&self, slot: usize) -> &Server {
        let seen = seen_by(self.a_node_up()).await;
        let master = seen.iter().find(|node| node.has(slot)).expect("every slot has a master");
        self.nodes.iter().find(|node| node.address() == master.address).expect("it is one of ours")
    }

    /// Has the replica of a slot's master take its place, with nothing lost.
    pub(crate) async fn fail_over(&self, slot: usize) {
        let master = self.master_of(slot).await.address();
        let seen = seen_by(self.a_node_up()).await;
        let id = &seen.iter().find(|node| node.address == master).expect("it was seen").id;
        let replica = seen.iter().find(|node| node.copies == *id).expect("it has a replica");
        let replica = self.nodes.iter().find(|node| node.address() == replica.address);
        let () = replica.expect("it is one of ours").ask(&["CLUSTER", "FAILOVER"]).await;
        self.handed_over(slot, master).await;
        self.in_step().await;
    }

    /// Kills a slot's master and waits until its replica is in its place.
    pub(crate) async fn kill_master_of(&mut self, slot: usize) {
        let master = self.master_of(slot).await.address();
        let dies = self.nodes.iter_mut().find(|node| node.address() == master);
        dies.expect("it is one of ours").kill_hard();
        self.handed_over(slot, master).await;
    }

    /// Has a slot's master stand still until its replica is in its place, and then go on.
    pub(crate) async fn depose_master_of(&self, slot: usize) {
        let master = self.master_of(slot).await;
        master.pause().await;
        self.handed_over(slot, master.address()).await;
        master.resume();
    }

    /// Has every node run again, and waits until the cluster is whole.
    pub(crate) async fn heal(&mut self) {
        for node in &mut self.nodes {
            if node.is_dead() {
                node.start_again().await;
            }
            node.resume();
        }
        self.in_step().await;
    }

    /// Waits until all nodes that are up agree that a slot has another master, and serve again.
    async fn handed_over(&self, slot: usize, from: SocketAddr) {
        eventually("the slot has another master", async || {
            let mut masters = Vec::new();
            for node in self.nodes.iter().filter(|node| node.is_up()) {
                let seen = seen_by(node).await;
                let master = seen.iter().find(|node| node.has(slot)).map(|node| node.address);
                masters.push(if serves(node).await { master } else { None });
            }
            masters[0].is_some_and(|to| to != from) && masters.iter().all(|to| *to == masters[0])
        })
        .await;
    }

    /// Waits until every node answers for the whole cluster and every replica follows.
    async fn in_step(&self) {
        eventually("the cluster is whole", async || {
            let mut is = true;
            for node in &self.nodes {
                is = is && self.is_in_step(node).await;
            }
            is
        })
        .await;
    }

    async fn is_in_step(&self, node: &Server) -> bool {
        let seen = seen_by(node).await;
        let link = node.try_info::<String>("master_link_status").await;
        serves(node).await
            && seen.iter().filter(|seen| seen.copies == "-").count() == MASTERS
            && seen.iter().all(|seen| !seen.flags.contains("fail"))
            && link.is_none_or(|link| link == "up")
    }

    fn a_node_up(&self) -> &Server {
        self.nodes.iter().find(|node| node.is_up()).expect("a node is up")
    }
}

impl Seen {
    /// `<id> <ip:port@bus> <flags> <master> <sent> <received> <epoch> <link> <slot> …`
    fn read(line: &str) -> Option<Self> {
        let words: Vec<_> = line.split(' ').collect();
        let slots = words.get(8..)?.iter().filter_map(|slots| {
            let (first, last) = slots.split_once('-').unwrap_or((slots, slots));
            Some(first.parse().ok()?..last.parse::<usize>().ok()? + 1)
        });
        Some(Self {
            id: words[0].to_owned(),
            address: words[1].split('@').next()?.parse().ok()?,
            flags: words[2].to_owned(),
            copies: words[3].to_owned(),
            slots: slots.collect(),
        })
    }

    fn has(&self, slot: usize) -> bool {
        self.slots.iter().any(|slots| slots.contains(&slot))
    }
}

/// Whether a node takes every slot to be served by somebody.
async fn serves(node: &Server) -> bool {
    let state = node.try_ask::<String>(&["CLUSTER", "INFO"]).await;
    state.is_ok_and(|state| state.contains("cluster_state:ok"))
}

/// The nodes that a node knows, none where it does not answer.
async fn seen_by(node: &Server) -> Vec<Seen> {
    let told: String = node.try_ask(&["CLUSTER", "NODES"]).await.unwrap_or_default();
    told.lines().filter_map(Seen::read).collect()
}
