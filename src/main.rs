//! Runs the `tollgate` command.

fn main() {}
