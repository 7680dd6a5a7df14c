//! Hosts that people of many companies share, and which therefore say nothing of where somebody
//! works. A host missing here can merge two people of one name; one too many costs half a credit.

use std::sync::LazyLock;

use super::lists::Hosts;

static FREE_MAIL: LazyLock<Hosts> =
    LazyLock::new(|| Hosts::of(include_str!("lists/free_mail.txt")));
static SHARED: LazyLock<Hosts> =
    LazyLock::new(|| Hosts::of(include_str!("lists/shared_hosts.txt")));
static PLATFORMS: LazyLock<Hosts> =
    LazyLock::new(|| Hosts::of(include_str!("lists/platform_hosts.txt")));

/// Whether a host, or the page at a path of it, is not one company's.
pub(super) fn is_shared(host: &str, path: &str) -> bool {
    let is_page = !path.trim_matches('/').is_empty();
    FREE_MAIL.have(host) || SHARED.have(host) || (is_page && PLATFORMS.have(host))
}
