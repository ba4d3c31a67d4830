//! Every error at once, each with its place and what to do.

use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::super::Sources;
use super::super::file;
use super::super::key::Key;
use super::super::log::EventLine;
use super::{TestFile, errors_of, from_file, from_flag, nothing, variables};

#[test]
fn errors_of_all_sources_come_out_at_once_in_order() {
    let file = TestFile::new(
        b"[node]\nworkers = 0\nlog = 5\nlistn = \"127.0.0.1:1\"\n\n[sessions]\n  ping_after = 30\n",
    );
    let problems = Sources {
        file: Some(file.0.clone()),
        variables: variables(&[("THRONG_PIN", "maybe"), ("THRONG_WROKERS", "1")]),
        flags: vec![(Key::Io, "select".to_owned()), (Key::Listen, "0.0.0.0:1".to_owned())],
        ..nothing()
    }
    .read()
    .unwrap_err();
    let text = problems.to_string();
    let lines: Vec<&str> = text.lines().collect();
    let begins = [
        ":2:11: node.workers: 0 is neither",
        ":3:7: node.log: 5 is not a text",
        ":4:1: there is no setting \"node.listn\"; did you mean node.listen?",
        ":7:16: sessions.ping_after: 30 has no unit",
        "error: variable THRONG_PIN: node.pin: \"maybe\" is neither true nor false",
        "error: variable THRONG_WROKERS: there is no such variable; did you mean THRONG_WORKERS?",
        "error: flag --io: node.io: \"select\" is none of auto, uring, epoll",
        "error: flag --listen: node.listen: 0.0.0.0:1 can be reached from other machines",
        "8 errors",
    ];
    assert_eq!(lines.len(), begins.len(), "{text}");
    for (line, begin) in lines.iter().zip(begins) {
        assert!(line.contains(begin), "{line}\n{begin}");
    }
    assert!(lines[0].starts_with(&format!("error: {}:2:11: ", file.0.display())), "{text}");
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest_known_one() {
    let cases = [
        (
            "[node]\nlsiten = 1",
            "2:1: there is no setting \"node.lsiten\"; did you mean node.listen?",
        ),
        (
            "[node]\nWorkers = 1",
            "2:1: there is no setting \"node.Workers\"; did you mean node.workers?",
        ),
        ("[sesions]\na = 1", "1:2: there is no setting \"sesions\"; did you mean sessions?"),
        // The right name in the wrong place.
        ("listen = 1", "1:1: there is no setting \"listen\"; did you mean node.listen?"),
        (
            "[sessions.limits]\nrequests_per_second = 1",
            "1:11: there is no setting \"sessions.limits\"; did you mean development.limits?",
        ),
        (
            "[node]\nsecret = 1",
            "2:1: there is no setting \"node.secret\"; did you mean development.secret?",
        ),
        // Nothing is near.
        ("[tls]\ncertificate = 'x'", "1:2: there is no setting \"tls\""),
    ];
    for (text, expected) in cases {
        assert_eq!(errors_of(text), [expected]);
    }
}

#[test]
fn a_value_of_the_wrong_type_is_named_as_what_it_is() {
    let errors = errors_of(
        "[node]\nlisten = 7400\nworkers = \"2\"\npin = \"true\"\nio = ['uring']\nlog = {}\n\
         [sessions]\nhello_deadline = 3.5\noutbound_bytes_max = 1979-05-27\n\
         connections_max = 99999999999999999999999999999999999999999\n[development]\nlimits = 3\n",
    );
    let expected = [
        "2:10: node.listen: 7400 is not a text: write it in quotes",
        "3:11: node.workers: \"2\" is neither a whole number from 1 to 256 nor \"auto\"",
        "4:7: node.pin: \"true\" is a text: write true without quotes",
        "5:6: node.io: an array is not a text",
        "6:7: node.log: a table is not a text",
        "8:18: sessions.hello_deadline: a number with a fraction is not a whole number and one of",
        "9:22: sessions.outbound_bytes_max: a date or time of day is not",
        "10:19: sessions.connections_max: a number this large is neither",
        "12:1: development.limits is a table: write [development.limits]",
    ];
    assert_eq!(errors.len(), expected.len(), "{errors:#?}");
    for (error, expected) in errors.iter().zip(expected) {
        assert!(error.starts_with(expected), "{error}\n{expected}");
    }
}

#[test]
fn what_is_not_toml_does_not_hide_the_errors_around_it() {
    let errors = errors_of(
        "[node]\nlisten = 127.0.0.1:7400\nworkers = 0\nlog = info\nx = 1\nx = 2\n[sessions]\ny = 3\n",
    );
    let places: Vec<&str> = errors.iter().map(|error| error.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["2:15", "3:11", "4:7", "5:1", "6:1", "8:1"], "{errors:#?}");
    for unquoted in [&errors[0], &errors[2]] {
        assert!(unquoted.contains("this is not TOML"), "{unquoted}");
        assert!(unquoted.ends_with("a text stands in quotes"), "{unquoted}");
    }
}

#[test]
fn an_open_quote_is_one_error_and_not_many() {
    let errors = errors_of("[node]\nlog = \"\"\"info\nworkers = 0\n[sessions]\nping_after = 3\n");
    assert_eq!(errors.len(), 1, "{errors:#?}");
}

#[test]
fn whatever_stands_in_a_file_every_error_has_a_place_in_it() {
    let good = "[node]\nlog = 'é' # ü\npin=true\n[development.limits]\nrequests_per_second = 1\n";
    let odd = ["\"", "'", "[", "]", "=", "\n", "\r", "{", ".", "#", "\u{0}", "ß", "\u{10ffff}", ""];
    for (at, replaced) in good.char_indices() {
        let after = &good[at + replaced.len_utf8()..];
        for with in odd {
            for text in [format!("{}{with}{after}", &good[..at]), format!("{}{with}", &good[..at])]
            {
                let mut problems = Vec::new();
                drop(file::walk("x.toml", &text, &mut problems));
                for problem in problems {
                    let place = problem.to_string();
                    let line = place.split(':').nth(1).expect("there is a line");
                    let lines = 1 + text.matches('\n').count();
                    assert!((1..=lines).contains(&line.parse().unwrap()), "{text:?}: {place}");
                }
            }
        }
    }
}

#[test]
fn a_bad_value_is_an_error_even_if_a_stronger_source_replaces_it() {
    let file = TestFile::new(b"[node]\nworkers = 0\n");
    let sources = Sources {
        file: Some(file.0.clone()),
        flags: vec![(Key::Workers, "2".to_owned())],
        ..nothing()
    };
    assert_eq!(sources.read().unwrap_err().iter().count(), 1);
}

#[test]
fn an_address_matters_only_if_it_is_the_one_that_is_meant() {
    let file = TestFile::new(b"[node]\nlisten = \"0.0.0.0:7400\"\n");
    let sources = Sources {
        file: Some(file.0.clone()),
        flags: vec![(Key::Listen, "127.0.0.1:7400".to_owned())],
        ..nothing()
    };
    sources.read().unwrap();
}

#[test]
fn a_room_that_keeps_too_little_to_hold_a_seat_is_refused_where_that_was_said_last() {
    let reason = "a room that keeps 50 messages (ring_messages) cannot hold a seat for 50 \
                  (grace_messages): ring_messages must be above grace_messages, so that whoever \
                  comes back in time finds all that it missed";
    let rooms = "[development.rooms]\n";
    let cases = [
        ("grace_messages = 50\n", "2:18: development.rooms.grace_messages"),
        ("ring_messages = 50\ngrace_messages = 50\n", "3:18: development.rooms.grace_messages"),
        ("grace_messages = 50\nring_messages = 50\n", "3:17: development.rooms.ring_messages"),
    ];
    for (text, place) in cases {
        assert_eq!(errors_of(&format!("{rooms}{text}")), [format!("{place}: {reason}")]);
    }
    from_file(&format!("{rooms}grace_messages = 9999\nring_messages = 10000\n")).unwrap();
    // Nothing follows from a value that is no good itself.
    let errors = errors_of(&format!("{rooms}ring_messages = 20000\ngrace_messages = 100\n"));
    assert_eq!(errors.len(), 1, "{errors:#?}");
}

#[test]
fn a_file_that_cannot_be_read_is_one_error_with_the_reason() {
    let missing = Sources { file: Some(PathBuf::from("/no/such/throng.toml")), ..nothing() };
    let text = missing.read().unwrap_err().to_string();
    assert!(
        text.contains("/no/such/throng.toml: cannot read the configuration: No such"),
        "{text}"
    );
    for (bytes, reason) in [
        (vec![b'#'; 1024 * 1024 + 1], "it has more than 1048576 bytes"),
        (b"[node]\n# \xff\n".to_vec(), "line 2 is not UTF-8"),
    ] {
        let file = TestFile::new(&bytes);
        let sources = Sources { file: Some(file.0.clone()), ..nothing() };
        let text = sources.read().unwrap_err().to_string();
        assert!(text.contains(reason), "{text}");
    }
    from_file(&"#".repeat(1024 * 1024)).unwrap();
}

#[test]
fn only_a_variable_that_is_nearly_ours_is_taken_for_a_mistake() {
    let read = |name: &str| Sources { variables: variables(&[(name, "x")]), ..nothing() }.read();
    for name in ["THRONG_LISTN", "THRONG_HELO_DEADLINE", "THRONG_CONFG", "THRONG_DEVELOPMENT_KEYS"]
    {
        assert!(read(name).unwrap_err().to_string().contains("did you mean THRONG_"), "{name}");
    }
    // What an orchestrator sets for a service called throng; and what has nothing to do with us.
    for name in
        ["THRONG_PORT", "THRONG_SERVICE_HOST", "THRONG_PORT_7400_TCP", "LISTEN", "throng_log"]
    {
        read(name).unwrap();
    }
}

#[test]
fn a_variable_that_is_not_text_is_refused() {
    let bytes = std::ffi::OsString::from_vec(vec![0xff]);
    let sources = Sources { variables: vec![("THRONG_LOG".into(), bytes)], ..nothing() };
    let text = sources.read().unwrap_err().to_string();
    assert!(text.contains("variable THRONG_LOG: node.log: the value is not UTF-8"), "{text}");
}

#[test]
fn a_secret_is_never_part_of_an_error() {
    let long = format!("hush{}", "x".repeat(3000));
    assert!(!from_flag(Key::Secret, &long).unwrap_err().to_string().contains("hush"));
    assert!(!from_flag(Key::Secret, "hush\n").unwrap_err().to_string().contains("hush"));
    let errors = errors_of("[development]\nsecret = 123456\n");
    assert!(!errors[0].contains("123456"), "{errors:?}");
}

#[test]
fn nothing_that_a_terminal_obeys_is_printed() {
    let hostile = "\u{1b}]0;x\u{7}\r\u{9b}2J";
    let name: String = hostile.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
    let problems = [
        from_file(&format!("[node]\n\"{name}\" = 1\nlog = \"{name}\"\n")).unwrap_err(),
        from_flag(Key::Io, hostile).unwrap_err(),
        Sources { file: Some(PathBuf::from(hostile)), ..nothing() }.read().unwrap_err(),
    ];
    for problems in problems {
        let text = problems.to_string();
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    }
}

#[test]
fn one_event_is_one_line_of_the_log_whatever_is_in_it() {
    use std::io::Write;
    let mut line = Vec::new();
    let event = b"INFO one\nERROR two\x1b[2J \xff\r\n";
    assert_eq!(EventLine(&mut line).write(event).unwrap(), event.len());
    assert_eq!(String::from_utf8(line).unwrap(), "INFO one\\nERROR two\\u{1b}[2J \u{fffd}\\r\n");
}
