//! The file as a source: a TOML tree with places, walked from end to end, so that everything
//! wrong in it is found in one go.
//!
//! After a syntax error the parser goes on as well as it can. What stands on the lines of such
//! an error may be its guess, and is not looked at; the rest of the file is.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::bounds::FILE_BYTES_MAX;
use super::field::{APP_SECTIONS, Field, JWT, JWT_KEYS, TOKEN_KEYS};
use super::key::{APP, Key, SECTIONS};
use super::problem::{Origin, Problem};
use super::typed::{Typed, TypedApp, TypedField, TypedTable};
use super::value::Value;
use super::{Given, name_of, secret, suggest};

/// Reads and walks a file.
pub(super) fn read(path: &Path, problems: &mut Vec<Problem>) -> Typed {
    let file = name_of(path);
    match contents(path) {
        Ok((text, is_world_readable)) => {
            Typed { is_world_readable, ..walk(&file, &text, problems) }
        }
        Err(reason) => {
            problems.push(Problem::new(Origin::File { file }, reason));
            Typed::default()
        }
    }
}

/// Finds all values in the text of a file.
pub(super) fn walk(file: &str, text: &str, problems: &mut Vec<Problem>) -> Typed {
    let (tree, errors) = DeTable::parse_recoverable(text);
    let mut walk = Walk { file, text, broken: Vec::new(), typed: Typed::default(), problems };
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        walk.broken.push(walk.place(at).0);
        let advice = if walk.lacks_quotes(at) { "; a text stands in quotes" } else { "" };
        walk.refuse(at, format!("this is not TOML: {}{advice}", error.message()));
    }
    walk.table("", tree.get_ref());
    walk.typed
}

/// The text of a file, and whether everyone on the machine can read it.
fn contents(path: &Path) -> Result<(String, bool), String> {
    let unreadable = |error: io::Error| format!("cannot read the configuration: {error}");
    let mut bytes = Vec::new();
    // One byte more than allowed shows that there is more.
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.mode();
    file.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(format!("this is no configuration: it has more than {FILE_BYTES_MAX} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
        format!("this is no configuration: line {line} is not UTF-8")
    });
    Ok((text?, secret::is_world_readable(mode)))
}

struct Walk<'w> {
    file: &'w str,
    text: &'w str,
    /// Lines with syntax errors.
    broken: Vec<usize>,
    typed: Typed,
    problems: &'w mut Vec<Problem>,
}

/// A name in a table and what stands there.
struct Entry<'t> {
    /// Where the name begins.
    at: usize,
    name: &'t str,
    /// The name with its table.
    path: String,
    value: &'t Spanned<DeValue<'t>>,
}

impl Walk<'_> {
    fn table(&mut self, section: &str, table: &DeTable<'_>) {
        for entry in self.entries(section, table) {
            if entry.path == APP {
                let apps = self.tables(&entry);
                for (origin, table) in apps {
                    let mut app = TypedApp::new(origin);
                    self.app(APP, table, &mut app);
                    self.typed.apps.push(app);
                }
            } else if SECTIONS.contains(&&*entry.path) {
                if let Some(inner) = self.inner(&entry) {
                    self.table(&entry.path, inner);
                }
            } else if let Some(key) = Key::find(section, entry.name) {
                let given = self.given(key, entry.value);
                self.typed.given.push(given);
            } else {
                self.unknown(section, &entry);
            }
        }
    }

    /// A table of an app.
    fn app(&mut self, section: &str, table: &DeTable<'_>, app: &mut TypedApp) {
        for entry in self.entries(section, table) {
            match &*entry.path {
                TOKEN_KEYS => app.token_keys = self.keys(&entry),
                JWT_KEYS => app.jwt_keys = self.keys(&entry),
                JWT => {
                    let origin = self.origin(entry.at);
                    app.jwt = self.inner(&entry).map(|inner| self.fields(JWT, (origin, inner)));
                }
                path if APP_SECTIONS.contains(&path) => {
                    if let Some(inner) = self.inner(&entry) {
                        self.app(path, inner, app);
                    }
                }
                _ => {
                    if let Some(key) = Key::find_of_apps(section, entry.name) {
                        let given = self.given(key, entry.value);
                        app.given.push(given);
                    } else if let Some(field) = self.field(section, &entry) {
                        app.fields.push(field);
                    }
                }
            }
        }
    }

    fn keys(&mut self, entry: &Entry<'_>) -> Vec<TypedTable> {
        let tables = self.tables(entry);
        tables.into_iter().map(|table| self.fields(&entry.path, table)).collect()
    }

    /// A table that has nothing but fields.
    fn fields(&mut self, section: &str, (origin, table): (Origin, &DeTable<'_>)) -> TypedTable {
        let entries = self.entries(section, table);
        let fields = entries.iter().filter_map(|entry| self.field(section, entry)).collect();
        TypedTable { origin, fields }
    }

    fn field(&mut self, section: &str, entry: &Entry<'_>) -> Option<TypedField> {
        let Some(field) = Field::find(section, entry.name) else {
            self.unknown(section, entry);
            return None;
        };
        let origin = self.origin(entry.value.span().start);
        Some(TypedField { field, value: as_typed(entry.value.get_ref()), origin })
    }

    fn given(&self, key: Key, value: &Spanned<DeValue<'_>>) -> Given {
        let origin = self.origin(value.span().start);
        Given { key, value: as_typed(value.get_ref()), origin }
    }

    /// What stands in a table, but for what a syntax error may have made of it.
    fn entries<'t>(&self, section: &str, table: &'t DeTable<'_>) -> Vec<Entry<'t>> {
        let whole =
            table.iter().filter(|(name, value)| !self.is_broken(&name.span(), &value.span()));
        let entries = whole.map(|(name, value)| {
            let at = name.span().start;
            let name = &**name.get_ref();
            let path =
                if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
            Entry { at, name, path, value }
        });
        entries.collect()
    }

    /// The table that stands there.
    fn inner<'t>(&mut self, entry: &Entry<'t>) -> Option<&'t DeTable<'t>> {
        let Entry { path, .. } = entry;
        let inner = entry.value.get_ref().as_table();
        if inner.is_none() {
            self.refuse(entry.at, format!("{path} is a table: write [{path}]"));
        }
        inner
    }

    /// The list of tables that stands there, each with its place.
    fn tables<'t>(&mut self, entry: &Entry<'t>) -> Vec<(Origin, &'t DeTable<'t>)> {
        let Entry { path, .. } = entry;
        let items = entry.value.get_ref().as_array();
        let tables: Option<Vec<_>> = items.and_then(|items| {
            let tables = items
                .iter()
                .map(|item| Some((self.origin(item.span().start), item.get_ref().as_table()?)));
            tables.collect()
        });
        tables.unwrap_or_else(|| {
            self.refuse(entry.at, format!("{path} is a list of tables: write [[{path}]] for each"));
            Vec::new()
        })
    }

    fn unknown(&mut self, section: &str, entry: &Entry<'_>) {
        self.refuse(entry.at, unknown(section, &entry.path, entry.name));
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
    let keys = Key::all().map(|key| (key.row().section.to_owned(), key.row().name, key.path()));
    let keys_of_apps = Key::all()
        .filter_map(|key| Some((key.section_of_apps()?, key.row().name, key.path_of_apps()?)));
    let fields = Field::all().map(|field| (field.section().to_owned(), field.name(), field.path()));
    let tables = SECTIONS.into_iter().chain(APP_SECTIONS).map(|path| {
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        (parent.to_owned(), name, path.to_owned())
    });
    let known: Vec<(String, &str, String)> =
        keys.chain(tables).chain(keys_of_apps).chain(fields).collect();
    let among = |here: bool| {
        let fitting = known.iter().filter(|(parent, ..)| !here || *parent == section);
        let nearest = suggest::nearest(name, fitting.clone().map(|(_, name, _)| *name))?;
        fitting.clone().find(|(_, name, _)| *name == nearest).map(|(.., path)| path.as_str())
    };
    let suggestion = suggest::did_you_mean(among(true).or_else(|| among(false)));
    format!("there is no setting {path:?}{suggestion}")
}
