//! What no caller should send: always told what and where, never an answer that blames the gateway,
//! and never anything on the books or at the vendor.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::asking::{BATCHES, batch};
use crate::support::client::{Answer, Client};
use crate::support::document::assert_is_error;
use crate::support::faulty_disk::Dice;
use crate::support::gateway::TestGateway;

const ESTIMATES: &str = "/gateway/v1/estimates";

/// A body that is wrong.
struct Wrong {
    body: Vec<u8>,
    /// What is to be told: the code and the place of each fault.
    faults: Vec<(&'static str, &'static str)>,
}

impl Wrong {
    fn new(body: impl Into<Vec<u8>>, faults: &[(&'static str, &'static str)]) -> Self {
        Self { body: body.into(), faults: faults.to_vec() }
    }
}

fn wrong_bodies() -> Vec<Wrong> {
    const NO_JSON: [(&str, &str); 1] = [("invalid_json", "")];
    let deep = "[".repeat(100_000);
    let unreadable = [
        "",
        " ",
        "{",
        "nul",
        r#"{"leads":[{"email":"a@x.io"},]}"#,
        r#"{"leads":[{"email":NaN}]}"#,
        r#"{"leads":[]} {}"#,
        "{'leads':[]}",
        &deep,
        &format!(r#"{{"leads":{deep}"#),
        &format!(r#"{{"leads":[{{"email":{deep}"#),
        &format!(r#"{{"unknown":{}"#, r#"{"a":"#.repeat(100_000)),
    ]
    .map(|text| Wrong::new(text, &NO_JSON));
    let bad_utf8 = Wrong::new(b"{\"leads\":[{\"name\":\"\xff\xfe\"}]}", &NO_JSON);
    let long = format!(r#"{{"leads":[{{"name":"{}"}}]}}"#, "x".repeat(100_000));
    let many = format!(r#"{{"leads":[{}{{}}]}}"#, "{},".repeat(10_000));
    let faulty = [
        ("null", vec![("type_error", "")]),
        ("[]", vec![("type_error", "")]),
        ("7", vec![("type_error", "")]),
        ("{}", vec![("missing_field", "/leads")]),
        (r#"{"leads":null}"#, vec![("type_error", "/leads")]),
        (r#"{"leads":{}}"#, vec![("type_error", "/leads")]),
        (r#"{"leads":[]}"#, vec![("invalid_field", "/leads")]),
        (r#"{"leads":[{},[]]}"#, vec![("type_error", "/leads/1")]),
        ("\u{feff}{}", vec![("missing_field", "/leads")]),
        (r#"{"leads":[{"email":"\ud800"}]}"#, vec![("invalid_field", "/leads/0/email")]),
        (r#"{"leads":[{"email":1e999}]}"#, NO_JSON.to_vec()),
        (r#"{"leads":[{"name":["Ada"]}]}"#, vec![("type_error", "/leads/0/name")]),
        (r#"{"leads":[{"mail":"a@x.io"}]}"#, vec![("unknown_field", "/leads/0/mail")]),
        (r#"{"leads":[{"a/b~c":1}]}"#, vec![("unknown_field", "/leads/0/a~1b~0c")]),
        (r#"{"leads":[{}],"reveal_email":"true"}"#, vec![("type_error", "/reveal_email")]),
        (
            r#"{"leads":[{}],"reveal_phone_numbers":1}"#,
            vec![("type_error", "/reveal_phone_numbers")],
        ),
        (r#"{"leads":[{}],"webhook":"https://x.io"}"#, vec![("unknown_field", "/webhook")]),
        (r#"{"leads":[{}],"leads":[{}]}"#, vec![("duplicate_field", "/leads")]),
        (
            r#"{"leads":[{"email":"a@x.io","email":"b@x.io"}]}"#,
            vec![("duplicate_field", "/leads/0/email")],
        ),
        (
            r#"{"a":1,"leads":[7,{"b":2}],"reveal_email":0}"#,
            vec![
                ("unknown_field", "/a"),
                ("type_error", "/leads/0"),
                ("unknown_field", "/leads/1/b"),
                ("type_error", "/reveal_email"),
            ],
        ),
        (&long, vec![("invalid_field", "/leads/0/name")]),
        (&many, vec![("too_many_leads", "/leads")]),
    ]
    .map(|(text, faults)| Wrong::new(text, &faults));
    unreadable.into_iter().chain([bad_utf8]).chain(faulty).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_body_is_told_every_fault_with_its_place_and_costs_nothing() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    for Wrong { body, faults } in wrong_bodies() {
        for path in [BATCHES, ESTIMATES] {
            let answer = send(&team, path, &[], body.clone()).await;
            let start = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
            assert_eq!((answer.status, answer.errors()), (400, faults.clone()), "{start}");
            assert_is_error(&answer);
        }
    }
    let many = json!({"leads": vec![json!({"mail": 1}); 200]});
    assert_eq!(team.post(BATCHES, &many).await.errors().len(), 100, "a hundred faults at most");
    nothing_happened(gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_cannot_be_taken_in_is_refused_by_its_kind_and_size() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let valid = br#"{"leads":[{"email":"ada@x.example"}]}"#.to_vec();
    let json = ("content-type", "application/json");
    let packed = ("content-encoding", "gzip");
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 1 << 20);
    let cut = gzip(&valid)[..20].to_vec();
    for (what, headers, body, status, code) in [
        (
            "text",
            vec![("content-type", "text/plain")],
            valid.clone(),
            415,
            "unsupported_media_type",
        ),
        (
            "a form",
            vec![("content-type", "application/x-www-form-urlencoded")],
            valid.clone(),
            415,
            "unsupported_media_type",
        ),
        ("no type", vec![("content-type", "")], valid.clone(), 415, "unsupported_media_type"),
        (
            "brotli",
            vec![json, ("content-encoding", "br")],
            valid.clone(),
            415,
            "unsupported_media_type",
        ),
        ("no gzip", vec![json, packed], valid.clone(), 400, "unreadable_body"),
        ("cut gzip", vec![json, packed], cut, 400, "unreadable_body"),
        ("8 MiB + 1", vec![json], vec![b' '; (8 << 20) + 1], 413, "payload_too_large"),
        ("a gzip bomb", vec![json, packed], bomb, 413, "payload_too_large"),
    ] {
        let answer = send(&team, BATCHES, &headers, body).await;
        assert_is_error(&answer);
        assert_eq!((answer.status, answer.errors()[0].0), (status, code), "{what}: {answer:?}");
    }
    let missing = team.send(team.request(Method::POST, BATCHES)).await;
    assert_eq!((missing.status, missing.errors()), (400, vec![("invalid_json", "")]));
    let unheard = gateway.caller("tg_0").post(BATCHES, &json!([])).await;
    assert_eq!(unheard.status, 401, "nobody unknown is told what is wrong with a body");
    nothing_happened(gateway).await;
}

#[tokio::test]
async fn a_path_or_method_that_is_none_is_refused() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let refused = [
        (Method::GET, BATCHES.to_owned(), 405),
        (Method::PUT, BATCHES.to_owned(), 405),
        (Method::DELETE, batch(1), 405),
        (Method::POST, batch(1), 405),
        (Method::GET, ESTIMATES.to_owned(), 405),
        (Method::OPTIONS, BATCHES.to_owned(), 405),
        (Method::POST, format!("{BATCHES}/"), 400),
        (Method::POST, "/people/enrichment-requestsx".to_owned(), 403),
        (Method::POST, "//people/enrichment-requests".to_owned(), 400),
        (Method::GET, "/".to_owned(), 403),
        (Method::GET, "/people/find".to_owned(), 400),
        (Method::POST, "/people/find?email=ada@x.example".to_owned(), 405),
        (Method::POST, "/email-validations".to_owned(), 400),
        (Method::GET, "/admin/v1/teams".to_owned(), 403),
        (Method::GET, "/metrics".to_owned(), 403),
    ];
    let odd_ids = ["0", "1", "-1", "+1", "1.0", "x", "%00", "%ff", "1%2F2", "99999999999999999999"];
    let unknown = odd_ids.iter().map(|id| (Method::GET, format!("{BATCHES}/{id}"), 404));
    for (method, path, status) in refused.into_iter().chain(unknown) {
        let answer = team.send(team.request(method.clone(), &path)).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert_is_error(&answer);
        assert_eq!(answer.headers.contains_key("allow"), status == 405, "{method} {path}");
    }
    for id in odd_ids {
        let canceled = team.patch(&format!("{BATCHES}/{id}"), &json!({"status": "canceled"})).await;
        assert_eq!(canceled.status, 404, "{id}");
    }
    nothing_happened(gateway).await;
}

#[tokio::test]
async fn a_wrong_query_or_cancellation_leaves_a_batch_as_it_is() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let id = team.enrich(&json!({"leads": [{"email": "ada@x.example"}]})).await.id();
    for query in [
        "page[size]=0",
        "page[size]=",
        "page[size]=-1",
        "page[size]=1e2",
        "page[size]=%FF",
        "page[after]=x",
        "page%5Bbefore%5D=1.5",
        "page[after]=1&page[before]=3",
    ] {
        let answer = team.get(&format!("{}?{query}", batch(id))).await;
        assert_is_error(&answer);
        assert_eq!((answer.status, answer.errors()[0].0), (400, "invalid_page"), "{query}");
    }
    for (body, code, pointer) in [
        (json!({}), "missing_field", "/status"),
        (json!({"status": "completed"}), "invalid_field", "/status"),
        (json!({"status": null}), "type_error", "/status"),
        (json!({"status": "canceled", "why": 1}), "unknown_field", "/why"),
        (json!([]), "type_error", ""),
    ] {
        let answer = team.patch(&batch(id), &body).await;
        assert_is_error(&answer);
        assert_eq!((answer.status, answer.errors()), (400, vec![(code, pointer)]), "{body}");
    }
    assert_eq!(team.read(id).await.body["status"], "completed");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mutation_of_a_body_is_blamed_on_the_gateway() {
    const MUTATIONS: usize = 600;
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 1_000_000).await;
    let valid = json!({
        "reveal_email": true,
        "reveal_phone_numbers": false,
        "leads": [
            {"email": "ada@x.example", "title": "Countess"},
            {"linkedin_url": "https://www.linkedin.com/in/j%C3%BCrgen"},
            {"name": "Jürgen \"J\" Müller", "company_name": "Bücher\\Öl", "company_domain": "x.io"},
        ],
    })
    .to_string();
    let mut dice = Dice::new(7);
    let (mut refused, mut accepted) = (0, 0);
    for _ in 0..MUTATIONS {
        let body = mutated(valid.as_bytes(), &mut dice);
        let answer = send(&team, BATCHES, &[], body.clone()).await;
        match answer.status {
            202 => accepted += 1,
            400 => {
                assert_is_error(&answer);
                refused += 1;
            }
            _ => panic!("{answer:?} for {}", String::from_utf8_lossy(&body)),
        }
    }
    assert!(refused > MUTATIONS / 2 && accepted > 0, "{refused} refused, {accepted} accepted");
    gateway.finish().await;
}

/// A text with up to four of its bytes changed, taken out, repeated or put in.
fn mutated(text: &[u8], dice: &mut Dice) -> Vec<u8> {
    const LIKELY: &[u8] = b"\"\\{}[]:,0-.eEtfn \xff\x00\xc3";
    let mut bytes = text.to_vec();
    for _ in 0..=dice.below(3) {
        let at = usize::try_from(dice.below(bytes.len() as u64)).unwrap();
        let likely = LIKELY[usize::try_from(dice.below(LIKELY.len() as u64)).unwrap()];
        match dice.below(5) {
            0 => bytes[at] = likely,
            1 => bytes[at] ^= 1 << dice.below(8),
            2 => drop(bytes.remove(at)),
            3 => bytes.insert(at, likely),
            _ => bytes.extend_from_within(at..),
        }
    }
    bytes
}

#[tokio::test]
async fn a_connection_goes_on_after_a_wrong_request() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let key = &team.key;
    let mut connection = TcpStream::connect(gateway.app.callers).await.unwrap();
    let requests = [
        ("POST", BATCHES, "{", 400),
        ("POST", BATCHES, r#"{"leads":[7]}"#, 400),
        ("DELETE", "/people/enrichment-requests/1", "", 405),
        ("POST", "/nowhere", "x", 403),
        ("PATCH", "/people/enrichment-requests/1", r#"{"status":"canceled"}"#, 404),
        ("POST", ESTIMATES, r#"{"leads":[{}]}"#, 200),
    ];
    for (method, path, body, status) in requests {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        assert_eq!(status_on(&mut connection).await, status, "{method} {path} {body}");
    }
    nothing_happened(gateway).await;
}

/// Reads one whole answer and tells its status.
async fn status_on(connection: &mut TcpStream) -> u16 {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.expect("the connection goes on"));
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    connection.read_exact(&mut vec![0; length.parse().unwrap()]).await.unwrap();
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

async fn send(team: &Client, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    let request = team.request(Method::POST, path).body(body);
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    team.send(request).await
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// That the vendor was asked nothing, and nothing is on the books.
async fn nothing_happened(gateway: TestGateway) {
    assert_eq!(gateway.vendor.posts_received(), 0);
    let totals = gateway.usage("sales").await["totals"].clone();
    let nothing = json!({"spent": 0, "reserved": 0, "unresolved": 0, "avoided": 0});
    assert_eq!(totals, json!({"email": nothing, "phone": nothing}));
    let audit = gateway.operator().get("/admin/v1/audit").await.body;
    assert_eq!((&audit["mismatches"], &audit["entries"]), (&json!(0), &json!(0)), "{audit}");
    gateway.finish().await;
}
