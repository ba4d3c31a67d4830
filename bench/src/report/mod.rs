//! What comes out of a run: the figures with everything one needs to judge them.
//!
//! A scenario fills a [`model::Report`]; everything else here reads it. Read in this order:
//! `model` (what a report is made of), `summary` (medians, spreads, ratios), `text`, `check`
//! (objectives), `record` (the JSON, of which `compare` and `html` are made), `hdr`.
//!
//! Every round is shown, none is left out; medians and bests come after them.

pub mod check;
pub mod compare;
pub mod hdr;
pub mod html;
pub mod model;
pub mod number;
pub mod record;
#[cfg(test)]
pub mod sample;
pub mod summary;
mod text;
