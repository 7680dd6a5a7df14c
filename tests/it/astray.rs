//! Answers of the vendor's that are missing, astray, late or never come: nobody gets the person of
//! somebody else, and what nobody can know stays on the books as unresolved.

use serde_json::{Value, json};
use tollgate::sandbox::{ErrorEnding, FaultKind, Faults, Operation, Rule};

use crate::support::client::Answer;
use crate::support::gateway::{Setup, TestGateway, credits};
use crate::support::metrics::Scrape;

const NAMES: [&str; 4] = ["ada", "grace", "alan", "edsger"];

/// Four people, 1.5 email credits each.
fn four() -> Value {
    let lead = |name: &str| json!({"linkedin_url": format!("linkedin.com/in/{name}-reachable")});
    json!({"leads": NAMES.map(lead), "reveal_email": true})
}

/// What was found for each lead: a first name, or nothing.
fn found(answer: &Answer) -> Vec<Option<String>> {
    let name = |result: &Value| Some(result["result"]["first_name"].as_str()?.to_lowercase());
    answer.results().iter().map(name).collect()
}

/// Has the four enriched while this goes wrong once.
async fn struck(settings: &[&str], operation: Operation, kind: FaultKind) -> (TestGateway, Answer) {
    struck_by(settings, Rule::always(operation, kind).times(1)).await
}

/// The same, as often as a rule says.
async fn struck_by(settings: &[&str], rule: Rule) -> (TestGateway, Answer) {
    let gateway = TestGateway::with(Setup::with_settings(settings)).await;
    let team = gateway.team("sales", 100).await;
    gateway.vendor.set_faults(Faults::of([rule]));
    let answer = team.enrich(&four()).await;
    for (result, name) in found(&answer).iter().zip(NAMES) {
        assert!(result.as_deref().is_none_or(|found| found == name), "not {name}: {answer:?}");
    }
    (gateway, answer)
}

/// How often the vendor was read from, and answered with an end.
async fn ends_read(gateway: &TestGateway) -> Option<f64> {
    let scrape = Scrape::of(&gateway.operator()).await;
    let reads = "tollgate_vendor_request_duration_seconds_count";
    scrape.value(&format!("{reads}{{operation=\"read\",outcome=\"ended\"}}"))
}

#[tokio::test]
async fn a_result_that_is_missing_for_a_while_is_waited_for() {
    for kind in [FaultKind::ResultsMissing, FaultKind::EchoContradicts] {
        for times in 1..=2 {
            let rule = Rule::always(Operation::Read, kind).times(times);
            let (gateway, answer) = struck_by(&[], rule).await;
            assert_eq!((&answer.body["status"], answer.errors()), (&json!("completed"), vec![]));
            assert_eq!(ends_read(&gateway).await, Some(f64::from(times + 1)), "{kind:?}");
            gateway.finish().await;
        }
    }
}

#[tokio::test]
async fn results_astray_answer_nobody_they_are_not_certain_to_be_for() {
    for (kind, unresolved, reads) in [
        (FaultKind::ResultsOutOfOrder, 0, 1.0),
        (FaultKind::ResultsExtra, 0, 1.0),
        (FaultKind::ResultsMissing, 1, 3.0),
        (FaultKind::EchoContradicts, 1, 3.0),
    ] {
        let (gateway, answer) = struck_by(&[], Rule::always(Operation::Read, kind)).await;
        assert_eq!(ends_read(&gateway).await, Some(reads), "{kind:?}");
        assert_eq!(answer.body["status"], "completed", "{kind:?}");
        let lost = found(&answer).iter().filter(|name| name.is_none()).count();
        assert_eq!(lost, unresolved, "{kind:?}: {answer:?}");
        let expected = vec![("unresolved", "/leads/0"); unresolved];
        assert_eq!(answer.errors(), expected, "{kind:?}");

        let email = gateway.at_rest().await.email;
        assert_eq!(email.unresolved, 1.5 * f64::from(u32::try_from(unresolved).unwrap()));
        let bill = credits(gateway.vendor.bill().email);
        assert_eq!(email.spent + email.unresolved, bill, "{kind:?}: nothing is unaccounted for");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_batch_that_ends_in_an_error_is_charged_for_what_it_lists() {
    let ending = FaultKind::EndsInError(ErrorEnding::WithResults);
    let (gateway, answer) = struck(&[], Operation::Submit, ending).await;
    assert_eq!(answer.body["status"], "completed", "some leads were answered");
    assert_eq!(answer.errors(), [("vendor_error", "/leads/2"), ("vendor_error", "/leads/3")]);
    assert_eq!(answer.header("tollgate-credits-spent"), Some("email=3, phone=0"));
    gateway.finish().await;
}

#[tokio::test]
async fn a_batch_that_ends_in_an_error_and_lists_nothing_is_not_taken_to_be_free() {
    for ending in [ErrorEnding::WithoutResults, ErrorEnding::ChargedWithoutResults] {
        let (gateway, answer) =
            struck(&[], Operation::Submit, FaultKind::EndsInError(ending)).await;
        assert_eq!(answer.body["status"], "error", "{ending:?}");
        assert_eq!(answer.errors().len(), 4, "{ending:?}");
        let email = gateway.at_rest().await.email;
        assert_eq!((email.spent, email.unresolved), (0.0, 6.0), "{ending:?}");
        assert!(credits(gateway.vendor.bill().email) <= email.unresolved);
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_batch_that_never_ends_is_unresolved_after_its_deadline() {
    let settings = ["vendor.job_deadline=500ms"];
    let (gateway, answer) = struck(&settings, Operation::Submit, FaultKind::NeverEnds).await;
    assert_eq!(answer.body["status"], "error");
    let unresolved: Vec<_> =
        (0..4).map(|n| ("unresolved".to_owned(), format!("/leads/{n}"))).collect();
    let told: Vec<_> =
        answer.errors().into_iter().map(|(c, p)| (c.to_owned(), p.to_owned())).collect();
    assert_eq!(told, unresolved);
    assert_eq!(answer.header("tollgate-credits-spent"), None, "nobody knows");
    let email = gateway.at_rest().await.email;
    assert_eq!((email.spent, email.unresolved), (0.0, 6.0));

    let again = gateway.team("sales", 100).await.enrich(&four()).await;
    assert_eq!(again.body["status"], "completed", "it can be asked for again");
    gateway.at_rest().await;
    gateway.stop().await;
}

#[tokio::test]
async fn what_must_not_be_sent_twice_is_unresolved_at_once() {
    let settings = ["vendor.on_no_answer=hold", "vendor.job_deadline=1h"];
    let (gateway, answer) = struck(&settings, Operation::Submit, FaultKind::CutAfter).await;
    assert_eq!((&answer.body["status"], answer.errors().len()), (&json!("error"), 4));
    assert_eq!(gateway.vendor.posts_received(), 1);
    let email = gateway.at_rest().await.email;
    assert_eq!((email.spent, email.unresolved), (0.0, 6.0));
    gateway.stop().await;
}

#[tokio::test]
async fn a_batch_larger_than_the_vendor_takes_travels_as_several_jobs_each_on_its_own() {
    let settings = ["vendor.batch_leads_max=1"];
    let (gateway, answer) = struck(&settings, Operation::Submit, FaultKind::status(400)).await;
    assert_eq!(gateway.vendor.posts_received(), 4);
    assert_eq!(answer.body["status"], "completed", "one of the four was refused: {answer:?}");
    assert_eq!(answer.errors().iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["bad_request"]);
    assert_eq!(answer.header("tollgate-credits-reserved"), Some("email=6, phone=0"));
    assert_eq!(answer.header("tollgate-credits-spent"), Some("email=4.5, phone=0"));
    gateway.finish().await;
}

#[tokio::test]
async fn what_may_be_sent_again_is_and_costs_no_more() {
    for kind in [FaultKind::CutAfter, FaultKind::Malformed, FaultKind::NoId, FaultKind::CutBefore] {
        let (gateway, answer) = struck(&[], Operation::Submit, kind).await;
        assert_eq!(answer.body["status"], "completed", "{kind:?}");
        assert_eq!(gateway.vendor.posts_received(), 2, "{kind:?}");
        gateway.finish().await;
    }
}
