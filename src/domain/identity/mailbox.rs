//! Mailboxes: whether an email address identifies one person, a role, or no one.

use std::sync::LazyLock;

use super::canonical::Canonical;
use super::lists::{Hosts, Phrases};
use super::{email, fold};

static WORDS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::of(&[include_str!("lists/role_words.txt")]));
static ROLES: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(&[include_str!("lists/role_words.txt"), include_str!("lists/role_mailboxes.txt")])
});
static PLACEHOLDERS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::of(&[include_str!("lists/placeholder_mailboxes.txt")]));
static PLACEHOLDER_WORDS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::of(&[include_str!("lists/placeholder_name_words.txt")]));
static PLACEHOLDER_DOMAINS: LazyLock<Hosts> =
    LazyLock::new(|| Hosts::of(include_str!("lists/placeholder_mail_domains.txt")));

/// An address, by its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mailbox {
    /// Of one person.
    Person(Canonical),
    /// Of a role, whose readers change.
    Role(Canonical),
    /// Of no one: a placeholder for a missing address.
    Placeholder,
}

/// Parses an address; `None` if it is not valid.
pub(super) fn read(address: &str) -> Option<Mailbox> {
    let address = email::canonical(address)?;
    let (local, domain) = address.as_str().rsplit_once('@')?;
    if is_placeholder(local, domain) {
        return Some(Mailbox::Placeholder);
    }
    Some(if is_role(local) { Mailbox::Role(address) } else { Mailbox::Person(address) })
}

fn is_placeholder(local: &str, domain: &str) -> bool {
    let words = words(local);
    let digits = local.bytes().all(|b| b.is_ascii_digit());
    let mut letters = local.chars();
    let first = letters.next();
    let is_repeated = letters.all(|c| Some(c) == first);
    let is_of_its_own = domain.strip_prefix(local).is_some_and(|rest| rest == ".com");
    (words.is_empty() && !digits)
        || PLACEHOLDER_DOMAINS.have(domain)
        || PLACEHOLDERS.have(&words)
        || PLACEHOLDER_WORDS.have_each(&words)
        || (digits && local.len() < 5)
        || (is_repeated && (local.len() > 2 || is_of_its_own))
}

fn is_role(local: &str) -> bool {
    let tagged = local.split_once('+').map_or(local, |(local, _)| local);
    let words = words(tagged);
    let is_word = |word: &String| WORDS.have(std::slice::from_ref(word));
    ROLES.have(&words)
        || words.iter().any(is_word)
        || words.split_first_chunk::<1>().is_some_and(|(first, _)| ROLES.have(first))
        || ["noreply", "donotreply", "mailerdaemon"]
            .iter()
            .any(|role| words.concat().contains(role))
}

/// The words of a local part, without numbers at their ends.
fn words(local: &str) -> Vec<String> {
    let words = fold::words(local).into_iter();
    let bare = words.map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned());
    bare.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_does_not_identify_one_person() {
        for local in [
            "info",
            "INFO",
            "info2",
            "info+x",
            "sales",
            "sales-de",
            "berlin.office",
            "Büro",
            "kontakt",
            "contacto",
            "no-reply",
            "noreply.billing",
            "do_not_reply",
            "hr",
            "jobs",
            "support.eu",
            "accounts.payable",
            "post",
            "team",
            "hello",
            "rechnung",
            "serwis",
            "postmottak",
            "vendas1",
        ] {
            let read = read(&format!("{local}@acme.io"));
            assert!(matches!(read, Some(Mailbox::Role(_))), "{local}: {read:?}");
        }
    }

    #[test]
    fn a_placeholder_identifies_no_one() {
        for address in [
            "test@test.com",
            "test@acme.io",
            "noemail@acme.io",
            "no-email@x.com",
            "none@none.com",
            "n/a@acme.io",
            "na@na.com",
            "unknown@unknown.com",
            "your.name@acme.io",
            "asdf@asdf.com",
            "first.last@acme.io",
            "john.doe@gmail.com",
            "xxx@xxx.com",
            "aaaa@gmail.com",
            "a@a.com",
            "ada@noemail.com",
            "ada@mailinator.com",
            "123@gmail.com",
            "null@acme.io",
            "user@acme.io",
            "keine.email@acme.de",
            "pasdemail@acme.fr",
            "ada@host.invalid",
            "test1@acme.io",
        ] {
            assert_eq!(read(address), Some(Mailbox::Placeholder), "{address}");
        }
    }

    #[test]
    fn a_person_keeps_the_address() {
        for address in [
            "ada@x.io",
            "ada.lovelace@x.io",
            "p9@acme.com",
            "ana.sales@x.io",
            "kate@acme.com",
            "10234567@qq.com",
            "a.da@example.com",
            "anna.test-maier@x.io",
            "max@x.io",
            "grant@x.io",
        ] {
            assert!(matches!(read(address), Some(Mailbox::Person(_))), "{address}");
        }
        assert_eq!(read("ada"), None);
    }
}
