//! An objective as it is typed: a figure, perhaps as a multiple of a peer's, perhaps at one point
//! of a sweep, and the value it must not pass.
//!
//! Everything that can be wrong with one is found here, before anything runs.

use core::fmt;
use core::str::FromStr;

use clap::ValueEnum as _;

use crate::args::Peer;
use crate::report::model::{Figure, figures};

/// How an objective is written.
const GRAMMAR: &str = "[ratio:PEER:]FIGURE[@POINT]<=VALUE, or >=";

/// How alike two names must be for one to be meant by the other; 1 is equal.
const ALIKE: f64 = 0.7;

/// On which side of the value the figure must be; the value itself is on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// No more.
    AtMost,
    /// No less.
    AtLeast,
}

/// What a run must come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    typed: String,
    /// The peer of whose value the figure is a multiple.
    pub peer: Option<String>,
    /// The figure.
    pub figure: &'static Figure,
    /// The point of the sweep; all of them without one.
    pub point: Option<f64>,
    /// The side of the value.
    pub bound: Bound,
    value: f64,
}

impl Objective {
    /// Whether a value is on the right side.
    pub fn is_met_by(&self, found: f64) -> bool {
        match self.bound {
            Bound::AtMost => found <= self.value,
            Bound::AtLeast => found >= self.value,
        }
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

impl FromStr for Objective {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let (left, bound, value) = split(typed)?;
        let (peer, left) = match left.strip_prefix("ratio:") {
            Some(rest) => {
                let (peer, figure) = rest.split_once(':').ok_or_else(|| {
                    format!("no figure after the peer; an objective is {GRAMMAR}")
                })?;
                (Some(known_peer(peer.trim())?), figure)
            }
            None => (None, left),
        };
        let (name, point) = match left.split_once('@') {
            Some((name, point)) => (name, Some(number(point, "point")?)),
            None => (left, None),
        };
        let figure = known_figure(name.trim())?;
        let is_share = figure.unit == "share" && peer.is_none();
        let value = match value.trim().strip_suffix('%') {
            Some(percent) if is_share => number(percent, "share")? / 100.0,
            Some(_) => return Err(format!("{} is no share of anything", name.trim())),
            None => number(value, "value")?,
        };
        Ok(Self { typed: typed.trim().to_owned(), peer, figure, point, bound, value })
    }
}

fn split(typed: &str) -> Result<(&str, Bound, &str), String> {
    for (sign, bound) in [("<=", Bound::AtMost), (">=", Bound::AtLeast)] {
        if let Some((left, value)) = typed.split_once(sign) {
            return Ok((left.trim(), bound, value));
        }
    }
    Err(format!("neither <= nor >= in it; an objective is {GRAMMAR}"))
}

fn number(text: &str, what: &str) -> Result<f64, String> {
    let text = text.trim();
    let number = text.parse().map_err(|_| format!("{text:?} is no {what}: not a number"))?;
    if f64::is_finite(number) {
        Ok(number)
    } else {
        Err(format!("{text:?} is no {what}: not finite"))
    }
}

fn known_figure(name: &str) -> Result<&'static Figure, String> {
    figures::by_name(name).ok_or_else(|| {
        let names = figures::ALL.iter().map(|figure| figure.name);
        unknown("figure", name, &names.collect::<Vec<_>>())
    })
}

fn known_peer(name: &str) -> Result<String, String> {
    let variants = Peer::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value);
    let names: Vec<_> = variants.map(|peer| peer.get_name().to_owned()).collect();
    if names.iter().any(|known| known == name) {
        return Ok(name.to_owned());
    }
    Err(unknown("peer", name, &names.iter().map(String::as_str).collect::<Vec<_>>()))
}

fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let alike = |known: &&str| strsim::jaro_winkler(name, known);
    let nearest = known.iter().max_by(|one, other| alike(one).total_cmp(&alike(other)));
    match nearest.filter(|nearest| alike(nearest) >= ALIKE) {
        Some(nearest) => format!("no {what} {name:?}; did you mean {nearest:?}?"),
        None => format!("no {what} {name:?}; there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(typed: &str) -> Result<Objective, String> {
        typed.parse()
    }

    #[test]
    fn a_figure_is_held_to_a_value_on_either_side() {
        let objective = parse("p99_us <= 2000").unwrap();
        assert_eq!((objective.figure, objective.bound), (&figures::P99, Bound::AtMost));
        assert!(objective.is_met_by(2000.0) && !objective.is_met_by(2000.1));
        let objective = parse("deliveries_per_second>=1e6").unwrap();
        assert!(objective.is_met_by(1e6) && !objective.is_met_by(999_999.0));
        assert_eq!(objective.to_string(), "deliveries_per_second>=1e6");
    }

    #[test]
    fn a_ratio_names_its_peer_and_a_sweep_its_point() {
        let objective = parse("ratio:redis:server_ns_per_delivery<=0.5").unwrap();
        assert_eq!(objective.peer.as_deref(), Some("redis"));
        let objective = parse("goodput_share@10>=95%").unwrap();
        assert_eq!(objective.point, Some(10.0));
        assert!(objective.is_met_by(0.95) && !objective.is_met_by(0.94));
    }

    #[test]
    fn a_name_nobody_knows_gets_the_one_that_is_meant() {
        let error = parse("p99_ms<=2").unwrap_err();
        assert_eq!(error, "no figure \"p99_ms\"; did you mean \"p99_us\"?");
        let error = parse("ratio:reddis:p99_us<=2").unwrap_err();
        assert_eq!(error, "no peer \"reddis\"; did you mean \"redis\"?");
        assert!(parse("zzz<=2").unwrap_err().contains("there are server_ns_per_delivery, "));
    }

    #[test]
    fn what_is_no_objective_says_what_one_is() {
        assert!(parse("p99_us=2").unwrap_err().contains(GRAMMAR));
        assert!(parse("ratio:redis<=2").unwrap_err().contains(GRAMMAR));
        assert_eq!(parse("p99_us<=fast").unwrap_err(), "\"fast\" is no value: not a number");
        assert_eq!(parse("p99_us<=inf").unwrap_err(), "\"inf\" is no value: not finite");
        assert_eq!(parse("p99_us<=5%").unwrap_err(), "p99_us is no share of anything");
        assert!(parse("ratio:redis:goodput_share>=50%").is_err(), "a ratio is no share");
        assert!(parse("goodput_share@all>=0.5").unwrap_err().contains("no point"));
    }
}
