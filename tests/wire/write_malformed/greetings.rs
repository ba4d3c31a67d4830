//! What others than clients of ours say first, and everything about the length prefix.

use super::file::{CLIENT, Case, FIRST};
use super::frames::frame;

/// Other protocols. Their first four bytes, read as a length, are all too much.
const FOREIGN: &[(&str, &[u8])] = &[
    ("http-get", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ("http-post", b"POST /rooms HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"),
    ("http-options", b"OPTIONS * HTTP/1.1\r\n\r\n"),
    ("http-2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("websocket", b"GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"),
    ("tls-1-2", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03"),
    ("tls-1-3", b"\x16\x03\x03\x02\x00\x01\x00\x01\xfc\x03\x03"),
    ("ssl-2", b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10"),
    ("ssh", b"SSH-2.0-OpenSSH_9.9\r\n"),
    ("smtp", b"EHLO example.org\r\n"),
    ("mqtt", b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"),
    ("amqp", b"AMQP\x00\x00\x09\x01"),
    ("redis", b"*1\r\n$4\r\nPING\r\n"),
    ("nats", b"CONNECT {\"verbose\":false}\r\n"),
    ("stomp", b"CONNECT\naccept-version:1.2\n\n\x00"),
    ("xmpp", b"<?xml version='1.0'?><stream:stream>"),
    ("irc", b"NICK mallory\r\n"),
    ("kafka", b"\x00\x00\x00\x2f\x00\x12\x00\x03"),
    ("postgres-ssl", b"\x00\x00\x00\x08\x04\xd2\x16\x2f"),
    ("rdp", b"\x03\x00\x00\x13\x0e\xe0\x00\x00"),
    ("proxy-1", b"PROXY TCP4 127.0.0.1 127.0.0.1 1 7400\r\n"),
    ("proxy-2", b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c"),
    ("blank-lines", b"\r\n\r\n\r\n\r\n"),
    ("terminal", b"hello?\r\n"),
];

/// Adds the cases.
pub fn add(cases: &mut Vec<Case>) {
    for (name, bytes) in FOREIGN {
        let name = format!("greeting-{name}");
        let case = Case::new(&name, FIRST, vec![bytes.to_vec()], "GoAway TOO_LARGE");
        cases.push(case.because("Another protocol: its first four bytes are a length above 4092."));
    }
    too_large(cases);
    unfinished(cases);
    bodies(cases);
}

fn too_large(cases: &mut Vec<Case>) {
    let firsts = [4093_u32, 4096, 65_536, 139_264, 1 << 31, u32::MAX];
    let opens = [139_265, 139_268, 0x0020_0000, 1 << 31, u32::MAX];
    for (when, max, lengths) in [(FIRST, 4092, &firsts[..]), (CLIENT, 139_264, &opens[..])] {
        for length in lengths {
            let name = format!("prefix-{length}-{when}");
            let why = format!("A body of {length} bytes is announced; {max} are allowed here.");
            let pieces = vec![length.to_le_bytes().to_vec()];
            cases.push(Case::new(&name, when, pieces, "GoAway TOO_LARGE").because(why));
        }
        let pieces = vec![(max + 1_u32).to_le_bytes().to_vec(), vec![19; 64]];
        let case = Case::new(&format!("prefix-and-body-{when}"), when, pieces, "GoAway TOO_LARGE");
        cases.push(case.because("A body that is too large begins; it is not read."));
    }
}

fn unfinished(cases: &mut Vec<Case>) {
    for when in [FIRST, CLIENT] {
        for bytes in 1..4 {
            let pieces = vec![vec![5_u8, 0, 0][..bytes].to_vec()];
            let case = Case::new(&format!("prefix-{bytes}-of-4-{when}"), when, pieces, "silence");
            cases.push(case.because("The prefix itself is not all there."));
        }
        let max = if when == FIRST { 4092_u32 } else { 139_264 };
        let pieces = vec![max.to_le_bytes().to_vec()];
        let case = Case::new(&format!("prefix-of-the-most-{when}"), when, pieces, "silence");
        cases.push(case.because("The largest body that is allowed here is announced."));
        let pieces = vec![max.to_le_bytes().to_vec(), vec![0; 40]];
        let case = Case::new(&format!("body-unfinished-{when}"), when, pieces, "silence");
        cases
            .push(case.because("A body begins that can be nothing good; it is not looked at yet."));
    }
}

fn bodies(cases: &mut Vec<Case>) {
    let tags = [0_u8, 2, 3, 4, 15, 64, 66, 100, 127, 128, 133, 200, 255];
    for when in [FIRST, CLIENT] {
        let case = Case::new(&format!("empty-{when}"), when, vec![vec![0; 4]], "GoAway MALFORMED");
        cases.push(case.because("A frame without a body names nothing."));
        for tag in tags {
            let pieces = frame(tag, vec![vec![7, 0]]);
            let case = Case::new(&format!("tag-{tag}-{when}"), when, pieces, "GoAway MALFORMED");
            cases.push(case.because("No frame with that tag comes from a client."));
        }
    }
}
