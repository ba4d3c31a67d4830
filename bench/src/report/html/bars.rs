//! A chart of bars: one figure, a bar for each target, with its median and the range of its
//! rounds.
//!
//! It draws what it is told, in units that are fit to be shown, and knows neither figures nor
//! targets. Bars begin at nothing, so that their lengths compare.

use super::ink::Ink;
use super::markup::Markup;
use super::scale::Scale;
use crate::report::number::short;

const WIDTH: f64 = 460.0;
const LEFT: f64 = 92.0;
/// Room for the value behind the longest bar.
const RIGHT: f64 = 96.0;
const TOP: f64 = 34.0;
const ROW: f64 = 26.0;
const THICK: f64 = 14.0;
const BOTTOM: f64 = 22.0;

/// A chart of bars.
#[derive(Debug)]
pub struct Bars {
    /// What it shows, with its unit.
    pub title: String,
    /// What is good, in a few words.
    pub hint: &'static str,
    /// The bars.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Debug)]
pub struct Bar {
    /// Whose it is.
    pub name: String,
    /// Its look.
    pub ink: Ink,
    /// How long it is.
    pub median: f64,
    /// The least and the most of the rounds.
    pub range: (f64, f64),
    /// Its value as it is written.
    pub label: String,
    /// All there is to say.
    pub words: String,
}

impl Bars {
    /// The drawing.
    pub fn draw(&self) -> Markup {
        let rows = self.bars.len() as f64;
        let floor = TOP + rows * ROW;
        let height = floor + BOTTOM;
        let ends = self.bars.iter().flat_map(|bar| [bar.median, bar.range.0, bar.range.1]);
        let scale = Scale::from_zero(ends, (LEFT, WIDTH - RIGHT));
        let mut inner = Markup::around("title", &self.title);
        inner += Markup::around("desc", self.words());
        inner += label("title", (0.0, 13.0), "start", &self.title);
        inner += label("hint", (WIDTH, 13.0), "end", self.hint);
        for tick in scale.ticks() {
            let x = scale.at(tick);
            let path = format!("M{x:.1} {TOP}V{floor:.1}");
            inner += Markup::shape("path", &[("class", "grid"), ("d", &path)]);
            inner += label("tick", (x, floor + 14.0), "middle", &short(tick));
        }
        let middle = |row: usize| TOP + (row as f64 + 0.5) * ROW;
        for (row, bar) in self.bars.iter().enumerate() {
            inner += bar.draw(&scale, middle(row));
        }
        let base = format!("M{:.1} {TOP}V{floor:.1}", scale.base());
        inner += Markup::shape("path", &[("class", "axis"), ("d", &base)]);
        drawing((WIDTH, height), inner)
    }

    fn words(&self) -> String {
        let bars = self.bars.iter().map(|bar| bar.words.as_str());
        bars.collect::<Vec<_>>().join("; ")
    }
}

impl Bar {
    fn draw(&self, scale: &Scale, y: f64) -> Markup {
        let (from, to) = (scale.base(), scale.at(self.median));
        let (left, right) = (from.min(to), from.max(to));
        let rect = Markup::tag(
            "rect",
            &[
                ("class", &self.ink.fill()),
                ("x", &format!("{left:.1}")),
                ("y", &format!("{:.1}", y - THICK / 2.0)),
                ("width", &format!("{:.1}", (right - left).max(1.0))),
                ("height", &format!("{THICK}")),
                ("rx", "2"),
            ],
            Markup::around("title", &self.words),
        );
        let (low, high) = (scale.at(self.range.0), scale.at(self.range.1));
        let whisker =
            format!("M{low:.1} {y:.1}H{high:.1}M{low:.1} {0:.1}v8M{high:.1} {0:.1}v8", y - 4.0);
        let mut drawn = label("name", (LEFT - 8.0, y + 4.0), "end", &self.name);
        drawn += rect;
        if self.range.0 < self.range.1 {
            drawn += Markup::shape("path", &[("class", "whisker"), ("d", &whisker)]);
        }
        drawn += label("value", (right.max(high) + 6.0, y + 4.0), "start", &self.label);
        drawn
    }
}

/// A text at a place.
pub fn label(class: &str, (x, y): (f64, f64), anchor: &str, text: &str) -> Markup {
    let at = [
        ("class", class),
        ("x", &format!("{x:.1}")),
        ("y", &format!("{y:.1}")),
        ("text-anchor", anchor),
    ];
    Markup::tag("text", &at, Markup::text(text))
}

/// A drawing of that size.
pub fn drawing((width, height): (f64, f64), inner: Markup) -> Markup {
    let sizes = [
        ("class", "chart"),
        ("role", "img"),
        ("viewBox", &format!("0 0 {width} {height}")),
        ("width", &format!("{width}")),
        ("height", &format!("{height}")),
    ];
    Markup::tag("svg", &sizes, inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_has_its_length_its_range_and_its_words() {
        let bars = Bars {
            title: "CPU (ns/delivery)".to_owned(),
            hint: "less is better",
            bars: vec![Bar {
                name: "a<b".to_owned(),
                ink: Ink::of_place(0),
                median: 100.0,
                range: (50.0, 200.0),
                label: "100.0".to_owned(),
                words: "a<b: 100.0, 50.0 to 200.0".to_owned(),
            }],
        };
        let drawn = bars.draw().into_string();
        // From 92 to 364 is from 0 to 200.
        assert!(drawn.contains(r#"x="92.0" y="40.0" width="136.0""#), "{drawn}");
        assert!(drawn.contains("M160.0 47.0H364.0"), "{drawn}");
        assert!(drawn.contains("<desc>a&lt;b: 100.0, 50.0 to 200.0</desc>"), "{drawn}");
    }
}
