//! Key terms: the bounds of an API key, within what its team may do.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use super::reveal::Reveals;
use super::time::Timestamp;

/// The bounds of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTerms {
    /// The allowed operations.
    pub scopes: Scopes,
    /// The reveals that may be requested and read.
    pub reveals: Reveals,
    /// The allowed client networks; if empty, any.
    pub networks: Vec<IpNet>,
    /// The expiry; `None` for no expiry.
    pub expires_at: Option<Timestamp>,
    /// The limit of requests per minute; `None` or zero: only the limit of the team.
    pub requests_per_minute: Option<u32>,
    /// The limit of concurrent requests, likewise.
    pub requests_at_once: Option<u32>,
    /// Whether an operator paused the key.
    pub is_paused: bool,
    /// Who is responsible for the key, a display name.
    pub owner: Option<String>,
}

/// A change of a key's terms: `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TermsChange {
    /// What may be asked.
    pub scopes: Option<Scopes>,
    /// Which reveals may be asked and read.
    pub reveals: Option<Reveals>,
    /// From where.
    pub networks: Option<Vec<IpNet>>,
    /// Until when.
    pub expires_at: Option<Option<Timestamp>>,
    /// How many requests in a minute.
    pub requests_per_minute: Option<Option<u32>>,
    /// How many at once.
    pub requests_at_once: Option<Option<u32>>,
    /// Whether it is paused.
    pub is_paused: Option<bool>,
    /// Who answers for it.
    pub owner: Option<Option<String>>,
}

impl Default for KeyTerms {
    /// Everything that its team may do.
    fn default() -> Self {
        Self {
            scopes: Scopes::ALL,
            reveals: Reveals::ALL,
            networks: Vec::new(),
            expires_at: None,
            requests_per_minute: None,
            requests_at_once: None,
            is_paused: false,
            owner: None,
        }
    }
}

impl KeyTerms {
    /// These terms after a change.
    #[must_use]
    pub fn changed(self, change: TermsChange) -> Self {
        Self {
            scopes: change.scopes.unwrap_or(self.scopes),
            reveals: change.reveals.unwrap_or(self.reveals),
            networks: change.networks.unwrap_or(self.networks),
            expires_at: change.expires_at.unwrap_or(self.expires_at),
            requests_per_minute: change.requests_per_minute.unwrap_or(self.requests_per_minute),
            requests_at_once: change.requests_at_once.unwrap_or(self.requests_at_once),
            is_paused: change.is_paused.unwrap_or(self.is_paused),
            owner: change.owner.unwrap_or(self.owner),
        }
    }

    /// Whether the key has expired.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether the key may be used from this address. An unknown address is only allowed if any
    /// address is.
    #[must_use]
    pub fn allow_from(&self, source: Option<IpAddr>) -> bool {
        let is_within = |source: IpAddr| self.networks.iter().any(|net| net.contains(&source));
        self.networks.is_empty() || source.is_some_and(is_within)
    }
}

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Submit, read and cancel batches.
    Enrich,
    /// Look up a person.
    Find,
    /// Submit, read and cancel validations.
    Validate,
    /// Use the vendor's other paths, as the routes allow.
    Forward,
    /// Read batches and validations, and estimates.
    Read,
}

/// There is no such scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scope is one of: enrich, find, validate, forward, read")]
pub struct NoScope;

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 5] =
        [Self::Enrich, Self::Find, Self::Validate, Self::Forward, Self::Read];

    /// The written form.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enrich => "enrich",
            Self::Find => "find",
            Self::Validate => "validate",
            Self::Forward => "forward",
            Self::Read => "read",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Enrich => 1,
            Self::Find => 2,
            Self::Validate => 4,
            Self::Forward => 8,
            Self::Read => 16,
        }
    }
}

impl FromStr for Scope {
    type Err = NoScope;

    fn from_str(name: &str) -> Result<Self, NoScope> {
        Self::ALL.into_iter().find(|scope| scope.name() == name).ok_or(NoScope)
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// All scopes.
    pub const ALL: Self = Self::of(&Scope::ALL);

    /// These.
    #[must_use]
    pub const fn of(scopes: &[Scope]) -> Self {
        let (mut bits, mut rest) = (0, scopes);
        while let [first, others @ ..] = rest {
            (bits, rest) = (bits | first.bit(), others);
        }
        Self(bits)
    }

    /// The scopes of a stored form; `None` if it has unknown ones.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits & !Self::ALL.0 == 0 { Some(Self(bits)) } else { None }
    }

    /// The stored form.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether the sets have a common scope.
    #[must_use]
    pub const fn have_any_of(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.0 & scope.bit() != 0)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { " or " })?;
            f.write_str(scope.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_a_key_has_no_bounds() {
        let terms = KeyTerms::default();
        assert!(Scope::ALL.iter().all(|scope| terms.scopes.have_any_of(Scopes::of(&[*scope]))));
        assert!(terms.reveals.covers(Reveals::ALL) && terms.allow_from(None));
        assert!(!terms.has_expired(Timestamp::from_millis(i64::MAX)));
    }

    #[test]
    fn scopes_are_read_as_they_are_written() {
        for scope in Scope::ALL {
            assert_eq!(scope.name().parse(), Ok(scope));
            let alone = Scopes::of(&[scope]);
            assert_eq!(Scopes::from_bits(alone.bits()), Some(alone));
            assert_eq!(alone.iter().collect::<Vec<_>>(), [scope]);
        }
        assert_eq!("write".parse::<Scope>(), Err(NoScope));
        assert_eq!(Scopes::from_bits(32), None);
        assert_eq!(Scopes::of(&[Scope::Read, Scope::Enrich]).to_string(), "enrich or read");
    }

    #[test]
    fn networks_bound_where_a_key_is_used() {
        let networks = vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        let terms = KeyTerms { networks, ..KeyTerms::default() };
        let allow = |source: &str| terms.allow_from(Some(source.parse().unwrap()));
        assert!(allow("10.1.2.3") && allow("2001:db8::1"));
        assert!(!allow("192.0.2.1") && !allow("2001:db9::1") && !terms.allow_from(None));
    }

    #[test]
    fn a_key_is_valid_until_its_expiry() {
        let terms =
            KeyTerms { expires_at: Some(Timestamp::from_millis(10)), ..KeyTerms::default() };
        assert!(!terms.has_expired(Timestamp::from_millis(9)));
        assert!(terms.has_expired(Timestamp::from_millis(10)));
    }
}
