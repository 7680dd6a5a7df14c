//! Commands that talk to a running gateway: the admin API, estimates and health.
//!
//! Data goes to standard output, as tables or as JSON. Everything else goes to standard error.

mod access;
mod audit;
mod batches;
mod client;
mod completion;
mod confirm;
mod estimate;
mod failure;
mod health;
mod keys;
mod ledger;
mod output;
mod people;
mod quota_spec;
mod quotas;
mod teams;
mod usage;

pub(super) use access::{On, Running};
pub(super) use audit::{audit, print as print_audit};
pub(super) use batches::BatchAction;
pub(super) use completion::{Completion, answer_shell, completion};
pub(super) use estimate::{Estimate, estimate};
pub(super) use failure::{Failure, print_usage_error, problem};
pub(super) use health::{HealthUrl, health, url_of};
pub(super) use keys::KeyAction;
pub(super) use ledger::{Adjustment, adjust};
pub(super) use output::Output;
pub(super) use people::PersonAction;
pub(super) use quota_spec::number;
pub(super) use quotas::QuotaAction;
pub(super) use teams::TeamAction;
pub(super) use usage::{UsageOf, usage};
