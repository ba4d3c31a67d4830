//! The printed configuration, the help and the operations page all say what is so.

use std::fs;

use super::super::Sources;
use super::super::command;
use super::super::effective::{default_of, default_of_field, to_toml};
use super::super::field::{Field, JWT, JWT_KEYS, TOKEN_KEYS};
use super::super::key::{APP, Key, SECTIONS};
use super::sources::{STANDS_NOT_ALONE, other_than_default};
use super::{from_file, nothing};

const OPERATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations.md");

#[test]
fn what_check_prints_means_the_same() {
    let all = Key::all().filter(|key| !STANDS_NOT_ALONE.contains(key));
    let all = all.map(|key| (key, other_than_default(key).to_owned()));
    let odd = [
        (Key::Secret, "quote \" ' ''' \"\"\" back\\slash # ünïcode".to_owned()),
        (Key::HelloDeadline, "12345ms".to_owned()),
        (Key::OutboundBytesMax, "163841B".to_owned()),
        (Key::ConnectionsMax, "auto".to_owned()),
    ];
    for flags in [Vec::new(), all.collect(), odd.to_vec()] {
        let loaded = Sources { flags, ..nothing() }.read().unwrap();
        let printed = to_toml(&loaded);
        let again = from_file(&printed).unwrap();
        assert_eq!(again.config, loaded.config, "{printed}");
        assert_eq!(again.origins.len(), Key::all().count(), "every setting is printed");
    }
}

#[test]
fn what_check_prints_says_where_a_value_comes_from() {
    let flags = vec![(Key::Workers, "2".to_owned())];
    let printed = to_toml(&Sources { flags, ..nothing() }.read().unwrap());
    assert!(printed.contains("\nworkers = 2 # flag --workers\n"), "{printed}");
    assert!(printed.contains("\npin = true\n"), "{printed}");
}

#[test]
fn a_default_that_is_written_into_the_file_changes_nothing() {
    let mut file = String::new();
    for section in SECTIONS {
        file.push_str(&format!("[{section}]\n"));
        for key in Key::all().filter(|key| key.row().section == section) {
            file.push_str(&format!("{} = {}\n", key.row().name, default_of(key)));
        }
    }
    let defaults = nothing().read().unwrap();
    assert_eq!(from_file(&file).unwrap().config, defaults.config);
}

#[test]
fn the_command_line_is_sound_and_its_help_names_every_flag() {
    command::command().debug_assert();
    let help = command::command().render_long_help().to_string();
    for key in Key::all() {
        assert!(help.contains(&key.variable()), "{key:?}");
        assert_eq!(help.contains(&format!("--{} ", key.row().flat)), key.has_flag(), "{key:?}");
    }
}

#[test]
fn the_operations_page_has_a_row_for_every_setting() {
    let page = fs::read_to_string(OPERATIONS).unwrap();
    let mut place = 0;
    for section in SECTIONS {
        let heading = format!("### `[{section}]`");
        let at = page.find(&heading).unwrap_or_else(|| panic!("no heading {heading}"));
        let rows = page[at + heading.len()..].split("\n#").next().unwrap();
        assert!(place < at, "in the order of the file");
        place = at;
        let keys = || Key::all().filter(|key| key.row().section == section);
        for key in keys() {
            let row = key.row();
            let flag = if key.has_flag() { format!("`--{}`", row.flat) } else { "none".to_owned() };
            let begin = format!(
                "| `{}` | {flag} | `{}` | `{}` |",
                row.name,
                key.variable(),
                default_of(key)
            );
            assert!(rows.contains(&begin), "{begin}");
        }
        assert_eq!(rows.matches("\n| `").count(), keys().count(), "{section}");
    }
}

#[test]
fn the_operations_page_has_a_row_for_every_field_of_an_app() {
    let page = fs::read_to_string(OPERATIONS).unwrap();
    for section in [APP, TOKEN_KEYS, JWT, JWT_KEYS] {
        let heading =
            if section == JWT { format!("[{section}]") } else { format!("[[{section}]]") };
        let heading = format!("### `{heading}`");
        let at = page.find(&heading).unwrap_or_else(|| panic!("no heading {heading}"));
        let rows = page[at + heading.len()..].split("\n#").next().unwrap();
        let fields = || Field::all().filter(|field| field.section() == section);
        for field in fields() {
            let default = default_of_field(field);
            let default = default.map_or("none".to_owned(), |default| format!("`{default}`"));
            let begin = format!("| `{}` | {default} |", field.name());
            assert!(rows.contains(&begin), "{begin}");
        }
        assert_eq!(rows.matches("\n| `").count(), fields().count(), "{section}");
    }
}

#[test]
fn the_example_of_the_operations_page_is_good() {
    let page = fs::read_to_string(OPERATIONS).unwrap();
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    from_file(example).unwrap_or_else(|problems| panic!("{problems}"));
}
