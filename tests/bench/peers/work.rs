//! The kinds of work that are compared.

use std::ops::Range;

use super::load::{Request, request};
use super::people;
use super::tollgate::KNOWN;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Forwarded,
    Cached(usize),
    Fresh(usize),
    Page,
}

impl Work {
    pub(crate) const ALL: [Self; 6] = [
        Self::Forwarded,
        Self::Cached(1),
        Self::Fresh(1),
        Self::Cached(100),
        Self::Fresh(100),
        Self::Page,
    ];

    pub(crate) fn title(self) -> String {
        match self {
            Self::Forwarded => "a free path forwarded".to_owned(),
            Self::Cached(1) => "POST of 1 cached lead".to_owned(),
            Self::Cached(leads) => format!("POST of {leads} cached leads"),
            Self::Fresh(1) => "POST of 1 fresh lead, whole life".to_owned(),
            Self::Fresh(leads) => format!("POST of {leads} fresh leads, whole life"),
            Self::Page => "GET of a page of 100".to_owned(),
        }
    }

    /// The status of every answer.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Forwarded | Self::Page => 200,
            Self::Cached(_) | Self::Fresh(_) => 202,
        }
    }

    /// How many requests a second the latency is measured at.
    pub(crate) fn rate(self) -> u32 {
        match self {
            Self::Forwarded | Self::Cached(1) | Self::Page => 100,
            Self::Fresh(1) => 20,
            Self::Cached(_) => 20,
            Self::Fresh(_) => 4,
        }
    }

    /// The `n`-th request. Fresh people follow each other from `fresh_from` on.
    pub(crate) fn request(self, key: &str, batch: u64, fresh_from: usize, n: usize) -> Request {
        let post = |people: Range<usize>| {
            request("POST", "/people/enrichment-requests", key, &people::leads(people))
        };
        match self {
            Self::Forwarded => request("GET", "/contacts", key, ""),
            Self::Cached(leads) => {
                let first = n * leads % (KNOWN - leads + 1);
                post(first..first + leads)
            }
            Self::Fresh(leads) => {
                let first = fresh_from + n * leads;
                post(first..first + leads)
            }
            Self::Page => {
                let path = format!("/people/enrichment-requests/{batch}?page[size]=100");
                request("GET", &path, key, "")
            }
        }
    }
}
