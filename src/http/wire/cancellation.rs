//! The body that cancels a batch: `{"status": "canceled"}` and nothing else.

use super::fault::Fault;
use super::given::Given;

/// Reads a body that can only ask for one thing.
///
/// # Errors
/// Every fault; the only one where the body is no JSON.
pub(in crate::http) fn parse(body: &[u8]) -> Result<(), Vec<Fault>> {
    Given::parse(body, |given, faults| {
        let [status] = given.with_required(["status"], 1, faults)?;
        let status = status?;
        if status.string(faults)? != "canceled" {
            status.refuse("The only status that can be set is \"canceled\"", faults);
        }
        Some(())
    })
}

#[cfg(test)]
mod tests {
    use super::super::fault::places;
    use super::*;

    fn faults(body: &str) -> Vec<(&'static str, String)> {
        places(parse(body.as_bytes()))
    }

    #[test]
    fn a_batch_can_be_cancelled_and_nothing_else() {
        assert_eq!(parse(br#" {"status": "cancele\u0064"} "#), Ok(()));
        let at = |code, pointer: &str| vec![(code, pointer.to_owned())];
        assert_eq!(faults(r#"{"status":"completed"}"#), at("invalid_field", "/status"));
        assert_eq!(faults(r#"{"status":true}"#), at("type_error", "/status"));
        assert_eq!(faults("{}"), at("missing_field", "/status"));
        assert_eq!(faults("[]"), at("type_error", ""));
        assert_eq!(faults(r#"{"status":"#), at("invalid_json", ""));
        assert_eq!(
            faults(r#"{"status":"canceled","status":"canceled","a/b":1}"#),
            [("duplicate_field", "/status".to_owned()), ("unknown_field", "/a~1b".to_owned())]
        );
    }
}
