//! Checks that the vendor answers and accepts the key, with a free request.

use super::Finding;
use crate::app::failure::in_one_line;
use crate::app::parts;
use crate::config::Config;
use crate::vendor::Cause;

/// Requests the account's information.
pub(super) async fn look(config: &Config) -> Finding {
    let vendor = match parts::vendor(config) {
        Ok(vendor) => vendor,
        Err(why) => return Finding::fault("vendor", in_one_line(&why), "correct vendor.api_key"),
    };
    let at = &config.vendor.base_url;
    match vendor.account().await {
        Ok(200..=299) => Finding::ok("vendor", format!("{at} answers and accepts the key")),
        Ok(status @ (401 | 403)) => Finding::fault(
            "vendor",
            format!("{at} refuses the key with HTTP status {status}"),
            "set vendor.api_key_file to a valid key of the account",
        ),
        Ok(429) => Finding::warning(
            "vendor",
            format!("{at} answers that there are too many requests, so the key was not checked"),
            "try again in a minute",
        ),
        Ok(status) => Finding::warning(
            "vendor",
            format!("{at} answers with HTTP status {status}, so the key was not checked"),
            "check vendor.base_url, and try again later",
        ),
        Err(Cause::Late) => Finding::fault(
            "vendor",
            format!("{at} does not answer within vendor.timeout"),
            "make sure that this machine can reach it",
        ),
        Err(why) => Finding::fault(
            "vendor",
            format!("{at}: {}", in_one_line(&why)),
            "check vendor.base_url, and make sure that this machine can reach it",
        ),
    }
}
