//! Redis: `SUBSCRIBE` and `PUBLISH` in RESP 2. A room is a channel. The server answers a publish
//! with how many receivers it found, and keeps no order of its own.

use std::io::Write as _;

use anyhow::{Context as _, bail, ensure};

use crate::load::dialect::{Answers, Dialect, Guest, Message, Opened, Place, units};
use crate::load::ear::Ear;

const TAIL: &[u8] = b"\r\n";

/// How deep a reply may be nested.
const DEPTH_MAX: u32 = 4;

/// Redis.
#[derive(Debug)]
pub struct Redis;

impl Dialect for Redis {
    fn answers(&self) -> bool {
        true
    }

    fn has_places(&self) -> bool {
        false
    }

    fn open(&self, guest: &Guest, out: &mut Vec<u8>) {
        match &guest.room {
            Some(room) => command(&[b"SUBSCRIBE", room.as_bytes()], out),
            None => self.ask_for_life(out),
        }
    }

    fn opened(&self, _: &Guest, received: &[u8]) -> anyhow::Result<Opened> {
        let taken = value_bytes(received, DEPTH_MAX)?;
        let place = taken.map(|_| Place::default());
        Ok(Opened { taken: taken.unwrap_or(0), place })
    }

    fn beginning(&self, room: &str, _: u64, payload_bytes: usize) -> Vec<u8> {
        let length = room.len();
        format!("*3\r\n$7\r\nmessage\r\n${length}\r\n{room}\r\n${payload_bytes}\r\n").into_bytes()
    }

    fn publish(&self, message: &Message<'_>, out: &mut Vec<u8>) -> anyhow::Result<()> {
        command(&[b"PUBLISH", message.room.as_bytes(), message.payload], out);
        Ok(())
    }

    fn hear_room(&self, received: &[u8], ear: &mut Ear<'_>) -> anyhow::Result<usize> {
        let mut rest = received;
        loop {
            rest = units::take(rest, TAIL, ear)?;
            if units::is_partial(rest, &ear.expected.beginning) {
                break;
            }
            match value_bytes(rest, DEPTH_MAX)? {
                Some(bytes) if rest.starts_with(b"*3\r\n$7\r\nmessage\r\n") => {
                    bail!("a delivery nobody asked for: {:?}", rest[..bytes].escape_ascii())
                }
                Some(bytes) => rest = &rest[bytes..],
                None => break,
            }
        }
        Ok(received.len() - rest.len())
    }

    fn hear_answers(&self, received: &[u8], answers: &mut Answers<'_>) -> anyhow::Result<usize> {
        let mut rest = received;
        while let Some(bytes) = value_bytes(rest, DEPTH_MAX)? {
            if rest[0] == b':' {
                answers.ledger.accept_next(answers.counts)?;
            }
            rest = &rest[bytes..];
        }
        Ok(received.len() - rest.len())
    }

    fn ask_for_life(&self, out: &mut Vec<u8>) {
        command(&[b"PING"], out);
    }
}

/// Appends a command: an array of strings.
fn command(words: &[&[u8]], out: &mut Vec<u8>) {
    write!(out, "*{}\r\n", words.len()).expect("memory takes everything");
    for word in words {
        write!(out, "${}\r\n", word.len()).expect("memory takes everything");
        out.extend_from_slice(word);
        out.extend_from_slice(TAIL);
    }
}

/// Bytes of the value at the front, once it is all there.
fn value_bytes(bytes: &[u8], depth: u32) -> anyhow::Result<Option<usize>> {
    ensure!(depth > 0, "a reply that is nested too deeply");
    let Some((line, rest)) = units::line(bytes) else {
        return Ok(None);
    };
    let head = bytes.len() - rest.len();
    let (&form, text) = line.split_first().context("an empty reply")?;
    let number = || -> anyhow::Result<i64> {
        let text = core::str::from_utf8(text)?;
        text.parse().with_context(|| format!("{text:?} where a number was due"))
    };
    match form {
        b'+' | b':' => Ok(Some(head)),
        b'-' => bail!("the server says {}", String::from_utf8_lossy(text)),
        b'$' => {
            // A length of -1 stands for nothing.
            let length = usize::try_from(number()?).map_or(0, |length| length + TAIL.len());
            Ok((rest.len() >= length).then_some(head + length))
        }
        b'*' => {
            let mut taken = head;
            for _ in 0..number()? {
                match value_bytes(&bytes[taken..], depth - 1)? {
                    Some(bytes) => taken += bytes,
                    None => return Ok(None),
                }
            }
            Ok(Some(taken))
        }
        other => bail!("a reply that begins with {:?}", char::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::dialect::testing::{
        ROOM, answered, assert_heard_in_any_pieces, assert_opened_by, guest, hear, payload,
        published,
    };

    const SUBSCRIBED: &[u8] = b"*3\r\n$9\r\nsubscribe\r\n$6\r\na-room\r\n:1\r\n";

    fn delivery(room: &str, number: u64) -> Vec<u8> {
        let payload = payload(number);
        let (length, bytes) = (room.len(), payload.len());
        let head = format!("*3\r\n$7\r\nmessage\r\n${length}\r\n{room}\r\n${bytes}\r\n");
        [head.as_bytes(), &payload, b"\r\n"].concat()
    }

    #[test]
    fn a_session_is_open_when_the_subscription_is_confirmed() {
        let mut out = Vec::new();
        Redis.open(&guest(), &mut out);
        assert_eq!(out, b"*2\r\n$9\r\nSUBSCRIBE\r\n$6\r\na-room\r\n");
        assert_opened_by(&Redis, &guest(), SUBSCRIBED);
        let publisher = Guest { room: None, ..guest() };
        assert_opened_by(&Redis, &publisher, b"+PONG\r\n");
    }

    #[test]
    fn deliveries_are_heard_in_any_pieces() {
        let pong = b"*2\r\n$4\r\npong\r\n$0\r\n\r\n";
        let first = delivery(ROOM, 1);
        let both = [delivery(ROOM, 2), delivery(ROOM, 3)].concat();
        assert_heard_in_any_pieces(&Redis, &[&first[..], pong, &both].concat());
    }

    #[test]
    fn a_publish_is_a_command_of_three_words() {
        let expected = b"*3\r\n$7\r\nPUBLISH\r\n$6\r\na-room\r\n$40\r\n";
        let out = published(&Redis, 5);
        assert_eq!(out, [&expected[..], &payload(5), b"\r\n"].concat());
    }

    #[test]
    fn each_number_of_receivers_is_the_answer_to_one_publish() {
        let (counts, said) = answered(&Redis, b":1000\r\n:0\r\n:7\r\n").unwrap();
        assert_eq!((counts.accepted, said.len()), (3, 0));
        assert!(answered(&Redis, b":1\r\n:1\r\n:1\r\n:1\r\n").is_err());
    }

    #[test]
    fn an_error_and_a_foreign_delivery_end_the_run() {
        assert!(answered(&Redis, b"-OOM command not allowed\r\n").is_err());
        assert!(hear(&Redis, &[b"-ERR no\r\n"]).is_err());
        assert!(hear(&Redis, &[&delivery("b-room", 1)]).is_err());
        assert!(hear(&Redis, &[b"?\r\n"]).is_err());
    }
}
