//! The export, and books adopted from it, with the real binary: the store is lost, and no half-credit.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use crate::support::asking::BATCHES;
use crate::support::client::Client;
use crate::support::exported::{holds_all, read};
use crate::support::gateways::Gateways;
use crate::support::process::Process;
use crate::support::redis::Server;
use crate::support::vendor::{self, taking};
use crate::support::wait::eventually;

/// A gateway that exports, in front of a vendor that is quick.
struct Exporting {
    gateway: Process,
    vendor: tollgate::sandbox::Sandbox,
    data: TempDir,
    export: TempDir,
}

impl Exporting {
    async fn start(further: &[&str]) -> Self {
        let (vendor, address) = vendor::start(taking(Duration::from_millis(30))).await;
        let (data, export) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let export_dir = format!("ledger.export_dir={}", export.path().display());
        let settings = [&[export_dir.as_str()], further].concat();
        let gateway = Process::start(address, data.path(), &settings).await;
        Self { gateway, vendor, data, export }
    }

    /// A team with a quota of every kind, and a client of it.
    async fn team(&self, name: &str) -> Client {
        let team = self.gateway.team(name).await;
        let quota = |period| json!({"unit": "email", "period": period, "limit": 100});
        let quotas = ["day", "week", "month", "total"].map(quota);
        let path = format!("/admin/v1/teams/{name}");
        let put = json!({"name": name, "quotas": quotas});
        assert_eq!(self.gateway.operator().put(&path, &put).await.status, 200);
        team
    }

    async fn usage(&self, team: &str) -> Value {
        self.gateway.operator().get(&format!("/admin/v1/teams/{team}/usage")).await.body
    }

    /// Waits until the folder holds all that the store does.
    async fn caught_up(&self) {
        holds_all(self.export.path(), &self.gateway.operator()).await;
    }

    /// What an operator types after the store was lost.
    fn adopt(&self) -> (bool, String) {
        self.run(&self.adoption())
    }

    fn adoption(&self) -> String {
        format!("ledger adopt --from {}", self.export.path().display())
    }

    fn run(&self, command: &str) -> (bool, String) {
        let output = self.gateway.run(command);
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    }

    /// Everything of the store goes, but its secret.
    fn lose_the_store(&self) {
        for entry in fs::read_dir(self.data.path()).unwrap() {
            let path = entry.unwrap().path();
            if !path.ends_with("secret.hex") {
                fs::remove_file(path).unwrap();
            }
        }
    }
}

fn people(from: usize, to: usize) -> Value {
    let lead = |n: usize| json!({"linkedin_url": format!("linkedin.com/in/reachable-{n}")});
    json!({"leads": (from..to).map(lead).collect::<Vec<_>>(), "reveal_email": true})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_store_loses_no_half_credit() {
    let mut it = Exporting::start(&[]).await;
    let (sales, growth) = (it.team("sales").await, it.team("growth").await);
    sales.enrich(&people(0, 5)).await;
    growth.enrich(&people(3, 8)).await;
    it.caught_up().await;
    let before = [it.usage("sales").await, it.usage("growth").await];

    // The last batch is with the vendor when all is lost.
    it.vendor.set_faults(Faults::of([Rule::always(Operation::Submit, FaultKind::NeverEnds)]));
    let lost = sales.start(&people(20, 22)).await.id();
    eventually("it was sent", async || it.vendor.posts_received() == 3).await;
    it.caught_up().await;
    it.gateway.kill();
    it.lose_the_store();

    let (is_adopted, told) = it.adopt();
    assert!(is_adopted, "{told}");
    assert!(
        told.contains("sales email: spent 7.5, unresolved 3, of which 3 was reserved"),
        "{told}"
    );
    assert!(told.contains("2 teams, 2 keys"), "{told}");
    let (balances, told) = it.run("audit");
    assert!(balances, "{told}");
    let (is_adopted, told) = it.adopt();
    assert!(!is_adopted && told.contains("the store has books of epoch"), "{told}");

    it.gateway.start_again().await;
    assert_eq!(it.usage("growth").await, before[1]);
    let mut after = it.usage("sales").await;
    assert_eq!(after["totals"]["email"]["unresolved"], json!(3));
    for quota in after["quotas"].as_array_mut().unwrap() {
        assert_eq!(quota["unresolved"], json!(3), "{quota}");
        quota["unresolved"] = json!(0);
        quota["remaining"] = json!(quota["remaining"].as_f64().unwrap() + 3.0);
    }
    let spent = |usage: &Value| usage["totals"]["email"]["spent"].clone();
    assert_eq!(spent(&after), spent(&before[0]));
    let remaining = |quota: &Value| quota["remaining"].as_f64().unwrap();
    let quotas = |usage: &Value| usage["quotas"].as_array().unwrap().clone();
    for (after, before) in quotas(&after).iter().zip(&quotas(&before[0])) {
        assert_eq!(remaining(after), remaining(before));
        assert_eq!(
            (&after["spent"], &after["resets_at"]),
            (&before["spent"], &before["resets_at"])
        );
    }

    // Their keys are still good, their batches gone, and business goes on into the same folder.
    it.vendor.set_faults(Faults::default());
    assert_eq!(sales.get(&format!("/people/enrichment-requests/{lost}")).await.status, 404);
    assert_eq!(sales.enrich(&people(30, 31)).await.body["status"], "completed");
    it.caught_up().await;
}

/// Raises every limit of the newest checkpoint, and recomputes its checks as anybody can.
fn forge(export: &Path) {
    let files = fs::read_dir(export).unwrap().map(|entry| entry.unwrap().path());
    let is_checkpoint = |path: &PathBuf| path.to_str().unwrap().contains("checkpoint-");
    let newest = files.filter(is_checkpoint).max().unwrap();
    let mut forged = String::new();
    for line in fs::read_to_string(&newest).unwrap().lines() {
        let body = line.rsplit_once(",\"check\"").unwrap().0.replace(":100,", ":100000,");
        let check = blake3::hash(body.as_bytes()).to_hex();
        writeln!(forged, "{body},\"check\":\"{}\"}}", &check[..16]).unwrap();
    }
    assert!(forged.contains("100000"), "{forged}");
    fs::write(newest, forged).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_that_was_edited_is_not_adopted_and_every_key_is_told() {
    let mut it = Exporting::start(&[]).await;
    let sales = it.team("sales").await;
    sales.enrich(&people(0, 2)).await;
    it.caught_up().await;
    it.gateway.kill();
    let copy = tempfile::tempdir().unwrap();
    copy_all(it.export.path(), copy.path());
    forge(it.export.path());
    let secret = fs::read(it.data.path().join("secret.hex")).unwrap();
    it.lose_the_store();
    for how in ["", " --unverified"] {
        let (is_adopted, told) = it.run(&format!("{}{how}", it.adoption()));
        assert!(!is_adopted && told.contains("its check differs"), "{told}");
    }
    copy_all(copy.path(), it.export.path());
    // Without the secret nothing can be verified, which is for an operator to decide.
    fs::remove_file(it.data.path().join("secret.hex")).unwrap();
    let (is_adopted, told) = it.adopt();
    assert!(!is_adopted && told.contains("put secret.hex back"), "{told}");
    fs::write(it.data.path().join("secret.hex"), secret).unwrap();
    let (is_adopted, told) = it.adopt();
    assert!(is_adopted && told.contains("sales key ") && told.contains("created at "), "{told}");
    assert!(!told.contains("was not verified"), "{told}");
}

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_go_on_with_adopted_books_and_are_not_started_again() {
    let (_, address) = vendor::start(taking(Duration::from_millis(30))).await;
    let (server, export) = (Server::start().await, tempfile::tempdir().unwrap());
    let export_dir = format!("ledger.export_dir={}", export.path().display());
    let gateways = Gateways::start(2, address, &server.url(), &[&export_dir]).await;
    let [one, other] = &gateways.replicas[..] else { panic!("two replicas") };
    let sales = one.team("sales").await;
    sales.enrich(&people(0, 5)).await;
    let operator = other.operator();
    holds_all(export.path(), &operator).await;
    let said = |what: &str| gateways.replicas.iter().filter(|r| r.output().contains(what)).count();
    eventually("the other stands by", async || said("standing by: another process") == 1).await;
    let before = operator.get("/admin/v1/teams/sales/usage").await.body;

    server.empty().await;
    eventually("nothing that costs is done", async || operator.get("/readyz").await.status == 503)
        .await;
    let adopted = one.run(&format!("ledger adopt --json --from {}", export.path().display()));
    assert!(adopted.status.success(), "{adopted:?}");
    let adopted: Value = serde_json::from_slice(&adopted.stdout).unwrap();
    let [team, revoked_at] = ["team", "revoked_at"].map(|name| &adopted["keys"][0][name]);
    assert_eq!((team, revoked_at), (&json!("sales"), &json!(null)), "{adopted}");
    let email = &adopted["balances"][0];
    assert_eq!((&email["unit"], &email["spent"]), (&json!("email"), &json!(7.5)), "{adopted}");
    eventually("both go on", async || {
        let ready = [one.operator().get("/readyz").await, operator.get("/readyz").await];
        ready.iter().all(|answer| answer.status == 200)
    })
    .await;
    assert_eq!(operator.get("/admin/v1/teams/sales/usage").await.body, before);
    let batch = other.caller(&sales.key).enrich(&people(10, 12)).await;
    assert_eq!(batch.body["status"], "completed");
    let entries = operator.get("/admin/v1/audit").await.body["entries"].as_u64().unwrap();
    eventually("and so does the export", async || {
        read(export.path()).is_ok_and(|books| books.entries == entries)
    })
    .await;
    assert_eq!(operator.get("/admin/v1/audit").await.body["mismatches"], json!(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_a_gateway_exports_the_last_of_it() {
    let mut it = Exporting::start(&[]).await;
    let sales = it.team("sales").await;
    sales.enrich(&people(0, 3)).await;
    assert!(it.gateway.terminate().await.success());
    let (balances, told) = it.run("audit");
    let entries = read(it.export.path()).unwrap().entries;
    assert!(balances && told.contains(&format!("{entries} entries, ")), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_store_is_refused_where_its_books_are_named() {
    let mut it = Exporting::start(&[]).await;
    let sales = it.team("sales").await;
    sales.enrich(&people(0, 2)).await;
    it.caught_up().await;
    let usage = it.usage("sales").await;
    let epoch = read(it.export.path()).unwrap().legacy.epoch;
    it.gateway.kill();
    it.lose_the_store();
    it.gateway.set(&format!("store.epoch={epoch}"));
    let (is_served, told) = it.run("serve");
    assert!(!is_served && told.contains("tollgate ledger adopt --from DIR"), "{told}");
    let (is_adopted, told) = it.adopt();
    assert!(is_adopted, "{told}");
    it.gateway.start_again().await;
    assert_eq!(it.usage("sales").await, usage);
    assert!(it.gateway.terminate().await.success());
    it.gateway.set("store.epoch=00000000000000ff");
    let (is_served, told) = it.run("serve");
    assert!(!is_served && told.contains(&format!("books of epoch {epoch}")), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_front_of_a_new_store_nothing_is_spent_while_the_folder_has_the_books_of_a_lost_one() {
    let mut it = Exporting::start(&[]).await;
    let sales = it.team("sales").await;
    sales.enrich(&people(0, 2)).await;
    it.caught_up().await;
    let before = read(it.export.path()).unwrap().entries;
    it.gateway.kill();
    it.lose_the_store();
    it.gateway.launch();
    let operator = it.gateway.operator();
    eventually("it is told", async || {
        let told = operator.try_send(operator.request(Method::GET, "/readyz")).await;
        told.is_some_and(|told| told.status == 503 && told.text.contains("holds books of epoch"))
    })
    .await;
    let refused = sales.post(BATCHES, &people(2, 3)).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    assert_eq!(it.vendor.posts_received(), 1);
    assert!(it.gateway.terminate().await.success());
    assert_eq!(read(it.export.path()).unwrap().entries, before);

    // Whoever names another folder begins new books.
    let another = tempfile::tempdir().unwrap();
    it.gateway.set(&format!("ledger.export_dir={}", another.path().display()));
    it.gateway.start_again().await;
    let sales = it.team("sales").await;
    assert_eq!(sales.enrich(&people(0, 1)).await.body["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_out_of_reach_stops_no_traffic_and_is_told_once() {
    let (_, address) = vendor::start(taking(Duration::from_millis(30))).await;
    let (data, export) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let dir = export.path().join("export");
    fs::write(&dir, "a file where the folder belongs").unwrap();
    let setting = format!("ledger.export_dir={}", dir.display());
    let gateway = Process::start(address, data.path(), &[&setting]).await;
    let said = |what: &str| gateway.output().matches(what).count();
    eventually("it is told", async || said("has stopped; it resumes") == 1).await;
    let sales = gateway.team("sales").await;
    assert_eq!(sales.enrich(&people(0, 2)).await.body["status"], "completed");
    fs::remove_file(&dir).unwrap();
    eventually("the export goes on", async || {
        let entries = read(&dir).map_or(0, |books| books.entries);
        entries > 0 && said("continues\"") == 1
    })
    .await;
    assert_eq!(said("has stopped; it resumes"), 1);
}

#[test]
fn nothing_is_adopted_from_what_is_no_export() {
    let nothing = tempfile::tempdir().unwrap();
    let store = tempfile::tempdir().unwrap();
    let run = |url: String| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tollgate"));
        command.args(["ledger", "adopt", "--set", "vendor.api_key=x", "--set"]).arg(url);
        let output = command.arg("--from").arg(nothing.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let told = run(format!("store.url=embedded:{}", store.path().join("books").display()));
    assert!(told.contains("holds no checkpoint"), "{told}");
    assert!(
        !store.path().join("books").exists(),
        "the store is not touched before all is verified"
    );
    assert!(run("store.url=memory:".into()).contains("keeps nothing after the command ends"));
}
