//! The file as a source: a TOML tree with places, walked from end to end, so that everything
//! wrong in it is found in one go.
//!
//! After a syntax error the parser goes on as well as it can. What stands on the lines of such
//! an error may be its guess, and is not looked at; the rest of the file is.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::bounds::FILE_BYTES_MAX;
use super::key::{Key, SECTIONS};
use super::problem::{Origin, Problem};
use super::value::Value;
use super::{Given, name_of, suggest};

/// Reads and walks a file.
pub(super) fn read(path: &Path, problems: &mut Vec<Problem>) -> Vec<Given> {
    let file = name_of(path);
    match contents(path) {
        Ok(text) => walk(&file, &text, problems),
        Err(reason) => {
            problems.push(Problem::new(Origin::File { file }, reason));
            Vec::new()
        }
    }
}

/// Finds all values in the text of a file.
pub(super) fn walk(file: &str, text: &str, problems: &mut Vec<Problem>) -> Vec<Given> {
    let (tree, errors) = DeTable::parse_recoverable(text);
    let mut walk = Walk { file, text, broken: Vec::new(), given: Vec::new(), problems };
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        walk.broken.push(walk.place(at).0);
        let advice = if walk.lacks_quotes(at) { "; a text stands in quotes" } else { "" };
        walk.refuse(at, format!("this is not TOML: {}{advice}", error.message()));
    }
    walk.table("", tree.get_ref());
    walk.given
}

fn contents(path: &Path) -> Result<String, String> {
    let unreadable = |error: io::Error| format!("cannot read the configuration: {error}");
    let mut bytes = Vec::new();
    // One byte more than allowed shows that there is more.
    File::open(path)
        .map_err(unreadable)?
        .take(FILE_BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(format!("this is no configuration: it has more than {FILE_BYTES_MAX} bytes"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
        format!("this is no configuration: line {line} is not UTF-8")
    })
}

struct Walk<'w> {
    file: &'w str,
    text: &'w str,
    /// Lines with syntax errors.
    broken: Vec<usize>,
    given: Vec<Given>,
    problems: &'w mut Vec<Problem>,
}

impl Walk<'_> {
    fn table(&mut self, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let (name_at, value_at) = (name.span(), value.span());
            if self.is_broken(&name_at, &value_at) {
                continue;
            }
            let name = name.get_ref();
            let path =
                if section.is_empty() { name.to_string() } else { format!("{section}.{name}") };
            if SECTIONS.contains(&path.as_str()) {
                match value.get_ref() {
                    DeValue::Table(inner) => self.table(&path, inner),
                    _ => self.refuse(name_at.start, format!("{path} is a table: write [{path}]")),
                }
            } else if let Some(key) = Key::find(section, name) {
                let origin = self.origin(value_at.start);
                let value = as_typed(value.get_ref());
                self.given.push(Given { key, value, origin });
            } else {
                self.refuse(name_at.start, unknown(section, &path, name));
            }
        }
    }

    /// Whether a syntax error lies between the beginning of the name and the end of the value.
    fn is_broken(&self, name: &Range<usize>, value: &Range<usize>) -> bool {
        let first = self.place(name.start.min(value.start)).0;
        let last = self.place(name.end.max(value.end)).0;
        self.broken.iter().any(|line| (first..=last).contains(line))
    }

    /// Whether the place is in a value without quotes: the most frequent slip, of which the parser
    /// says what number it failed to be.
    fn lacks_quotes(&self, at: usize) -> bool {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        line.split_once('=').is_some_and(|(name, value)| {
            let begins = value.trim_start().chars().next();
            at - line_start > name.len() && begins.is_some_and(|first| first.is_alphanumeric())
        })
    }

    fn refuse(&mut self, at: usize, reason: String) {
        let problem = Problem::new(self.origin(at), reason);
        self.problems.push(problem);
    }

    fn origin(&self, at: usize) -> Origin {
        let (line, column) = self.place(at);
        Origin::Line { file: self.file.to_owned(), line, column }
    }

    /// Line and character, both from 1, of an offset in bytes.
    fn place(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = 1 + before.matches('\n').count();
        (line, 1 + before[line_start..].chars().count())
    }
}

fn as_typed(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("a number this large"), Value::Integer),
        DeValue::Boolean(boolean) => Value::Boolean(*boolean),
        DeValue::Float(_) => Value::Other("a number with a fraction"),
        DeValue::Datetime(_) => Value::Other("a date or time of day"),
        DeValue::Array(_) => Value::Other("an array"),
        DeValue::Table(_) => Value::Other("a table"),
    }
}

/// The sentence about a name that means nothing where it stands: first a name is looked for that
/// does in the same table, then one anywhere.
fn unknown(section: &str, path: &str, name: &str) -> String {
    let keys = Key::all().map(|key| (key.row().section, key.row().name, key.path()));
    let tables = SECTIONS.iter().map(|path| {
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        (parent, name, (*path).to_owned())
    });
    let known: Vec<(&str, &str, String)> = keys.chain(tables).collect();
    let among = |here: bool| {
        let fitting = known.iter().filter(|(parent, ..)| !here || *parent == section);
        let nearest = suggest::nearest(name, fitting.clone().map(|(_, name, _)| *name))?;
        fitting.clone().find(|(_, name, _)| *name == nearest).map(|(.., path)| path.as_str())
    };
    let suggestion = suggest::did_you_mean(among(true).or_else(|| among(false)));
    format!("there is no setting {path:?}{suggestion}")
}
