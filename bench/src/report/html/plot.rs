//! A chart of lines: one value against another, a line for each series.
//!
//! It draws what it is told where its axes say, and knows neither figures nor targets. Every
//! mark says its value when pointed at, and all of them are in the drawing's description.

use super::bars::{drawing, label};
use super::ink::{Ink, legend};
use super::markup::Markup;
use super::scale::Scale;
use crate::report::number::short;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 302.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 48.0;
const BOTTOM: f64 = 44.0;

/// Names on the lower axis must not touch: least room between two, and about the width of half a
/// letter.
const NAME_GAP: f64 = 6.0;
const LETTER_HALF: f64 = 3.4;

/// Where lines may be, across and upwards.
pub const ACROSS: (f64, f64) = (LEFT, WIDTH - RIGHT);
/// From the floor to the top.
pub const UPWARDS: (f64, f64) = (HEIGHT - BOTTOM, TOP);

/// A chart of lines.
#[derive(Debug)]
pub struct Plot {
    /// What it shows, with its unit.
    pub title: String,
    /// The lower axis.
    pub x: Axis,
    /// The axis at the left.
    pub y: Axis,
    /// The lines.
    pub series: Vec<Series>,
}

/// One axis.
#[derive(Debug)]
pub struct Axis {
    /// What it shows, with its unit.
    pub title: String,
    /// Where values lie.
    pub scale: Scale,
    /// The values it names, and how.
    pub ticks: Vec<(f64, String)>,
}

/// One line.
#[derive(Debug)]
pub struct Series {
    /// What it is.
    pub name: String,
    /// Its look.
    pub ink: Ink,
    /// Its points, from left to right.
    pub points: Vec<Point>,
}

/// One point of a line.
#[derive(Debug)]
pub struct Point {
    /// Across.
    pub x: f64,
    /// Upwards.
    pub y: f64,
    /// The least and the most of the rounds.
    pub range: Option<(f64, f64)>,
    /// All there is to say.
    pub words: String,
}

impl Axis {
    /// An axis that names round values.
    pub fn new(title: String, scale: Scale) -> Self {
        let ticks = scale.ticks().into_iter().map(|tick| (tick, short(tick))).collect();
        Self { title, scale, ticks }
    }
}

impl Plot {
    /// The legend and the drawing.
    pub fn draw(&self) -> Markup {
        let names = self.series.iter().map(|series| (series.name.clone(), series.ink));
        let mut inner = Markup::around("title", &self.title);
        inner += Markup::around("desc", self.words());
        inner += label("title", (0.0, 13.0), "start", &self.title);
        inner += self.grid();
        for series in &self.series {
            inner += series.draw(&self.x.scale, &self.y.scale);
        }
        let mut drawn = legend(&names.collect::<Vec<_>>());
        drawn += drawing((WIDTH, HEIGHT), inner);
        Markup::tag("figure", &[], drawn)
    }

    fn grid(&self) -> Markup {
        let (floor, top) = UPWARDS;
        let (left, right) = ACROSS;
        let mut grid = Markup::new();
        for (tick, name) in &self.y.ticks {
            let y = self.y.scale.at(*tick);
            let path = format!("M{left} {y:.1}H{right}");
            grid += Markup::shape("path", &[("class", "grid"), ("d", &path)]);
            grid += label("tick", (left - 6.0, y + 4.0), "end", name);
        }
        let mut end_of_last = f64::NEG_INFINITY;
        for (tick, name) in &self.x.ticks {
            let x = self.x.scale.at(*tick);
            let path = format!("M{x:.1} {top}V{floor}");
            grid += Markup::shape("path", &[("class", "grid"), ("d", &path)]);
            let half = name.chars().count() as f64 * LETTER_HALF;
            if x - half >= end_of_last + NAME_GAP {
                grid += label("tick", (x, floor + 15.0), "middle", name);
                end_of_last = x + half;
            }
        }
        let axis = format!("M{left} {top}V{floor}H{right}");
        grid += Markup::shape("path", &[("class", "axis"), ("d", &axis)]);
        grid += label("name", (f64::midpoint(left, right), HEIGHT - 6.0), "middle", &self.x.title);
        grid += label("hint", (0.0, 30.0), "start", &self.y.title);
        grid
    }

    fn words(&self) -> String {
        let series = self.series.iter().map(|series| {
            let points: Vec<_> = series.points.iter().map(|point| point.words.as_str()).collect();
            format!("{}: {}", series.name, points.join(", "))
        });
        series.collect::<Vec<_>>().join("; ")
    }
}

impl Series {
    fn draw(&self, x: &Scale, y: &Scale) -> Markup {
        let mut line = String::new();
        let mut marks = Markup::new();
        for point in &self.points {
            let (at_x, at_y) = (x.at(point.x), y.at(point.y));
            let letter = if line.is_empty() { 'M' } else { 'L' };
            line += &format!("{letter}{at_x:.1} {at_y:.1}");
            if let Some((low, high)) = point.range.filter(|(low, high)| low < high) {
                let path = format!("M{at_x:.1} {:.1}V{:.1}", y.at(low), y.at(high));
                marks += Markup::shape("path", &[("class", "whisker"), ("d", &path)]);
            }
            marks += Markup::tag(
                "path",
                &[("class", &self.ink.fill()), ("d", &self.ink.mark(at_x, at_y))],
                Markup::around("title", format!("{}: {}", self.name, point.words)),
            );
        }
        let mut drawn = Markup::shape(
            "path",
            &[("class", &self.ink.stroke()), ("d", &line), ("stroke-dasharray", self.ink.dashes())],
        );
        drawn += marks;
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_through_its_points() {
        let point = |x, y| Point { x, y, range: Some((0.0, y)), words: format!("{y} at {x}") };
        let plot = Plot {
            title: "goodput (%)".to_owned(),
            x: Axis::new("offered".to_owned(), Scale::over(&[1.0, 2.0], ACROSS)),
            y: Axis::new("%".to_owned(), Scale::up_to(100.0, UPWARDS)),
            series: vec![Series {
                name: "broker".to_owned(),
                ink: Ink::of_place(0),
                points: vec![point(1.0, 100.0), point(2.0, 50.0)],
            }],
        };
        let drawn = plot.draw().into_string();
        assert!(drawn.contains(r#"d="M58.0 48.0L444.0 153.0""#), "{drawn}");
        assert!(drawn.contains("<desc>broker: 100 at 1, 50 at 2</desc>"), "{drawn}");
        assert!(!drawn.contains("legend"), "one line needs none");
    }

    #[test]
    fn names_on_the_lower_axis_do_not_touch() {
        let points: Vec<f64> = (0..100).map(f64::from).collect();
        let scale = Scale::over(&points, ACROSS);
        let ticks = points.iter().map(|point| (*point, format!("{point}"))).collect();
        let plot = Plot {
            title: String::new(),
            x: Axis { title: String::new(), scale, ticks },
            y: Axis::new(String::new(), Scale::up_to(1.0, UPWARDS)),
            series: Vec::new(),
        };
        let named = plot.draw().into_string().matches("text-anchor=\"middle\"").count();
        assert!((10..=26).contains(&named), "{named}");
    }
}
