//! What every file owes its reader: a head that says what it is for, a size that fits a head,
//! links that lead somewhere, and the words of the glossary.

use crate::files::{self, Source, top};

const LINES_MAX: usize = 700;

/// Names that say that the job of a file is not known yet.
const VAGUE: &[&str] =
    &["manager", "helper", "util", "utils", "common", "context", "misc", "engine", "service"];

fn complaints(source: &Source) -> Vec<String> {
    let mut bad = Vec::new();
    let Source { path, text } = source;
    let generated_or_fuzz = path.contains("/fuzz/");
    if !text.starts_with("//!") && !text.starts_with("#![no_main]") && !generated_or_fuzz {
        bad.push(format!("{path}: begins without saying what it is for (`//!`)"));
    }
    let lines = source.without_tests().lines().count();
    if lines > LINES_MAX {
        bad.push(format!("{path}: has {lines} lines without its tests, {LINES_MAX} at most"));
    }
    let stem = path.rsplit('/').next().and_then(|name| name.strip_suffix(".rs"));
    if stem.is_some_and(|stem| stem.split('_').any(|word| VAGUE.contains(&word))) {
        bad.push(format!("{path}: is named after no job"));
    }
    bad
}

fn dead_links(page: &Source) -> Vec<String> {
    let folder = top().join(&page.path);
    let folder = folder.parent().expect("a page is in a folder");
    let links = page.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links
        .map(|link| link.split('#').next().unwrap_or_default())
        .filter(|link| !link.is_empty() && !link.contains("://") && !link.contains(' '))
        .filter(|link| !folder.join(link).exists())
        .map(|link| format!("{}: {link} does not exist", page.path))
        .collect()
}

#[test]
fn every_file_says_what_it_is_for_and_fits_a_head() {
    let bad: Vec<_> = files::all(".rs").iter().flat_map(complaints).collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn every_link_in_the_documentation_leads_somewhere() {
    let bad: Vec<_> = files::all(".md").iter().flat_map(dead_links).collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn the_top_level_is_the_planned_one() {
    let planned = [
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "bench",
        "broker",
        "client",
        "clippy.toml",
        "deny.toml",
        "docs",
        "protocol",
        "rustfmt.toml",
        "target",
        "tests",
    ];
    for entry in std::fs::read_dir(top()).expect("the top is readable") {
        let name = entry.expect("its entries are, too").file_name();
        let name = name.to_string_lossy();
        assert!(name.starts_with('.') || planned.contains(&&*name), "{name} is not planned");
    }
}

#[test]
fn planted_offences_are_caught() {
    let plant = |path: &str, text: &str| {
        complaints(&Source { path: path.to_owned(), text: text.to_owned() }).len()
    };
    assert_eq!(plant("broker/src/x.rs", "use std::io;"), 1);
    assert_eq!(plant("broker/src/x.rs", &format!("//! x\n{}", "\n".repeat(LINES_MAX))), 1);
    assert_eq!(plant("broker/src/room_manager.rs", "//! x"), 1);
    assert_eq!(plant("broker/src/x.rs", "//! x"), 0);
    let page = Source { path: "docs/x.md".to_owned(), text: "[a](nowhere.md)".to_owned() };
    assert_eq!(dead_links(&page).len(), 1);
}
