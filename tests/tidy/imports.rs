//! Who may import whom: the picture in `docs/architecture.md`, enforced.

use std::collections::BTreeSet;

use crate::files::{self, Source};

/// For each module of the broker, the modules it may name. Whoever is not listed may name all.
const BROKER: &[(&str, &[&str])] = &[
    // The core: plain values, then parts that know no sibling, then the shard that knows them.
    ("time", &[]),
    ("slots", &[]),
    ("limits", &[]),
    ("probe", &[]),
    ("class", &[]),
    ("names", &[]),
    ("nature", &["limits"]),
    ("page", &[]),
    ("id", &["slots"]),
    ("rate", &["limits", "probe", "time"]),
    ("sanctions", &["page", "time"]),
    ("counters", &["class"]),
    ("grant", &["time"]),
    ("app", &["class", "grant", "id", "limits", "names", "nature", "rate", "time"]),
    (
        "room",
        &[
            "class",
            "id",
            "limits",
            "names",
            "nature",
            "page",
            "probe",
            "rate",
            "sanctions",
            "slots",
            "time",
        ],
    ),
    ("session", &["class", "grant", "id", "limits", "probe", "rate", "slots", "time"]),
    ("envelope", &["class", "counters", "id", "names", "page", "room", "sanctions", "time"]),
    ("event", &["app", "envelope", "id", "time"]),
    (
        "shard",
        &[
            "app",
            "class",
            "counters",
            "envelope",
            "event",
            "grant",
            "id",
            "limits",
            "names",
            "nature",
            "page",
            "probe",
            "rate",
            "room",
            "sanctions",
            "session",
            "slots",
            "time",
        ],
    ),
    // The shell.
    ("io", &["event", "id", "limits", "slots", "time"]),
    ("mesh", &["limits", "probe"]),
    ("journal", &["event", "time"]),
    ("worker", &["app", "envelope", "event", "id", "io", "journal", "mesh", "shard", "time"]),
    ("config", &["app", "io", "limits", "names", "nature", "session"]),
    ("tokens", &["app", "config", "limits"]),
    ("renewal", &["app", "io", "mesh", "worker"]),
    ("node", &["app", "config", "id", "io", "limits", "mesh", "renewal", "shard", "worker"]),
    ("signals", &["config", "node", "renewal"]),
];

const CORE: &[&str] = &[
    "time",
    "slots",
    "limits",
    "probe",
    "class",
    "names",
    "nature",
    "page",
    "id",
    "rate",
    "sanctions",
    "counters",
    "grant",
    "app",
    "room",
    "session",
    "envelope",
    "event",
    "shard",
];

/// What would let the outside world into the core.
const OUTSIDE: &[&str] = &[
    "std::net",
    "std::fs",
    "std::io",
    "std::thread",
    "std::env",
    "std::process",
    "std::sync",
    "Instant::now",
    "SystemTime",
    "getrandom",
    "socket2",
    "mio::",
    "io_uring",
    "tracing::",
];

/// For each crate, the crates of ours it may depend on.
const CRATES: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("client", &["throng-protocol"]),
    ("bench", &["throng-protocol", "throng-client"]),
    ("broker", &["throng-protocol"]),
    ("tests", &["throng-protocol", "throng-client", "throng-broker"]),
];

/// The module of the broker that a file belongs to.
fn module(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("broker/src/")?;
    let first = inside.split('/').next()?;
    Some(first.strip_suffix(".rs").unwrap_or(first))
}

/// The lines of a text that are not comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

/// The modules of the broker that a text names.
fn named(text: &str) -> BTreeSet<&str> {
    code(text)
        .flat_map(|line| line.split("crate::").skip(1))
        .flat_map(|after| {
            let ends = |c: char| !(c.is_alphanumeric() || c == '_');
            match after.strip_prefix('{') {
                // `use crate::{a, b::c};`
                Some(list) => list.split(',').map(str::trim).collect::<Vec<_>>(),
                None => vec![after],
            }
            .into_iter()
            .map(move |name| name.split(ends).next().unwrap_or_default())
        })
        .filter(|name| !name.is_empty())
        .collect()
}

fn bad_imports(sources: &[Source]) -> Vec<String> {
    let mut bad = Vec::new();
    for source in sources {
        let Some(module) = module(&source.path) else { continue };
        let Some((_, allowed)) = BROKER.iter().find(|(name, _)| *name == module) else { continue };
        for name in named(source.without_tests()) {
            let is_module = BROKER.iter().any(|(other, _)| *other == name);
            if is_module && name != module && !allowed.contains(&name) {
                bad.push(format!("{}: `{module}` may not import `{name}`", source.path));
            }
        }
        if CORE.contains(&module) {
            let named = |it: &&&str| code(source.without_tests()).any(|line| line.contains(**it));
            for outside in OUTSIDE.iter().filter(named) {
                bad.push(format!("{}: the core may not name `{outside}`", source.path));
            }
        }
    }
    bad
}

fn bad_dependencies(manifests: &[Source]) -> Vec<String> {
    let mut bad = Vec::new();
    for (name, allowed) in CRATES {
        let path = format!("{name}/Cargo.toml");
        let manifest = manifests.iter().find(|own| own.path == path).expect("a manifest each");
        let ours = manifest.text.lines().filter_map(|line| {
            let dependency = line.split(['.', '=', ' ']).next()?;
            dependency.starts_with("throng-").then_some(dependency)
        });
        for dependency in ours.filter(|own| !allowed.contains(own)) {
            bad.push(format!("{path}: may not depend on {dependency}"));
        }
    }
    bad
}

#[test]
fn every_import_is_in_the_table() {
    let bad = bad_imports(&files::all(".rs"));
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn every_module_of_the_broker_is_in_the_table() {
    for source in files::all(".rs") {
        if let Some(module) = module(&source.path)
            && !["lib", "main"].contains(&module)
        {
            let known = BROKER.iter().any(|(name, _)| *name == module);
            assert!(known, "{}: add `{module}` to the table and to the picture", source.path);
        }
    }
}

#[test]
fn every_dependency_between_crates_is_in_the_table() {
    let bad = bad_dependencies(&files::all("Cargo.toml"));
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn the_picture_in_the_documentation_is_the_table() {
    let page = files::all("docs/architecture.md".rsplit('/').next().expect("a name"));
    let page = page.iter().find(|own| own.path == "docs/architecture.md").expect("it exists");
    for (module, allowed) in BROKER {
        let allowed = if allowed.is_empty() { "-".to_owned() } else { allowed.join(" ") };
        let row = format!("| `{module}` | {allowed} |");
        assert!(page.text.contains(&row), "docs/architecture.md has no row {row}");
    }
}

#[test]
fn planted_bad_imports_are_caught() {
    let plant = |path: &str, text: &str| {
        bad_imports(&[Source { path: path.to_owned(), text: text.to_owned() }])
    };
    assert_eq!(plant("broker/src/room/members.rs", "use crate::session::Session;").len(), 1);
    assert_eq!(plant("broker/src/room/mod.rs", "use crate::{id::AppId, shard::Shard};").len(), 1);
    assert_eq!(plant("broker/src/shard/mod.rs", "    crate::io::listen::open();").len(), 1);
    assert_eq!(plant("broker/src/mesh/mod.rs", "use crate::envelope::Envelope;").len(), 1);
    assert_eq!(plant("broker/src/shard/x.rs", "let now = std::time::Instant::now();").len(), 1);
    assert_eq!(plant("broker/src/time.rs", "use crate::id::ShardId;").len(), 1);
    assert!(
        plant("broker/src/shard/mod.rs", "// see crate::io\nuse crate::room::Room;").is_empty()
    );
    let manifest = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let mut manifests: Vec<_> =
        CRATES.iter().map(|(name, _)| manifest(&format!("{name}/Cargo.toml"), "")).collect();
    manifests[1].text = "throng-broker.workspace = true".to_owned();
    assert_eq!(bad_dependencies(&manifests).len(), 1);
}
