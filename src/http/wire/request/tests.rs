//! What a body may be, and which faults are named where.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::lead::Field;
use crate::http::wire::fault::FAULTS_MAX;

const LEADS_MAX: usize = 3;
const FIELD_CHARS_MAX: usize = 50;

fn parse(body: impl AsRef<[u8]>) -> Result<EnrichmentRequest, Vec<Fault>> {
    EnrichmentRequest::parse(body.as_ref(), LEADS_MAX, FIELD_CHARS_MAX)
}

/// Each fault as `code pointer`.
fn faults(body: impl AsRef<[u8]>) -> Vec<String> {
    let faults = parse(body).unwrap_err();
    faults.into_iter().map(|fault| format!("{} {}", fault.code, fault.pointer)).collect()
}

#[test]
fn a_request_is_read_in_submitted_order() {
    let body = r#"{"reveal_email": true, "leads": [{"name": "Ada", "title": ""}, {}]}"#;
    let request = parse(body).unwrap();
    assert_eq!(request.reveals, Reveals { email: true, phone: false });
    assert_eq!(request.leads.len(), 2);
    assert_eq!(request.leads[0].field(Field::Name), Some("Ada"));
    assert_eq!(request.leads[0].field(Field::Title), None, "blank");
    assert_eq!(request.leads[1].field(Field::Name), None);
}

#[test]
fn missing_leads_read_as_the_vendor_says_it() {
    let fault = Fault {
        code: "missing_field",
        title: "Missing Field",
        detail: "Missing field from request: leads".to_owned(),
        pointer: "/leads".to_owned(),
    };
    assert_eq!(parse("{}"), Err(vec![fault]));
}

#[test]
fn every_fault_is_listed_at_its_place() {
    let body = r#"{
        "reveal_email": "yes", "reveal_phone_numbers": null, "lead/s": {"a": [1]},
        "leads": [
            {"name": 1, "email": "ada", "nick~name": true, "title": null},
            ["Ada"],
            {"name": {"first": "Ada"}, "linkedin_url": ["x"], "title": false, "email": 0.5}
        ]
    }"#;
    let expected = [
        "type_error /reveal_email",
        "type_error /reveal_phone_numbers",
        "unknown_field /lead~1s",
        "type_error /leads/0/name",
        "unknown_field /leads/0/nick~0name",
        "invalid_field /leads/0/email",
        "type_error /leads/1",
        "type_error /leads/2/name",
        "type_error /leads/2/linkedin_url",
        "type_error /leads/2/title",
        "type_error /leads/2/email",
    ];
    assert_eq!(faults(body), expected);
    let details: Vec<_> = parse(body).unwrap_err().into_iter().map(|f| f.detail).collect();
    assert_eq!(details[1], "Expected a boolean, found null");
    assert_eq!(details[5], "email is not an email address");
}

#[test]
fn a_property_written_twice_is_refused() {
    let body = r#"{"leads": [{"name": "Ada", "name": "Bob", "title": 1, "title": ""}],
        "reveal_email": false, "reveal_email": true, "leads": []}"#;
    let expected = [
        "duplicate_field /leads/0/name",
        "type_error /leads/0/title",
        "duplicate_field /leads/0/title",
        "duplicate_field /reveal_email",
        "duplicate_field /leads",
    ];
    assert_eq!(faults(body), expected);
    // Also where one of them hides behind an escape.
    assert_eq!(faults(r#"{"leads":[{}],"le\u0061ds":[{}]}"#), ["duplicate_field /leads"]);
}

#[test]
fn a_body_of_another_kind_is_one_fault() {
    for body in ["[]", "null", "7", "-7", "0.5", "true", r#""leads""#] {
        assert_eq!(faults(body), ["type_error "], "{body}");
    }
    for body in [r#"{"leads": {}}"#, r#"{"leads": null}"#, r#"{"leads": "x"}"#] {
        assert_eq!(faults(body), ["type_error /leads"], "{body}");
    }
}

#[test]
fn leads_are_at_least_one_and_at_most_so_many() {
    assert_eq!(faults(r#"{"leads": []}"#), ["invalid_field /leads"]);
    assert!(parse(r#"{"leads": [{}, {}, {}]}"#).is_ok());
    let four = parse(r#"{"leads": [{}, {}, {}, 4]}"#).unwrap_err();
    assert_eq!(four[0].detail, "4 leads in one request; at most 3 are allowed");
    assert_eq!((four.len(), four[0].code), (1, "too_many_leads"));
}

#[test]
fn a_field_is_bounded_in_characters() {
    let lead = |chars: usize| json!({"leads": [{"title": "営".repeat(chars)}]}).to_string();
    assert!(parse(lead(FIELD_CHARS_MAX)).is_ok());
    assert_eq!(faults(lead(FIELD_CHARS_MAX + 1)), ["invalid_field /leads/0/title"]);
}

#[test]
fn a_field_that_says_nothing_is_as_one_that_is_left_out() {
    let without = parse(r#"{"leads": [{"name": "Ada"}]}"#).unwrap();
    for nothing in ["null", r#""""#, r#"" \t\n""#, r#""\u00a0\u3000""#] {
        for field in Field::ALL.into_iter().filter(|field| *field != Field::Name) {
            let body = format!(r#"{{"leads": [{{"name": "Ada", "{field}": {nothing}}}]}}"#);
            assert_eq!(parse(body).unwrap(), without, "{field} {nothing}");
        }
    }
    let twice = r#"{"leads": [{"name": null, "name": "Ada"}]}"#;
    assert_eq!(faults(twice), ["duplicate_field /leads/0/name"]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_body() {
    let body = r#"{"leads": [{"name": "Ada"}]}"#;
    assert_eq!(parse(format!("\u{feff}{body}")), parse(body));
    assert!(parse(format!("\u{feff}\u{feff}{body}")).is_err(), "only the first");
}

#[test]
fn half_a_character_is_a_fault_at_its_place() {
    for (body, place) in [
        (r#"{"leads": [{"name": "Ada"}, {"name": "\ud83d"}]}"#, "/leads/1/name"),
        (r#"{"leads": [{"title": "\udc00x"}, {"name": "\ud83d"}]}"#, "/leads/0/title"),
        (r#"{"leads": [{"\ud83d": 1}]}"#, "/leads/0"),
        (r#"{"leads": [{"name": "\ud83d\ud83d"}], "reveal_email": true}"#, "/leads/0/name"),
    ] {
        assert_eq!(faults(body), [format!("invalid_field {place}")], "{body}");
    }
    assert!(parse(r#"{"leads": [{"name": "\ud83d\ude00"}]}"#).is_ok(), "a pair is one character");
}

#[test]
fn what_is_no_json_is_one_fault_that_says_where() {
    let bombs = ["[".repeat(100_000), r#"{"leads":"#.repeat(100_000)];
    for body in [
        "",
        " ",
        "{",
        "{\"leads\": [{}]} x",
        "{\"leads\": [{}]}{}",
        "{'leads': []}",
        "{\"leads\": [{},]}",
        "{\"leads\": [{\"name\": \"a\nb\"}]}",
        "NaN",
        "{\"x\": 01}",
        &bombs[0],
        &bombs[1],
    ] {
        let faults = parse(body).unwrap_err();
        assert_eq!((faults.len(), faults[0].code), (1, "invalid_json"), "{body:.40}");
        assert!(faults[0].detail.contains(" at line "), "{}", faults[0].detail);
    }
    let not_utf8 = parse(b"{\n\"x\": \"\xff\"}").unwrap_err();
    assert_eq!(not_utf8[0].detail, "The body is not UTF-8 at line 2 column 7");
}

#[test]
fn a_deep_value_in_the_wrong_place_is_stepped_over() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = format!(r#"{{"x": {deep}, "leads": [{{"name": {deep}}}]}}"#);
    assert_eq!(faults(body), ["unknown_field /x", "type_error /leads/0/name"]);
}

#[test]
fn an_answer_lists_a_hundred_faults_at_most() {
    let body = format!(r#"{{"leads": [{}null]}}"#, "null,".repeat(5 * FAULTS_MAX));
    assert_eq!(
        EnrichmentRequest::parse(body.as_bytes(), 10_000, FIELD_CHARS_MAX).unwrap_err().len(),
        FAULTS_MAX
    );
}

#[test]
fn no_fault_quotes_what_a_field_says() {
    let body = r#"{"leads": [{"name": ["Ada"], "email": "Ada"}], "reveal_email": "Ada"}"#;
    let cut = r#"{"leads": [{"name": "Ada", "email": "Ada"#;
    for fault in [parse(body).unwrap_err(), parse(cut).unwrap_err()].concat() {
        assert!(!format!("{fault:?}").contains("Ada"), "{fault:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in vec(any::<u8>(), 0..200)) {
        if let Err(faults) = parse(&body) {
            prop_assert!(!faults.is_empty() && faults.len() <= FAULTS_MAX);
        }
    }

    #[test]
    fn no_mangled_request_makes_it_panic(at in 0..90_usize, with in "[\\PC\\x00\"{}]{0,3}") {
        let mut body = r#"{"leads":[{"email":"ada@x.io","name":"\u00e9"},{}],"reveal_email":true}"#.to_owned();
        body.insert_str(at.min(body.len()), &with);
        if let Err(faults) = parse(&body) {
            prop_assert!(!faults.is_empty());
        }
    }

    #[test]
    fn texts_come_through_exactly(texts in vec(option::of(".{0,40}"), 5), reveal in any::<bool>()) {
        let names = Field::ALL.iter().filter(|field| **field != Field::Email);
        let lead: serde_json::Map<_, _> = names
            .clone()
            .zip(&texts)
            .filter_map(|(field, text)| Some((field.name().to_owned(), json!(text.as_ref()?))))
            .collect();
        let body = json!({"leads": [lead], "reveal_phone_numbers": reveal}).to_string();
        let request = parse(body).unwrap();
        prop_assert_eq!(request.reveals, Reveals { email: false, phone: reveal });
        for (field, text) in names.zip(&texts) {
            let said = text.as_deref().filter(|text| !text.trim().is_empty());
            prop_assert_eq!(request.leads[0].field(*field), said);
        }
    }
}
