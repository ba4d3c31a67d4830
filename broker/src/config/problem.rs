//! What is wrong with a configuration, and where. One [`Problem`] is one line for the person who
//! typed it: the place, the key, what is wrong, what to do.
//!
//! Everything printed here may stem from a file or a variable that somebody else wrote, so
//! control characters are written out and never reach a terminal.

use core::fmt;

use super::key::Key;

/// Where a value comes from. Ordered by strength, and within a file by place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody typed it.
    Default,
    /// The file as a whole: it cannot be read.
    File {
        /// The file.
        file: String,
    },
    /// A place in the file.
    Line {
        /// The file.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Character of the line, from 1.
        column: usize,
    },
    /// A variable of the environment, by its name.
    Variable(String),
    /// A flag, by its name without the dashes.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file } => f.write_str(&printable(file)),
            Self::Line { file, line, column } => {
                write!(f, "{}:{line}:{column}", printable(file))
            }
            Self::Variable(name) => write!(f, "variable {}", printable(name)),
            Self::Flag(name) => write!(f, "flag --{name}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    origin: Origin,
    reason: String,
}

impl Problem {
    /// Something is wrong at that place.
    #[must_use]
    pub const fn new(origin: Origin, reason: String) -> Self {
        Self { origin, reason }
    }

    /// Something is wrong with the value of a setting.
    #[must_use]
    pub fn of_key(key: Key, origin: Origin, reason: &str) -> Self {
        Self::new(origin, format!("{}: {reason}", key.path()))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, printable(&self.reason))
    }
}

/// Everything that is wrong, never nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Brings them into the order in which a person goes through the sources.
    #[must_use]
    pub fn sorted(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| a.origin.cmp(&b.origin));
        Self(problems)
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.0 {
            writeln!(f, "error: {problem}")?;
        }
        let (count, errors) = match self.0.len() {
            1 => (1, "error"),
            count => (count, "errors"),
        };
        write!(f, "{count} {errors} in the configuration (`throng --help` lists all settings)")
    }
}

impl std::error::Error for Problems {}

/// The text with its control characters written out.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut printed = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            printed.extend(character.escape_default());
        } else {
            printed.push(character);
        }
    }
    printed
}
