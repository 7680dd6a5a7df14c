//! What is one person stays one, however it is written.

use serde_json::{Value, json};

use crate::support::gateway::TestGateway;

fn profiles(urls: &[&str]) -> Vec<Value> {
    urls.iter().map(|url| json!({ "linkedin_url": url })).collect()
}

fn groups() -> Vec<Vec<Value>> {
    vec![
        profiles(&[
            "https://sy.linkedin.com/pub/krzysztof-marzec/a7/576/b50?trk=x",
            "https://www.linkedin.com/in/krzysztof-marzec-b50576a7",
        ]),
        profiles(&[
            "https://uk.linkedin.com/pub/abdi-ahmed/100/384/6b0",
            "linkedin.com/in/abdi-ahmed-6b0384100",
        ]),
        profiles(&[
            "https://www.linkedin.com/pub/hanz-meyer/29/314/b",
            "linkedin.com/in/hanz-meyer-00b31429",
        ]),
        profiles(&[
            "https://www.linkedin.com/in/J%C3%BCrgen",
            "https://www.linkedin.com/in/jürgen",
            "https://de.linkedin.com/in/ju\u{308}rgen/de",
        ]),
        profiles(&[
            "https://br.linkedin.com/in/jotafeldmann/pt",
            "https://uk.LINKEDIN.com/in/JotaFeldmann",
            "linkedin.com/in/jotafeldmann/",
            "https://www.linkedin.com/in/https://www.linkedin.com/in/jotafeldmann",
            "https://www.linkedin.com/in/in/jotafeldmann",
            "https://www.linkedin.com/in/www.linkedin.com/in/jotafeldmann",
            "https://www.linkedin.com/comm/in/jotafeldmann",
            "https://www.linkedin.com/mwlite/profile/in/jotafeldmann",
            "https://eur01.safelinks.protection.outlook.com/\
             ?url=https%3A%2F%2Fwww.linkedin.com%2Fin%2Fjotafeldmann&data=05",
        ]),
        profiles(&[
            "https://www.linkedin.com/in/AEMAAAbCdEf",
            "https://www.linkedin.com/in/AEMAAAbCdEf/?trk=x",
        ]),
        vec![
            json!({"email": "ada.lovelace@acme.example"}),
            json!({"email": " ADA.Lovelace@ACME.example. "}),
            json!({"email": "ada\u{200b}.lovelace@acme.example", "name": "", "title": " "}),
        ],
        vec![
            json!({"name": "Grace Hopper", "company_domain": "acme.example"}),
            json!({"name": "  GRACE hopper", "company_domain": "https://www.Acme.example/team"}),
        ],
        vec![
            json!({"name": "Alan Turing", "company_name": "Acme", "title": "CTO"}),
            json!({"name": "alan TURING", "company_name": "ACME", "title": "cto "}),
        ],
        vec![
            json!({"linkedin_url": "linkedin.com/in/radia", "email": "radia@acme.example"}),
            json!({"linkedin_url": "https://linkedin.com/in/Radia/", "email": "Radia@ACME.example"}),
        ],
    ]
}

#[tokio::test]
async fn spellings_of_one_person_are_sent_once() {
    let gateway = TestGateway::start().await;
    let (sales, growth) = (gateway.team("sales", 1000).await, gateway.team("growth", 1000).await);
    for (n, group) in groups().into_iter().enumerate() {
        let in_a_batch = sales.enrich(&json!({ "leads": group })).await;
        let mut ids: Vec<_> =
            in_a_batch.results().iter().map(|r| r["result"]["id"].clone()).collect();
        for lead in group {
            let alone = growth.enrich(&json!({"leads": [lead]})).await;
            ids.push(alone.results()[0]["result"]["id"].clone());
        }
        assert!(ids[0].is_string() && ids.iter().all(|id| *id == ids[0]), "{n}: {ids:?}");
        assert_eq!(gateway.vendor.leads_received().len(), n + 1, "group {n} was sent once");
    }
    gateway.finish().await;
}
