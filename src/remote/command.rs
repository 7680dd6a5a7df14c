//! Commands and scripts, each with the key that determines its server.

use std::sync::OnceLock;

/// A command, and the key whose slot determines its server.
#[derive(Clone)]
pub struct Command {
    key: Vec<u8>,
    packed: redis::Cmd,
}

impl Command {
    /// A command whose first argument is this key.
    #[must_use]
    pub fn new(name: &'static str, key: &[u8]) -> Self {
        Self { key: key.to_vec(), packed: redis::cmd(name) }.with(key)
    }

    /// A command for the server of this key, which is not an argument.
    #[must_use]
    pub fn beside(name: &'static str, key: &[u8]) -> Self {
        Self { key: key.to_vec(), packed: redis::cmd(name) }
    }

    /// Adds an argument.
    #[must_use]
    pub fn with(mut self, argument: impl AsRef<[u8]>) -> Self {
        self.packed.arg(argument.as_ref());
        self
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }
}

/// The commands as one pipeline.
pub(super) fn pipeline(commands: impl IntoIterator<Item = Command>) -> redis::Pipeline {
    let mut pipeline = redis::pipe();
    for command in commands {
        pipeline.add_command(command.packed);
    }
    pipeline
}

/// A Lua script. It runs without interleaving with other commands, but its writes before an error
/// stay.
#[derive(Debug)]
pub struct Script {
    name: &'static str,
    source: &'static str,
    sha: OnceLock<String>,
}

impl Script {
    /// The script with this name, which is used only for display, and this source.
    #[must_use]
    pub const fn new(name: &'static str, source: &'static str) -> Self {
        Self { name, source, sha: OnceLock::new() }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its hash.
    fn sha(&self) -> &str {
        self.sha.get_or_init(|| redis::Script::new(self.source).get_hash().to_owned())
    }
}

/// One run of a script.
pub struct Call<'a> {
    /// The script.
    pub script: &'a Script,
    /// The keys that it may access, at least one, all in one slot.
    pub keys: Vec<Vec<u8>>,
    /// Its other arguments.
    pub args: Vec<Vec<u8>>,
}

impl Call<'_> {
    /// Called by its hash, for servers that have the script cached.
    pub(super) fn by_hash(&self) -> Command {
        self.command("EVALSHA", self.script.sha())
    }

    /// Called with its source, which the server caches.
    pub(super) fn in_full(&self) -> Command {
        self.command("EVAL", self.script.source)
    }

    fn command(&self, name: &'static str, script: &str) -> Command {
        let key = self.keys.first().map_or(&[][..], Vec::as_slice);
        let count = self.keys.len().to_string();
        let start = Command::beside(name, key).with(script).with(count);
        self.keys.iter().chain(&self.args).fold(start, Command::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(command: &Command) -> String {
        String::from_utf8(command.packed.get_packed_command()).unwrap().replace("\r\n", " ")
    }

    #[test]
    fn a_command_has_its_key_first() {
        let command = Command::new("SET", b"key").with("value");
        assert_eq!(sent(&command), "*3 $3 SET $3 key $5 value ");
        assert_eq!(command.key(), b"key");
        let beside = Command::beside("TIME", b"key");
        assert_eq!((sent(&beside).as_str(), beside.key()), ("*1 $4 TIME ", &b"key"[..]));
    }

    #[test]
    fn a_call_names_its_script_by_hash_or_in_full() {
        let script = Script::new("one", "return 1");
        let call = Call { script: &script, keys: vec![b"k".into()], args: vec![b"a".into()] };
        let sha = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";
        assert_eq!(sent(&call.by_hash()), format!("*5 $7 EVALSHA $40 {sha} $1 1 $1 k $1 a "));
        assert_eq!(sent(&call.in_full()), "*5 $4 EVAL $8 return 1 $1 1 $1 k $1 a ");
        assert_eq!((call.by_hash().key(), script.name()), (&b"k"[..], "one"));
    }
}
