//! Bodies that are paid for by the item: how many there are. What they mean is the vendor's business.

use super::fault::{Fault, Faults};
use super::given::Given;

/// How many items the array has that a JSON pointer names.
///
/// # Errors
/// Every fault on the way there. A property of that name written twice is one: the vendor might
/// count the other.
pub(in crate::http) fn count(body: &[u8], pointer: &str) -> Result<u64, Vec<Fault>> {
    let count = Given::parse(body, |body, faults| count_at(body, pointer, faults))?;
    Ok(u64::try_from(count).unwrap_or(u64::MAX))
}

fn count_at(body: Given<'_>, pointer: &str, faults: &mut Faults) -> Option<usize> {
    let names = pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~"));
    let mut place = body;
    for name in names {
        place = place.property(&name, faults)?;
    }
    let count = place.count(faults)?;
    if count == 0 {
        place.refuse("Expected at least one item", faults);
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_counted_where_the_pointer_leads() {
        let counted = |body: &str, pointer| count(body.as_bytes(), pointer).ok();
        assert_eq!(counted(r#"{"ask":{"emails":[1,{},"x"]},"ask2":[]}"#, "/ask/emails"), Some(3));
        assert_eq!(counted(r#"{"a/b":{"~":[1]}}"#, "/a~1b/~0"), Some(1));
        assert_eq!(counted("[1,2]", ""), Some(2));
    }

    #[test]
    fn whatever_leaves_the_number_open_is_a_fault_at_its_place() {
        for (body, code, pointer) in [
            ("", "invalid_json", ""),
            ("[]", "type_error", ""),
            ("{}", "missing_field", "/ask"),
            (r#"{"ask":[{"emails":[1]}]}"#, "type_error", "/ask"),
            (r#"{"ask":{"emails":[]}}"#, "invalid_field", "/ask/emails"),
            (r#"{"ask":{"emails":7}}"#, "type_error", "/ask/emails"),
            (r#"{"ask":{"emails":[1,2],"emails":[1]}}"#, "duplicate_field", "/ask/emails"),
            (r#"{"ask":{"emails":[1]},"ask":{"emails":[1,2]}}"#, "duplicate_field", "/ask"),
            (r#"{"ask":{"emails":[1,2],"\u0065mails":[1]}}"#, "duplicate_field", "/ask/emails"),
        ] {
            let faults = count(body.as_bytes(), "/ask/emails").unwrap_err();
            let told: Vec<_> = faults.iter().map(|f| (f.code, f.pointer.as_str())).collect();
            assert_eq!(told, [(code, pointer)], "{body}");
        }
    }
}
