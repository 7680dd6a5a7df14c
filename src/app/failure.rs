//! Failures as people read them: the last line of a process.

use std::error::Error;

/// An error with its causes in one line, each said once: many errors quote their cause themselves.
pub(super) fn in_one_line(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    for cause in std::iter::successors(error.source(), |&cause| cause.source()) {
        let cause = cause.to_string();
        if !line.contains(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    line.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the books cannot be opened: {0}")]
    struct Quoting(#[from] io::Error);

    #[derive(Debug, thiserror::Error)]
    #[error("no start")]
    struct Silent(#[source] Quoting);

    #[test]
    fn every_cause_is_said_once() {
        let disk = || io::Error::other("the disk\n  is full");
        assert_eq!(in_one_line(&Quoting(disk())), "the books cannot be opened: the disk is full");
        assert_eq!(
            in_one_line(&Silent(Quoting(disk()))),
            "no start: the books cannot be opened: the disk is full"
        );
    }
}
