//! `tollgate estimate`: the exports of CRMs, through the callers' listener.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Ran, run};
use crate::support::gateway::{Setup, TestGateway};

/// A folder with a file of these bytes, and the file's path.
fn file(name: &str, bytes: &[u8]) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

/// Estimates a file of this text with the reveal of emails.
fn estimate(gateway: &TestGateway, key: &str, bytes: &[u8], flags: &[&str]) -> Ran {
    let (_folder, path) = file("leads", bytes);
    let url = format!("http://{}", gateway.app.callers);
    let environment = [("TOLLGATE_URL", url.as_str()), ("TOLLGATE_KEY", key)];
    run(&[&["estimate", &path, "--reveal-email"], flags].concat(), &environment)
}

fn json_of(gateway: &TestGateway, key: &str, bytes: &[u8]) -> Value {
    let ran = estimate(gateway, key, bytes, &["--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    ran.json()
}

/// Ada, Grace and a row that names nobody, as different programs export them.
fn exports() -> Vec<(&'static str, Vec<u8>)> {
    let hubspot = "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Associated Company,Job Title\n\
                   101,Ada,Lovelace,ada.lovelace@analytical.example,,Sam,Analytical Engines,Countess\n\
                   102,Grace,Hopper,grace.hopper@navy.example,+1 555,Sam,\"US Navy, Reserve\",Admiral\n\
                   103,,,,+1 556,Sam,Acme,\n";
    let salesforce = "\"Title\",\"Account Name\",\"Last Name\",\"First Name\",\"E-mail Address\"\r\n\
                      \"Countess\",\"Analytical Engines\",\"Lovelace\",\"Ada\",\"ada.lovelace@analytical.example\"\r\n\
                      \"Admiral\",\"US Navy\",\"Hopper\",\"Grace\",\"grace.hopper@navy.example\"\r\n\
                      \"\",\"Acme\",\"\",\"\",\"\"\r\n";
    let apollo = "First Name,Last Name,Title,Company,Email,Email Status,Person Linkedin Url,Company Linkedin Url,Website\n\
                  Ada,Lovelace,Countess,Analytical,ada.lovelace@analytical.example,Verified,http://www.linkedin.com/in/ada-lovelace,http://www.linkedin.com/company/analytical,http://analytical.example\n\
                  Grace,Hopper,Admiral,US Navy,grace.hopper@navy.example,Guessed,,http://www.linkedin.com/company/us-navy,navy.example\n\
                  ,,,Acme,,,,http://www.linkedin.com/company/acme,\n";
    let linkedin = "Notes:\n\"When exporting your connection data, you may notice that some are missing.\"\n\n\
                    First Name,Last Name,URL,Email Address,Company,Position,Connected On\n\
                    Ada,Lovelace,https://www.linkedin.com/in/ada-lovelace,,Analytical,Countess,01 Dec 2026\n\
                    Grace,Hopper,https://www.linkedin.com/in/grace-hopper,,US Navy,Admiral,30 Nov 2026\n\
                    ,,,,Acme,,29 Nov 2026\n";
    let german = "Vorname;Nachname;Firma;E-Mail-Adresse;Größe\r\n\
                  Ada;Lovelace;Analytische Maschinen GmbH;ada.lovelace@analytical.example;1,5\r\n\
                  Grace;Hopper;Marine;grace.hopper@navy.example;2,5\r\n;;Müller;;3,5\r\n";
    let western = german.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let french = "\u{feff}Prénom\tNom\tSociété\tAdresse e-mail\n\
                  Ada\tLovelace\tMachines\tada.lovelace@analytical.example\n\
                  Grace\tHopper\tMarine\tgrace.hopper@navy.example\n\t\tAcmé\t\n";
    let wide: Vec<u8> = french.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let list = json!([
        {"firstName": "Ada", "lastName": "Lovelace", "linkedInProfileUrl": "linkedin.com/in/ada-lovelace"},
        {"firstName": "Grace", "lastName": "Hopper", "companyName": "US Navy", "connections": 500},
        {"companyName": "Acme"},
    ]);
    vec![
        ("HubSpot", hubspot.into()),
        ("Salesforce", salesforce.into()),
        ("Apollo", apollo.into()),
        ("LinkedIn", linkedin.into()),
        ("Excel in German", western),
        ("Excel in French", french.into()),
        ("Excel's Unicode text", wide),
        ("JSON", list.to_string().into()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn real_exports_are_read_whatever_they_call_their_columns() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    for (program, export) in exports() {
        let found = json_of(&gateway, &team.key, &export);
        assert_eq!(found["leads"]["submitted"], 2, "{program}: {found}");
        assert_eq!(found["credits"]["email"]["worst"], 3, "{program}: {found}");
        assert_eq!(found["file"]["rows"], 3, "{program}: {found}");
        let nameless = found["file"]["rows_without_identity"].as_array().unwrap();
        let last = match program {
            "LinkedIn" => 7,
            "JSON" => 3,
            _ => 4,
        };
        assert_eq!(nameless, &[json!(last)], "{program}: {found}");
        assert!(found["file"]["columns"]["name"].is_array(), "{program}: {found}");
    }
    assert_eq!(gateway.vendor.posts_received(), 0, "an estimate sends nothing");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_and_rows_are_reported_and_what_is_known_costs_nothing() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let ada = json!({"leads": [{"email": "ada@reachable.example"}], "reveal_email": true});
    team.enrich(&ada).await;
    let text = "E-Mail,Owner,Company\nada@reachable.example,Sam,\nnot-an-address,Sam,Y\n\
                grace@reachable.example,Sam,Z\n";
    let ran = estimate(&gateway, &team.key, text.as_bytes(), &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for line in [
        "email: E-Mail",
        "company_name: Company",
        "not used: Owner",
        "1 of 3 rows have no email, LinkedIn URL or name and are left out: line 3",
        "1 of 3 rows have an invalid email address or a text that is too long, which is left out: line 3",
    ] {
        assert!(ran.err.lines().any(|said| said == line), "{line}: {}", ran.err);
    }
    let said: Vec<Vec<_>> = ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
    for row in [["cached", "1"], ["fresh", "1"], ["fits", "yes"]] {
        assert!(said.contains(&row.to_vec()), "{row:?}: {}", ran.out);
    }
    let email = said.iter().find(|row| row.first() == Some(&"email")).unwrap();
    assert_eq!((email[1], email[3]), ("1.5", "98.5"), "{}", ran.out);
    assert!(!ran.err.contains("not-an-address"), "no lead is printed");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_leads_than_the_gateway_takes_are_asked_about_in_parts() {
    let gateway = TestGateway::with(Setup::with_settings(&["server.leads_max=10"])).await;
    let team = gateway.team("sales", 20).await;
    let text = (0..35).fold("email\n".to_owned(), |text, n| format!("{text}p{n}@x{n}.example\n"));
    let found = json_of(&gateway, &team.key, text.as_bytes());
    assert_eq!((&found["leads"]["submitted"], &found["leads"]["fresh"]), (&json!(35), &json!(35)));
    assert_eq!(found["credits"]["email"]["worst"], json!(52.5));
    assert!(found["parts"].as_u64().unwrap() >= 4, "{found}");
    assert_eq!(found["fits"], json!(false), "each part fits 20 credits, and all do not");
    let ran = estimate(&gateway, &team.key, text.as_bytes(), &[]);
    assert!(ran.err.contains("counted twice"), "{ran:?}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_estimated_says_why() {
    let settings = Setup::with_settings(&["server.lead_field_chars_max=100"]);
    let gateway = TestGateway::with(settings).await;
    let team = gateway.team("sales", 20).await;
    let code = |bytes: &[u8], key: &str| {
        let ran = estimate(&gateway, key, bytes, &["--json"]);
        (ran.code, ran.problem())
    };
    assert_eq!(code(b"a,b\n1,2\n", &team.key).0, 2, "no heading is known");
    assert_eq!(code(b"Company\nAcme\n", &team.key).0, 2, "nobody is named");
    let (stranger, problem) = code(b"email\na@x.io\n", "tg_8dc4238e87f29d4b_no");
    assert_eq!((stranger, &problem["code"]), (1, &json!("unauthorized")));
    let long = format!("email\na@x.io\n\n{}@analytical.example\n", "a".repeat(100));
    let (refused, problem) = code(long.as_bytes(), &team.key);
    assert_eq!(refused, 1);
    let detail = problem["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("line 4 of the file"), "{problem}");
    let nobody = run(&["estimate", "/nowhere/leads.csv", "--key", "x"], &[]);
    assert_eq!(nobody.code, 2, "{nobody:?}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_come_from_standard_input_too() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 20).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.args(["estimate", "-", "--json", "--url"]);
    command.arg(format!("http://{}", gateway.app.callers)).args(["--key", &team.key]);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"email\na@x.io\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["credits"]["email"]["worst"], json!(0.5), "no reveal was asked for");
    gateway.finish().await;
}
