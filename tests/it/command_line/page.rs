//! docs/command-line.md and the help say what the commands are.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Command, CommandFactory, Parser};
use tollgate::app::commands::Arguments;

/// Every command that does something, by its words: `tollgate team list`.
fn commands() -> Vec<(String, Command)> {
    fn walk(command: &Command, words: &str, found: &mut Vec<(String, Command)>) {
        let words = format!("{words} {}", command.get_name()).trim().to_owned();
        let below: Vec<_> =
            command.get_subcommands().filter(|below| below.get_name() != "help").collect();
        if below.is_empty() {
            found.push((words, command.clone()));
        } else {
            for below in below {
                walk(below, &words, found);
            }
        }
    }
    let mut found = Vec::new();
    walk(&Arguments::command(), "", &mut found);
    assert!(found.len() > 15, "{found:?}");
    found
}

fn page() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/command-line.md");
    std::fs::read_to_string(path).unwrap()
}

/// The lines of a text that run tollgate, up to a pipe or a redirection.
fn examples(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter_map(|line| match line.strip_prefix("source <(") {
        Some(inner) => inner.strip_suffix(')'),
        None => Some(line),
    });
    lines.filter(|line| line.starts_with("tollgate ")).map(words).collect()
}

/// The words of a line as a shell reads them.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted, mut is_word) =
        (Vec::new(), String::new(), false, false);
    for c in line.chars() {
        match c {
            '\'' => (is_quoted, is_word) = (!is_quoted, true),
            '|' | '>' | '#' if !is_quoted => break,
            ' ' if !is_quoted => {
                if std::mem::take(&mut is_word) {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => {
                is_word = true;
                word.push(c);
            }
        }
    }
    if is_word {
        words.push(word);
    }
    words
}

#[test]
fn the_commands_on_the_page_are_the_commands_there_are() {
    let page = page();
    let cells = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let told: BTreeSet<_> = cells.filter(|cell| cell.starts_with("tollgate ")).collect();
    let commands = commands();
    let there: BTreeSet<_> = commands.iter().map(|(words, _)| words.as_str()).collect();
    assert_eq!(told, there);
}

#[test]
fn every_command_has_examples_in_its_help_and_on_the_page_and_they_can_be_read() {
    let on_page = examples(&page());
    for example in &on_page {
        Arguments::try_parse_from(example).unwrap_or_else(|why| panic!("{example:?}: {why}"));
    }
    for (name, mut command) in commands() {
        let name: Vec<_> = name.split(' ').map(str::to_owned).collect();
        let help = command.render_long_help().to_string();
        let in_help = examples(&help);
        assert!(!in_help.is_empty(), "{name:?} has no example in its help");
        for example in &in_help {
            assert!(example.starts_with(&name), "{example:?} is an example of {name:?}");
            Arguments::try_parse_from(example).unwrap_or_else(|why| panic!("{example:?}: {why}"));
        }
        let is_shown = on_page.iter().any(|example| example.starts_with(&name));
        assert!(is_shown, "docs/command-line.md has no example of {name:?}");
    }
}

#[test]
fn every_flag_of_a_command_is_explained() {
    for (name, command) in commands() {
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{name}: {}", argument.get_id());
        }
    }
}

#[test]
fn a_line_is_read_as_a_shell_reads_it() {
    assert_eq!(words("a 'b c' --d='e|f' g | h"), ["a", "b c", "--d=e|f", "g"]);
    assert_eq!(examples("  tollgate x\nsource <(tollgate completion bash)\n$ ls").len(), 2);
}
