//! The data files of values that do not identify one person: parsing and lookup.
//!
//! A file is a list of entries, separated by commas; a line that starts with `#` is a comment.

use std::collections::HashSet;

use super::fold;

/// The entries of a file.
pub(super) fn entries(file: &str) -> Vec<String> {
    let text: Vec<_> = file.lines().filter(|line| !line.starts_with('#')).collect();
    let text = text.join(" ");
    let entries = text.split(',').map(|entry| entry.split_whitespace().collect::<Vec<_>>());
    entries.map(|words| words.join(" ")).filter(|entry| !entry.is_empty()).collect()
}

/// Texts that are compared in folded spelling.
pub(super) struct Phrases(HashSet<String>);

impl Phrases {
    pub(super) fn of(files: &[&str]) -> Self {
        let entries = files.iter().flat_map(|file| entries(file));
        Self(entries.map(|entry| fold::squashed(&entry)).collect())
    }

    /// Whether the words together are an entry.
    pub(super) fn have(&self, words: &[String]) -> bool {
        self.0.contains(&words.concat())
    }

    /// Whether every word is an entry of one word or a number, and not all are numbers.
    pub(super) fn have_each(&self, words: &[String]) -> bool {
        let is_number = |word: &String| word.chars().all(char::is_numeric);
        words.iter().all(|word| is_number(word) || self.0.contains(word))
            && !words.iter().all(is_number)
    }
}

/// The first words of texts.
pub(super) struct Beginnings(HashSet<Vec<String>>);

impl Beginnings {
    pub(super) fn of(file: &str) -> Self {
        Self(entries(file).iter().map(|entry| fold::words(entry)).collect())
    }

    /// Whether the words begin with an entry.
    pub(super) fn have(&self, words: &[String]) -> bool {
        (1..=4).filter_map(|count| words.get(..count)).any(|start| self.0.contains(start))
    }
}

/// Hosts, each including all hosts below it. `name.*` is a name below any top-level domain.
pub(super) struct Hosts {
    hosts: HashSet<String>,
    names: HashSet<String>,
}

impl Hosts {
    pub(super) fn of(file: &str) -> Self {
        let (mut hosts, mut names) = (HashSet::new(), HashSet::new());
        for entry in entries(file) {
            match entry.strip_suffix(".*") {
                Some(name) => names.insert(name.to_owned()),
                None => hosts.insert(entry),
            };
        }
        Self { hosts, names }
    }

    /// Whether a host is one of them, or below one.
    pub(super) fn have(&self, host: &str) -> bool {
        std::iter::successors(Some(host), above).any(|host| self.have_exactly(host))
    }

    fn have_exactly(&self, host: &str) -> bool {
        let is_named = || {
            let (name, below) = host.split_once('.')?;
            Some(self.names.contains(name) && is_top_level(below))
        };
        self.hosts.contains(host) || is_named().unwrap_or(false)
    }
}

/// The parent domain of a host.
fn above<'a>(host: &&'a str) -> Option<&'a str> {
    host.split_once('.').map(|(_, above)| above)
}

/// `com`, `de`, `co.uk`, `com.br`.
fn is_top_level(domain: &str) -> bool {
    match domain.split_once('.') {
        None => true,
        Some((second, top)) => second.len() <= 3 && top.len() == 2,
    }
}

/// Hosts with the name of the query parameter that contains another address.
pub(super) struct Wrappers(Vec<(String, String)>);

impl Wrappers {
    pub(super) fn of(file: &str) -> Self {
        let pair = |entry: &String| {
            let (host, parameter) = entry.split_once(' ')?;
            Some((host.to_owned(), parameter.to_owned()))
        };
        Self(entries(file).iter().filter_map(pair).collect())
    }

    /// The parameters that contain an address on this host.
    pub(super) fn parameters_at<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a str> {
        let is_at = move |listed: &str| {
            host.strip_suffix(listed).is_some_and(|below| below.is_empty() || below.ends_with('.'))
        };
        self.0.iter().filter(move |(listed, _)| is_at(listed)).map(|(_, name)| name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_span_lines_and_comments_are_ignored() {
        let list = "# a comment, with a comma\none,  two\nwords, x.*,\n\n# more\nlast\n";
        assert_eq!(entries(list), ["one", "two words", "x.*", "last"]);
    }

    #[test]
    fn a_listed_host_covers_all_below_it_and_no_other() {
        let hosts = Hosts::of("fb.com, yelp.*");
        for host in ["fb.com", "m.fb.com", "yelp.com", "yelp.co.uk", "de.yelp.com", "yelp.de"] {
            assert!(hosts.have(host), "{host}");
        }
        for host in ["notfb.com", "fb.com.evil.io", "yelp.acme.io", "myyelp.com", "com"] {
            assert!(!hosts.have(host), "{host}");
        }
    }
}
