//! NATS core: `SUB` and `PUB`. A room is a subject. A publish is not answered, and the server
//! keeps no order of its own.

use std::io::Write as _;

use anyhow::bail;

use crate::load::dialect::{Answers, Dialect, Guest, Message, Opened, Place, units};
use crate::load::ear::Ear;

const TAIL: &[u8] = b"\r\n";

/// What a client says first. Not verbose: else the server would answer each publish.
const CONNECT: &[u8] = b"CONNECT {\"verbose\":false,\"pedantic\":false,\"tls_required\":false,\
    \"name\":\"throng-bench\",\"lang\":\"rust\",\"version\":\"0\",\"protocol\":1}\r\n";

/// NATS.
#[derive(Debug)]
pub struct Nats;

impl Dialect for Nats {
    fn answers(&self) -> bool {
        false
    }

    fn has_places(&self) -> bool {
        false
    }

    fn open(&self, guest: &Guest, out: &mut Vec<u8>) {
        out.extend_from_slice(CONNECT);
        if let Some(room) = &guest.room {
            write!(out, "SUB {room} 1\r\n").expect("memory takes everything");
        }
        self.ask_for_life(out);
    }

    fn opened(&self, _: &Guest, received: &[u8]) -> anyhow::Result<Opened> {
        let mut rest = received;
        let mut place = None;
        while let Some((line, after)) = units::line(rest) {
            rest = after;
            if line == b"PONG" {
                place = Some(Place::default());
                break;
            }
            hear_line(line, &mut Vec::new())?;
        }
        Ok(Opened { taken: received.len() - rest.len(), place })
    }

    fn beginning(&self, room: &str, _: u64, payload_bytes: usize) -> Vec<u8> {
        format!("MSG {room} 1 {payload_bytes}\r\n").into_bytes()
    }

    fn publish(&self, message: &Message<'_>, out: &mut Vec<u8>) -> anyhow::Result<()> {
        write!(out, "PUB {} {}\r\n", message.room, message.payload.len())?;
        out.extend_from_slice(message.payload);
        out.extend_from_slice(TAIL);
        Ok(())
    }

    fn hear_room(&self, received: &[u8], ear: &mut Ear<'_>) -> anyhow::Result<usize> {
        let mut rest = received;
        loop {
            rest = units::take(rest, TAIL, ear)?;
            if units::is_partial(rest, &ear.expected.beginning) {
                break;
            }
            let Some((line, after)) = units::line(rest) else {
                break;
            };
            hear_line(line, ear.out)?;
            rest = after;
        }
        Ok(received.len() - rest.len())
    }

    fn hear_answers(&self, received: &[u8], answers: &mut Answers<'_>) -> anyhow::Result<usize> {
        let mut rest = received;
        while let Some((line, after)) = units::line(rest) {
            hear_line(line, answers.out)?;
            rest = after;
        }
        Ok(received.len() - rest.len())
    }

    fn ask_for_life(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"PING\r\n");
    }
}

/// Whatever is not a delivery.
fn hear_line(line: &[u8], out: &mut Vec<u8>) -> anyhow::Result<()> {
    match line {
        b"PING" => out.extend_from_slice(b"PONG\r\n"),
        b"PONG" | b"+OK" => {}
        line if line.starts_with(b"INFO ") => {}
        line => bail!("the server says {}", String::from_utf8_lossy(line)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::dialect::testing::{
        ROOM, answered, assert_heard_in_any_pieces, assert_opened_by, guest, hear, payload,
        published,
    };

    fn delivery(room: &str, number: u64) -> Vec<u8> {
        let payload = payload(number);
        let head = format!("MSG {room} 1 {}\r\n", payload.len());
        [head.as_bytes(), &payload, b"\r\n"].concat()
    }

    #[test]
    fn a_session_is_open_when_the_ping_behind_the_subscription_comes_back() {
        let mut out = Vec::new();
        Nats.open(&guest(), &mut out);
        assert!(out.starts_with(b"CONNECT {\"verbose\":false"));
        assert!(out.ends_with(b"}\r\nSUB a-room 1\r\nPING\r\n"));
        assert_opened_by(&Nats, &guest(), b"INFO {\"server_id\":\"N\"}\r\nPONG\r\n");
        assert!(Nats.opened(&guest(), b"-ERR 'Authorization Violation'\r\n").is_err());
    }

    #[test]
    fn deliveries_are_heard_in_any_pieces_and_a_ping_is_answered() {
        let first = delivery(ROOM, 1);
        let both = [delivery(ROOM, 2), delivery(ROOM, 3)].concat();
        let bytes = [&first[..], b"PING\r\n", &both].concat();
        assert_heard_in_any_pieces(&Nats, &bytes);
        assert_eq!(hear(&Nats, &[&bytes]).unwrap().said, b"PONG\r\n");
    }

    #[test]
    fn a_publish_names_its_length_and_is_not_answered() {
        let out = published(&Nats, 5);
        assert_eq!(out, [b"PUB a-room 40\r\n", &payload(5)[..], b"\r\n"].concat());
        let (counts, said) = answered(&Nats, b"PING\r\n+OK\r\n").unwrap();
        assert_eq!((counts.accepted, &said[..]), (0, &b"PONG\r\n"[..]));
    }

    #[test]
    fn an_error_and_a_foreign_delivery_end_the_run() {
        assert!(answered(&Nats, b"-ERR 'Slow Consumer'\r\n").is_err());
        assert!(hear(&Nats, &[b"-ERR 'Slow Consumer'\r\n"]).is_err());
        assert!(hear(&Nats, &[&delivery("b-room", 1)]).is_err());
    }
}
