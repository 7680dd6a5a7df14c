//! The probe: whether scripts do here what they have to.
//!
//! That a script runs whole is promised by Redis and cannot be seen from outside, so it is not
//! tried. What differs from server to server is: rules that keep the gateway's user from running
//! scripts or from writing in them, proxies that do not pass them on or tear keys of one tag
//! apart, and answers that come back changed.

use super::Remote;
use super::command::{Call, Command, Script};
use super::confirm::Confirm;
use super::error::{Refusal, RemoteError};
use super::value::Value;

static PROBE: Script = Script::new("probe", include_str!("probe.lua"));
static PERMISSIONS: Script = Script::new("permissions", include_str!("permissions.lua"));

/// The largest whole number that Lua has without rounding.
const EXACT_MAX: i64 = 9_007_199_254_740_991;

/// The digits of the seconds since the Unix epoch, from 2001 to 2286.
const TIME_DIGITS: i64 = 10;

impl Remote {
    /// Looks whether the gateway's user may run every command that the gateway does, where it waits
    /// for so much.
    ///
    /// # Errors
    /// Where it may not; the commands are named.
    pub async fn check_permissions(&self, confirm: Confirm) -> Result<(), RemoteError> {
        let keys = ["text", "hash", "set", "stream"];
        let keys = keys.map(|name| format!("{}:permissions:{name}", self.tag()).into_bytes());
        let call = Call { script: &PERMISSIONS, keys: keys.into(), args: Vec::new() };
        let refused = self.run(&call).await?;
        let mut refused: Vec<_> =
            refused.as_list().unwrap_or_default().iter().filter_map(Value::as_text).collect();
        let key = self.tag().into_bytes();
        let beside: &[&[&'static str]] = match confirm {
            Confirm::Nothing => &[&["MULTI", "EXEC"]],
            Confirm::Replicas => &[&["MULTI", "EXEC"], &["WAIT"]],
        };
        for commands in beside {
            let asked = commands.iter().map(|name| match *name {
                "WAIT" => Command::beside("WAIT", &key).with("0").with("1"),
                name => Command::beside(name, &key),
            });
            let replies = self.replies(asked.collect(), Confirm::Nothing, self.until()).await?;
            let is_refused = |refusal: &Refusal| refusal.is("NOPERM");
            if replies.iter().any(|reply| reply.as_ref().is_err_and(is_refused)) {
                refused.extend(*commands);
            }
        }
        if refused.is_empty() {
            return Ok(());
        }
        let message = format!(
            "user {} may not run {}, which the gateway needs",
            self.address().user(),
            refused.join(", ")
        );
        Err(Refusal { code: "NOPERM".to_owned(), message }.into())
    }

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
                message: "a script returned an unexpected result".to_owned(),
            }),
        }
    }
}
