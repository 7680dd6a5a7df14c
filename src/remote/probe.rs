//! The probe: whether scripts work as required.
//!
//! Redis guarantees that a script runs without interleaving; this cannot be observed from outside
//! and is not tested. The probe tests what differs between servers: access rules that forbid the
//! gateway's user to run scripts or to write in them, proxies that do not forward scripts or
//! separate keys of one hash tag, and changed answers.

use super::Remote;
use super::command::{Call, Command, Script};
use super::confirm::Confirm;
use super::error::{Refusal, RemoteError};
use super::value::Value;

static PROBE: Script = Script::new("probe", include_str!("probe.lua"));
static PERMISSIONS: Script = Script::new("permissions", include_str!("permissions.lua"));

/// The largest integer that Lua represents exactly.
const EXACT_MAX: i64 = 9_007_199_254_740_991;

/// The number of digits of the seconds since the Unix epoch, from 2001 to 2286.
const TIME_DIGITS: i64 = 10;

impl Remote {
    /// Checks whether the gateway's user may run every command that the gateway uses with this
    /// confirmation.
    ///
    /// # Errors
    /// If it may not; the error names the commands.
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

    /// Runs a script without lasting effect on the server of the namespace's hash tag.
    ///
    /// # Errors
    /// If it does not run, or returns an unexpected result.
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
