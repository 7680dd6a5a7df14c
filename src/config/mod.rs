//! Configuration: where settings come from, what they mean, and everything that is wrong with them.
//!
//! [`load`] lays defaults, file, environment and flags over one another, reads each setting as
//! what it means, checks them together, and answers with a typed [`Config`] or with every fault
//! there is, each with its place. `config/tollgate.toml` is both the list of settings and their
//! defaults.
//!
//! Nothing here reads the environment except [`Sources::of_process`], and nothing here acts on a
//! setting.

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

pub use in_force::InForce;
pub use remarks::{Faults, Place, Remark};
pub use sections::{
    Admin, Cache, Config, Ledger, Limits, Security, Server, Store, Telemetry, TlsFiles, Vendor,
};
pub use sources::Sources;
pub use values::{Durability, LogFormat, OnNoAnswer, StoreUrl};

use reading::Reading;

/// A configuration without a fault.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings, typed.
    pub config: Config,
    /// The settings as they were given, to print.
    pub in_force: InForce,
    /// What works but is probably not meant.
    pub warnings: Vec<Remark>,
}

/// Reads and checks what the sources say.
///
/// # Errors
/// Every fault there is, not only the first.
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
