//! Which source wins, and what is taken for one.

use super::super::Sources;
use super::super::command::{Asked, Verb};
use super::super::key::Key;
use super::super::problem::Origin;
use super::{CORES, TestFile, from_file, nothing, shown, variables};

#[test]
fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
    let file =
        TestFile::new(b"[sessions]\nhello_deadline = '11s'\n[node]\nworkers = 1\nio = 'epoll'\n");
    let loaded = Sources {
        file: Some(file.0.clone()),
        variables: variables(&[("THRONG_WORKERS", "2"), ("THRONG_PIN", "false")]),
        flags: vec![(Key::Workers, "3".to_owned())],
        ..nothing()
    }
    .read()
    .unwrap();
    assert_eq!(shown(&loaded, Key::Workers), "3");
    assert_eq!(shown(&loaded, Key::Pin), "false");
    assert_eq!(shown(&loaded, Key::Io), "\"epoll\"");
    assert_eq!(shown(&loaded, Key::HelloDeadline), "\"11s\"");
    assert_eq!(shown(&loaded, Key::FrameDeadline), "\"10s\"");
    assert_eq!(loaded.origins[&Key::Workers], Origin::Flag("workers"));
    assert_eq!(loaded.origins[&Key::Pin], Origin::Variable("THRONG_PIN".to_owned()));
    assert!(loaded.origins[&Key::Io].to_string().ends_with(".toml:5:6"));
    assert_eq!(loaded.origins.get(&Key::FrameDeadline), None);
}

#[test]
fn the_file_named_by_a_flag_beats_the_one_named_by_a_variable() {
    let (first, second) =
        (TestFile::new(b"[node]\nworkers = 1"), TestFile::new(b"[node]\nworkers = 2"));
    let named = [("THRONG_CONFIG".into(), first.0.clone().into())];
    let by_variable = Sources { variables: named.to_vec(), ..nothing() };
    assert_eq!(by_variable.clone().read().unwrap().config.workers.get(), 1);
    let by_both = Sources { file: Some(second.0.clone()), ..by_variable };
    assert_eq!(by_both.read().unwrap().config.workers.get(), 2);
}

#[test]
fn every_setting_can_be_set_by_a_variable() {
    let defaults = nothing().read().unwrap();
    for key in Key::all() {
        // These only go together; `values` has them.
        if STANDS_NOT_ALONE.contains(&key) {
            continue;
        }
        let text = other_than_default(key);
        let sources = Sources { variables: variables(&[(&key.variable(), text)]), ..nothing() };
        let loaded = sources.read().unwrap();
        assert_ne!(loaded.config, defaults.config, "{key:?}");
        assert_eq!(shown(&loaded, key).trim_matches('"'), text);
    }
}

#[test]
fn every_setting_but_the_secret_can_be_set_by_a_flag() {
    for verb in [&["throng"][..], &["throng", "serve"], &["throng", "check"]] {
        for key in Key::all() {
            let flag = format!("--{}", key.row().flat);
            let words = verb.iter().copied().chain([flag.as_str(), other_than_default(key)]);
            let asked = Asked::parse(words.map(Into::into));
            if key == Key::Secret {
                asked.expect_err("command lines are seen by all");
                continue;
            }
            let flags = asked.unwrap().flags;
            assert_eq!(flags, [(key, other_than_default(key).to_owned())]);
        }
    }
}

#[test]
fn without_a_command_it_serves() {
    let verb = |words: &[&str]| Asked::parse(words.iter().map(Into::into)).map(|asked| asked.verb);
    assert_eq!(verb(&["throng"]).unwrap(), Verb::Serve);
    assert_eq!(verb(&["throng", "-c", "x.toml"]).unwrap(), Verb::Serve);
    assert_eq!(verb(&["throng", "serve"]).unwrap(), Verb::Serve);
    assert_eq!(verb(&["throng", "check", "--config", "x.toml"]).unwrap(), Verb::Check);
    // Else the flag would be lost without a word.
    assert_eq!(verb(&["throng", "--workers", "1", "check"]).unwrap_err().exit_code(), 2);
}

#[test]
fn an_empty_variable_is_as_good_as_none() {
    let names: Vec<String> =
        Key::all().map(Key::variable).chain(["THRONG_CONFIG".to_owned()]).collect();
    let pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let loaded = Sources { variables: variables(&pairs), ..nothing() }.read().unwrap();
    assert_eq!(loaded.config, nothing().read().unwrap().config);
}

#[test]
fn a_file_may_use_whatever_notation_toml_has() {
    let loaded = from_file(
        "node.workers = 0x2\r\nsessions = { ping_after = \"1m\" }\r\n\
         [development]\r\nlimits.requests_per_second = 1_000\r\n",
    )
    .unwrap();
    assert_eq!(shown(&loaded, Key::Workers), "2");
    assert_eq!(shown(&loaded, Key::PingAfter), "\"1m\"");
    assert_eq!(shown(&loaded, Key::Requests), "1000");
}

#[test]
fn auto_takes_back_what_a_weaker_source_said() {
    let file = TestFile::new(b"[node]\nworkers = 1\n[sessions]\nconnections_max = 5");
    let loaded = Sources {
        file: Some(file.0.clone()),
        flags: [Key::Workers, Key::ConnectionsMax].map(|key| (key, "auto".to_owned())).to_vec(),
        ..nothing()
    }
    .read()
    .unwrap();
    assert_eq!(loaded.config.workers, CORES);
    assert_eq!(loaded.config.connections_max, None);
}

/// Settings that are good only along with others.
pub(super) const STANDS_NOT_ALONE: [Key; 4] =
    [Key::TlsListen, Key::TlsCertificate, Key::TlsKey, Key::Enabled];

/// A good value of each setting that is not its default, as it is shown again.
pub(super) fn other_than_default(key: Key) -> &'static str {
    match key {
        Key::Listen => "[::1]:7401",
        Key::TlsListen => "127.0.0.1:7443",
        Key::TlsCertificate => "/certificate.pem",
        Key::TlsKey => "/key.pem",
        Key::ProxyFrom => "10.0.0.5, 10.1.0.0/16",
        Key::ConnectionsPerAddress => "20",
        Key::AcceptsPerAddress => "unlimited",
        Key::Enabled => "false",
        Key::Workers => "3",
        Key::Pin | Key::CreateOnJoin => "false",
        Key::Io => "epoll",
        Key::Log => "warn,throng_broker=debug",
        Key::LogForm => "json",
        Key::HelloDeadline => "1500ms",
        Key::FrameDeadline => "20s",
        Key::PingAfter => "2m",
        Key::OutboundBytesMax => "1MiB",
        Key::ConnectionsMax => "9000",
        Key::AppKey => "my.app",
        Key::Secret => "another secret",
        Key::Anonymous | Key::PublishWithoutJoin => "true",
        Key::RoomsPerUser => "100",
        Key::RoomIdle => "2d",
        Key::ClientMessages => "unlimited",
        Key::ServerMessages => "10000",
        Key::Requests => "1",
        Key::ProtectedKinds => "tip,gift",
        Key::LowKinds => "like",
        Key::RoomLifetime => "3d",
        Key::RoomEmpty => "90s",
        Key::MembersMax => "5000",
        Key::FixedMembersMax => "12",
        Key::RingMessages => "51",
        Key::RingBytes => "256KiB",
        Key::Grace => "3m",
        Key::GraceMessages => "31",
        Key::Presence => "counts",
        Key::PresenceFullMax => "99",
        Key::KeepAliveMax => "0",
        Key::MemberQueries => "2",
        Key::Refused => "7",
        Key::QuotaHighOnly => "8",
        Key::QuotaShared => "9",
        Key::QuotaProtected => "unlimited",
        Key::ReceiverNormal => "30",
        Key::ReceiverHigh => "11",
    }
}
