//! Lookups: found, not found, erased, and charged like any lead.

use super::*;

impl Vendor {
    async fn look_up(&self, query: &str) -> Reply {
        self.read(&format!("/people/find?{query}")).await
    }

    /// Half credits charged: email, phone.
    fn charged(&self) -> (u32, u32) {
        let bill = self.sandbox.bill();
        (bill.email.halves(), bill.phone.halves())
    }
}

#[tokio::test]
async fn a_person_is_the_whole_body_and_is_charged_at_once() {
    let vendor = Vendor::start();
    let by_batch = vendor.enrich(&["ada.reachable@x.example"]).await;
    let by_batch = vendor.read(&by_batch).await.results()[0]["result"].clone();
    assert_eq!(vendor.charged(), (3, 2));
    let query = "linkedin_url=linkedin.com/in/ada-reachable&reveal_email=True\
                 &reveal_phone_numbers=1";
    let found = vendor.look_up(query).await;
    assert_eq!((found.status, &found.body), (StatusCode::OK, &by_batch));
    assert_eq!(vendor.charged(), (3, 2), "the person was charged before");
    let bob = vendor.look_up("email=bob.reachable%40x.example&reveal_email=false").await;
    assert_eq!((bob.status, &bob.body["email"]), (StatusCode::OK, &Value::Null));
    assert_eq!(vendor.charged(), (4, 2));
    assert_eq!(vendor.sandbox.bill().look_ups_received, 2);
    assert_eq!(vendor.sandbox.leads_received().len(), 3);
}

#[tokio::test]
async fn missing_and_erased_persons_have_an_error_code_and_cost_nothing() {
    let vendor = Vendor::start();
    for (email, status, code) in [
        ("nobody@x.example", 404, "person_not_found"),
        ("ada.removed@x.example", 451, "unavailable_for_legal_reasons"),
    ] {
        let reply = vendor.look_up(&format!("email={email}")).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (status, Some(code)));
    }
    assert_eq!(vendor.charged(), (0, 0));
}

#[tokio::test]
async fn faults_of_a_query_are_reported() {
    let vendor = Vendor::start();
    for (query, code) in [
        ("", "missing_field"),
        ("reveal_email=true", "missing_field"),
        ("email=ada@x.example&reveal_email=yes", "invalid_type"),
        ("email=ada@x.example&e-mail=x", "unknown_field"),
    ] {
        let reply = vendor.look_up(query).await;
        assert_eq!((reply.status, reply.code()), (StatusCode::BAD_REQUEST, Some(code)), "{query}");
    }
    assert_eq!(vendor.sandbox.leads_received().len(), 0);
}

#[tokio::test]
async fn faults_apply_to_lookups_too() {
    let vendor = Vendor::start();
    let refused = Rule::always(Operation::Find, FaultKind::status(402)).times(1);
    let cut = Rule::always(Operation::Find, FaultKind::CutAfter);
    let no_id = Rule::always(Operation::Any, FaultKind::NoId);
    vendor.sandbox.set_faults(Faults::of([refused, no_id, cut]));
    let reply = vendor.look_up("email=ada@x.example").await;
    assert_eq!((reply.status.as_u16(), vendor.charged()), (402, (0, 0)));
    let reply = vendor.look_up("email=ada@x.example").await;
    assert_eq!((reply.body, vendor.charged()), (Value::Null, (1, 0)), "taken, and the answer cut");
}
