//! Configuration: the sources of settings, their types, and all their faults.
//!
//! [`load`] merges defaults, file, environment and flags, parses each setting, checks them
//! together, and returns a typed [`Config`] or every fault with its place. `config/tollgate.toml`
//! is both the list of settings and their defaults.
//!
//! Only [`Sources::of_process`] reads the environment. Nothing here acts on a setting.

mod alarms;
mod checks;
mod exposure;
mod in_force;
mod layers;
mod lists;
mod reading;
mod remarks;
mod routes;
mod schema;
mod secrets;
mod sections;
mod sources;
mod values;

#[cfg(test)]
mod tests;

pub use alarms::Alarms;
pub use in_force::InForce;
pub use remarks::{Faults, Place, Remark};
pub use sections::{
    Admin, Cache, Config, Ledger, Limits, Security, Server, Store, Telemetry, TlsFiles, Vendor,
};
pub use sources::Sources;
pub use values::{Durability, LogFormat, OnNoAnswer, StoreUrl};

use reading::Reading;

/// A valid configuration.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings, typed.
    pub config: Config,
    /// The effective settings, to print.
    pub in_force: InForce,
    /// Warnings: valid settings that are probably not meant.
    pub warnings: Vec<Remark>,
}

/// Reads and checks the sources.
///
/// # Errors
/// All faults, not only the first.
pub fn load(sources: &Sources) -> Result<Loaded, Faults> {
    let mut reading = Reading::of(layers::lay(sources));
    let config = Config::read(&mut reading);
    checks::check(&config, &mut reading);
    exposure::check(&config, &mut reading);
    reading.check_routes(config.vendor.requests_per_minute);
    if reading.faults.is_empty() {
        Ok(Loaded { config, in_force: InForce::of(&reading), warnings: reading.warnings })
    } else {
        Err(Faults::new(reading.faults))
    }
}
