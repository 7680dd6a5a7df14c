//! Faults of a request, each with its place, in the words of the vendor's errors.

/// One fault of a request. Neither text quotes what a caller wrote; the place may, where the
/// caller named a property that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// For programs, such as `missing_field`.
    pub code: &'static str,
    /// The code for people.
    pub title: &'static str,
    /// What is wrong and what would be right.
    pub detail: String,
    /// Where it is, as an RFC 6901 JSON pointer; empty for the body as a whole.
    pub pointer: String,
}

impl Fault {
    pub(super) fn invalid_json(detail: String) -> Self {
        let (code, title) = ("invalid_json", "Invalid JSON");
        Self { code, title, detail, pointer: String::new() }
    }

    pub(super) fn type_error(pointer: String, expected: &str, found: &str) -> Self {
        let detail = format!("Expected {expected}, found {found}");
        Self { code: "type_error", title: "Type Error", detail, pointer }
    }

    pub(super) fn missing_field(name: &str) -> Self {
        let detail = format!("Missing field from request: {name}");
        let pointer = format!("/{}", token(name));
        Self { code: "missing_field", title: "Missing Field", detail, pointer }
    }

    pub(super) fn names_nobody() -> Self {
        let detail = "Give email, linkedin_url or name; the other fields do not identify a person"
            .to_owned();
        Self { code: "missing_field", title: "Missing Field", detail, pointer: String::new() }
    }

    pub(super) fn unknown_field(pointer: String) -> Self {
        let detail = "This field is unknown".to_owned();
        Self { code: "unknown_field", title: "Unknown Field", detail, pointer }
    }

    pub(super) fn duplicate_field(pointer: String) -> Self {
        let detail = "This field is given more than once".to_owned();
        Self { code: "duplicate_field", title: "Duplicate Field", detail, pointer }
    }

    pub(super) fn invalid_field(pointer: String, detail: String) -> Self {
        Self { code: "invalid_field", title: "Invalid Field", detail, pointer }
    }

    pub(super) fn too_many_leads(found: usize, leads_max: usize) -> Self {
        let detail = format!("{found} leads in one request; at most {leads_max} are allowed");
        let pointer = "/leads".to_owned();
        Self { code: "too_many_leads", title: "Too Many Leads", detail, pointer }
    }
}

/// The most faults that one answer lists.
pub const FAULTS_MAX: usize = 100;

/// The faults found so far.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    /// Takes one more fault, and past [`FAULTS_MAX`] does not even write it down.
    pub(super) fn note(&mut self, fault: impl FnOnce() -> Fault) {
        if self.0.len() < FAULTS_MAX {
            self.0.push(fault());
        }
    }

    /// What was read, if nothing was wrong with it.
    pub(super) fn unless_any<T>(self, read: T) -> Result<T, Vec<Fault>> {
        if self.0.is_empty() { Ok(read) } else { Err(self.0) }
    }
}

/// The code and the place of every fault in a body that cannot be read.
#[cfg(test)]
pub(super) fn places<T: std::fmt::Debug>(
    read: Result<T, Vec<Fault>>,
) -> Vec<(&'static str, String)> {
    read.unwrap_err().into_iter().map(|fault| (fault.code, fault.pointer)).collect()
}

/// The longest name of a property that a pointer repeats, in characters.
const TOKEN_CHARS_MAX: usize = 64;

/// A property's name as one token of a pointer; cut, with an ellipsis, where it is absurd.
pub(super) fn token(name: &str) -> String {
    let cut = name.char_indices().nth(TOKEN_CHARS_MAX).map(|(end, _)| end);
    let kept = name[..cut.unwrap_or(name.len())].replace('~', "~0").replace('/', "~1");
    if cut.is_some() { kept + "…" } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_escapes_what_would_split_a_pointer() {
        assert_eq!(token("a/b~c~1"), "a~1b~0c~01");
        assert_eq!(token(""), "");
    }

    #[test]
    fn an_absurd_name_is_cut_between_characters() {
        assert_eq!(token(&"é".repeat(64)), "é".repeat(64));
        assert_eq!(token(&"é".repeat(65)), "é".repeat(64) + "…");
    }
}
