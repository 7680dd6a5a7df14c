//! What a server is asked to run, as `MONITOR` tells it.

use std::collections::HashMap;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::support::redis::Server;

/// Listens to a server.
pub(super) struct Recorder(BufReader<TcpStream>);

/// One run of a script.
#[derive(Clone)]
pub(super) struct Recorded {
    pub(super) source: String,
    /// How many keys there are, the keys, and the arguments.
    pub(super) words: Vec<Vec<u8>>,
}

/// What ends a recording.
const END: &str = "all was heard";

impl Recorder {
    pub(super) async fn listen(to: &Server) -> Self {
        let mut server = BufReader::new(TcpStream::connect(to.address()).await.unwrap());
        server.write_all(b"MONITOR\r\n").await.unwrap();
        let mut answer = String::new();
        server.read_line(&mut answer).await.unwrap();
        assert_eq!(answer, "+OK\r\n");
        Self(server)
    }

    /// Every script that was run until now, in order. A server is given the source of each once.
    pub(super) async fn calls(mut self, of: &Server) -> Vec<Recorded> {
        let _: String = of.ask(&["ECHO", END]).await;
        let (mut sources, mut calls) = (HashMap::new(), Vec::new());
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.unwrap();
            let mut words = words(&line).into_iter();
            match (words.next().as_deref(), words.next()) {
                (Some(b"ECHO"), Some(word)) if word == END.as_bytes() => return calls,
                (Some(b"EVAL"), Some(source)) => {
                    let source = String::from_utf8(source).unwrap();
                    let sha = redis::Script::new(&source).get_hash().to_owned();
                    sources.insert(sha.into_bytes(), source.clone());
                    calls.push(Recorded { source, words: words.collect() });
                }
                (Some(b"EVALSHA"), Some(sha)) => {
                    // A server that does not know it runs nothing.
                    if let Some(source) = sources.get(&sha).cloned() {
                        calls.push(Recorded { source, words: words.collect() });
                    }
                }
                _ => {}
            }
        }
    }
}

impl Recorded {
    fn says(&self, what: &str) -> bool {
        self.source.trim_start_matches("#!lua flags=allow-oom\n").starts_with(what)
    }

    pub(super) fn is_stage(&self) -> bool {
        self.says("-- Stages a piece")
    }

    pub(super) fn is_unmark(&self) -> bool {
        self.says("-- Takes the marks off")
    }

    pub(super) fn is_large(&self) -> bool {
        self.words.len() > 1000
    }

    /// The call as it were if its step might be staged until then.
    pub(super) fn with_time_until(mut self, millis: &str) -> Self {
        if self.is_stage() {
            let until = self.keys() + 3;
            self.words[until] = millis.into();
        }
        for word in &mut self.words {
            if word.starts_with(b"staging ") {
                *word = format!("staging {millis}").into_bytes();
            }
        }
        self
    }

    /// How many keys there are; the arguments follow them.
    fn keys(&self) -> usize {
        String::from_utf8(self.words[0].clone()).unwrap().parse().unwrap()
    }

    /// The call by which a stage's step is given up by its own process.
    pub(super) fn given_up(&self) -> [Self; 1] {
        let source = include_str!("../../../../src/ledger/redis/scripts/give_up.lua").to_owned();
        let (epoch, record) = (self.words[1].clone(), self.words[2].clone());
        let held = self.words[self.keys() + 1].clone();
        let words = vec![b"2".to_vec(), epoch, record, held, b"1".to_vec()];
        [Self { source, words }]
    }
}

/// The words of a line such as `+1.2 [0 127.0.0.1:9] "GET" "a\x00b"`; none of what a script asks.
fn words(line: &str) -> Vec<Vec<u8>> {
    let Some((from, mut rest)) = line.split_once("] ") else { return Vec::new() };
    if from.ends_with(" lua") {
        return Vec::new();
    }
    let mut words = Vec::new();
    while let Some(after) = rest.trim_start().strip_prefix('"') {
        let (word, left) = word(after.as_bytes());
        words.push(word);
        rest = &after[after.len() - left..];
    }
    words
}

/// A word up to its quote, and how many bytes are left after that.
fn word(text: &[u8]) -> (Vec<u8>, usize) {
    let (mut word, mut bytes) = (Vec::new(), text.iter().copied());
    loop {
        match bytes.next().expect("a word is quoted") {
            b'"' => return (word, bytes.len()),
            b'\\' => word.push(match bytes.next().expect("something is escaped") {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'a' => 7,
                b'b' => 8,
                b'x' => {
                    let digits = [bytes.next(), bytes.next()].map(Option::unwrap);
                    hex::decode(digits).expect("two digits")[0]
                }
                plain => plain,
            }),
            byte => word.push(byte),
        }
    }
}
