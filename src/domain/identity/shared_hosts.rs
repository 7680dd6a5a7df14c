//! Hosts that people of several companies share, which therefore do not identify an employer. A
//! missing host can merge two people with the same name; an extra one costs half a credit.

use std::sync::LazyLock;

use super::lists::Hosts;

static FREE_MAIL: LazyLock<Hosts> =
    LazyLock::new(|| Hosts::of(include_str!("lists/free_mail.txt")));
static SHARED: LazyLock<Hosts> =
    LazyLock::new(|| Hosts::of(include_str!("lists/shared_hosts.txt")));
static PLATFORMS: LazyLock<Hosts> =
    LazyLock::new(|| Hosts::of(include_str!("lists/platform_hosts.txt")));

/// Whether a host, or the page at a path of it, does not belong to one company.
pub(super) fn is_shared(host: &str, path: &str) -> bool {
    let is_page = !path.trim_matches('/').is_empty();
    FREE_MAIL.have(host) || SHARED.have(host) || (is_page && PLATFORMS.have(host))
}
