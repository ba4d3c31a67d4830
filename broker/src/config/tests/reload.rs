//! Reading again while a broker runs.

use std::fs;

use super::super::reload::reload;
use super::super::{Config, Sources};
use super::apps::{GOOD, OTHER, app};
use super::{TestFile, nothing};

fn running(text: &str) -> (TestFile, Sources, Config) {
    let file = TestFile::new(text.as_bytes());
    let sources = Sources { file: Some(file.0.clone()), ..nothing() };
    let config = sources.clone().read().unwrap().config;
    (file, sources, config)
}

#[test]
fn new_keys_come_in_the_order_of_the_apps_that_run() {
    let begin = "[development]\nenabled = true\n";
    let (file, sources, config) = running(&(begin.to_owned() + &app("a", "") + &app("b", "")));
    let changed = app("b", "").replace(GOOD, OTHER);
    fs::write(&file.0, begin.to_owned() + &changed + &app("a", "")).unwrap();
    let reloaded = reload(&sources, &config).unwrap();
    assert_eq!((reloaded.renewed, reloaded.needs_restart), (vec![2], Vec::<String>::new()));
    assert_eq!(reloaded.keys.len(), 3);
    assert!(reloaded.keys[0].is_empty(), "the development app has none");
    assert_eq!(reloaded.keys[1], config.apps[1].keys);
    assert_eq!(reloaded.keys[2].tokens[0].secret.expose(), OTHER);
}

#[test]
fn whatever_else_is_set_differently_is_named() {
    let (file, sources, config) = running(&(app("a", "") + &app("b", "")));
    let changed = app("a", "token_life_max = \"1h\"\n[app.rooms]\ngrace = \"1s\"\n");
    fs::write(&file.0, "[node]\nworkers = 1\n".to_owned() + &changed + &app("c", "")).unwrap();
    let reloaded = reload(&sources, &config).unwrap();
    let expected = [
        "node.workers",
        "app.rooms.grace of \"a\"",
        "app.token_life_max of \"a\"",
        "app \"b\" (taken out)",
        "app \"c\" (added)",
    ];
    assert_eq!(reloaded.needs_restart, expected);
    assert_eq!(reloaded.keys, [config.apps[0].keys.clone(), config.apps[1].keys.clone()]);
}

#[test]
fn a_file_that_would_start_no_broker_changes_nothing() {
    let (file, sources, config) = running(&app("a", ""));
    fs::write(&file.0, app("a", "").replace(GOOD, "short")).unwrap();
    assert_eq!(reload(&sources, &config).unwrap_err().iter().count(), 1);
    fs::remove_file(&file.0).unwrap();
    reload(&sources, &config).unwrap_err();
}
