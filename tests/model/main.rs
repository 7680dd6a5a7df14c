//! The protocol as a model, small enough that every order of events is tried: [`admit`], [`send`]
//! and [`settle`] are what the ledger does, [`gate`] is what it charges, [`vendor`] is who judges,
//! [`steps`] is all that can happen, and [`properties`] is what must hold throughout.
//!
//! Nothing here names the product's code, so that neither inherits the other's errors. The cache is
//! left out: all it ever does is spare a send, so every lead that does not join is sent. So is
//! redriving, which is another batch's admission.
#![expect(clippy::print_stdout, reason = "how much was explored, and how a mistake shows, is told")]

mod setup;

mod admit;
mod send;
mod settle;

mod books;
mod gate;
mod vendor;
mod world;

mod properties;
mod representative;
mod steps;

mod breaks;
mod holds;
