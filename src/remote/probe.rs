//! The probe: whether scripts do here what they have to.
//!
//! That a script runs whole is promised by Redis and cannot be seen from outside, so it is not
//! tried. What differs from server to server is: rules that keep the gateway's user from running
//! scripts or from writing in them, proxies that do not pass them on or tear keys of one tag
//! apart, and answers that come back changed.

use super::Remote;
use super::command::{Call, Script};
use super::error::RemoteError;
use super::value::Value;

static PROBE: Script = Script::new("probe", include_str!("probe.lua"));

/// The largest whole number that Lua has without rounding.
const EXACT_MAX: i64 = 9_007_199_254_740_991;

/// The digits of the seconds since the Unix epoch, from 2001 to 2286.
const TIME_DIGITS: i64 = 10;

impl Remote {
    /// Runs a script that leaves nothing behind, on the server that keeps the namespace's hash tag.
    ///
    /// # Errors
    /// Where it does not run, or does not give back what it has to.
    pub async fn probe(&self) -> Result<(), RemoteError> {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        let keys = ["one", "two"].map(|name| format!("{}:probe:{name}", self.tag()).into_bytes());
        let call = Call { script: &PROBE, keys: keys.into(), args: vec![bytes.clone()] };
        let right =
            [Value::Int(EXACT_MAX), Value::Bytes(bytes), Value::Int(TIME_DIGITS), Value::Nil];
        match self.run(&call).await? {
            Value::List(answer) if answer == right => Ok(()),
            _ => Err(RemoteError::Said {
                code: "PROBE".to_owned(),
                message: "a script did not give back what it has to".to_owned(),
            }),
        }
    }
}
