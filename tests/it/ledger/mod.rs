//! The contract of every ledger: what each step does, refuses, and does when it is asked again.
//!
//! Each case runs over every store in [`suite`]. Nothing here knows how a store keeps its rows.

mod books;
mod each;
mod interrupted;
mod named;
mod random;
mod replicas;
mod round_trips;
mod store;
mod suite;
mod suite_of_ends;

mod admitting;
mod adopting;
mod aliases;
mod auditing;
mod backlogs;
mod budgeting;
mod caching;
mod calling;
mod canceling;
mod checkpoints;
mod crashes;
mod erasing;
mod fitting;
mod freshness;
mod gathering;
mod joining;
mod keys;
mod lost;
mod observing;
mod outages;
mod periods;
mod policies;
mod probing;
mod quotas;
mod reading;
mod recalling;
mod redriving;
mod replaying;
mod resolving;
mod sending;
mod settling;
mod settling_in_steps;
mod splitting;
mod stuck;
mod sweeping;
mod teams;
mod trimming;
mod turns;
mod upgrading;
mod validating;
mod verdicts;
mod voiding;
mod windows;
