//! The protocol as pure functions: a view of the books, a step and a moment in; writes and an
//! outcome out. A function that answers a refusal has drafted nothing.

pub mod admit;
pub mod adopt;
mod alias;
pub mod appraise;
pub mod audit;
pub mod budget;
pub mod call;
pub mod cancel;
pub mod checkpoint;
pub mod circuit;
pub mod close;
pub mod coach;
pub mod epoch;
pub mod erase;
mod frame;
pub mod joiners;
pub mod lost;
mod new_job;
mod observe;
pub mod outage;
pub mod plan;
pub mod post;
pub mod quota;
pub mod read;
pub mod redrive;
pub mod replay;
pub mod report;
mod rotation;
pub mod schedule;
pub mod send;
pub mod settle;
pub mod sweep;
pub mod team;
pub mod trim;
pub mod turn;
pub mod validation;
