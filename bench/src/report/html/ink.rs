//! How one series is told from another: by colour, by line, and by mark, never by colour alone.
//!
//! A target looks the same in every chart and report. The colours themselves are in the style,
//! for light and for dark pages; they are told apart by eyes that see red and green alike.

use super::markup::Markup;

/// The look of one series; the style has a colour of each number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ink(usize);

/// How many looks there are.
const INKS: usize = 6;

/// Targets that have their own look, by its number. The relay is grey: it is a ceiling, and no
/// competitor.
const OWN: [(&str, usize); 5] =
    [("broker", 0), ("raw", 5), ("redis", 1), ("nats", 2), ("mosquitto", 3)];

impl Ink {
    /// Of a target; `place` is its place among the targets, for those without a look of their own.
    pub fn of_target(name: &str, place: usize) -> Self {
        let own = OWN.iter().find(|(known, _)| *known == name);
        Self(own.map_or(place % INKS, |(_, ink)| *ink))
    }

    /// Of the series at that place where series are no targets.
    pub const fn of_place(place: usize) -> Self {
        Self(place % INKS)
    }

    /// The class that gives a mark its colour.
    pub fn fill(self) -> String {
        format!("fill{}", self.0)
    }

    /// The class that gives a line its colour.
    pub fn stroke(self) -> String {
        format!("line{}", self.0)
    }

    /// The dashes of its line.
    pub const fn dashes(self) -> &'static str {
        ["none", "7 3", "2 3", "9 3 2 3", "4 2", "3 3"][self.0]
    }

    /// The outline of its mark around a place.
    pub fn mark(self, x: f64, y: f64) -> String {
        match self.0 {
            0 => format!("M{:.1} {y:.1}a4 4 0 1 0 8 0a4 4 0 1 0-8 0z", x - 4.0),
            1 => format!("M{:.1} {:.1}h7v7h-7z", x - 3.5, y - 3.5),
            2 => format!("M{x:.1} {:.1}l4.5 8h-9z", y - 5.0),
            3 => format!("M{x:.1} {:.1}l5 5l-5 5l-5-5z", y - 5.0),
            4 => format!("M{x:.1} {:.1}l-4.5-8h9z", y + 5.0),
            _ => format!("M{:.1} {:.1}h9v3h-9z", x - 4.5, y - 1.5),
        }
    }
}

/// Which look means what; nothing where there is but one.
pub fn legend(series: &[(String, Ink)]) -> Markup {
    if series.len() < 2 {
        return Markup::new();
    }
    let entry = |(name, ink): &(String, Ink)| {
        let line = Markup::shape(
            "path",
            &[("class", &ink.stroke()), ("d", "M0 7h28"), ("stroke-dasharray", ink.dashes())],
        );
        let mark = Markup::shape("path", &[("class", &ink.fill()), ("d", &ink.mark(14.0, 7.0))]);
        let key = Markup::tag(
            "svg",
            &[("width", "28"), ("height", "14"), ("aria-hidden", "true")],
            [line, mark].into_iter().collect(),
        );
        Markup::tag("span", &[], [key, Markup::text(name)].into_iter().collect())
    };
    Markup::classed("p", "legend", series.iter().map(entry).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_looks_the_same_whoever_else_is_there() {
        assert_eq!(Ink::of_target("redis", 1), Ink::of_target("redis", 4));
        assert_ne!(Ink::of_target("redis", 1), Ink::of_target("nats", 1));
        assert_eq!(Ink::of_target("another", 8), Ink::of_place(2));
    }

    #[test]
    fn a_single_series_needs_no_legend() {
        let one = ("broker".to_owned(), Ink::of_place(0));
        assert!(legend(std::slice::from_ref(&one)).is_empty());
        let two = legend(&[one, ("a<b".to_owned(), Ink::of_place(1))]).into_string();
        assert!(two.contains("a&lt;b") && two.matches("<svg").count() == 2, "{two}");
    }
}
