//! MQTT 3.1.1 with quality of service 0, as spoken to mosquitto. A room is a topic. A publish is
//! not answered, and the server keeps no order of its own.

use anyhow::{bail, ensure};

use crate::load::dialect::{Answers, Dialect, Guest, Message, Opened, Place, units};
use crate::load::ear::Ear;

// First bytes of packets, flags included.
const CONNECT: u8 = 0x10;
const CONNECTED: u8 = 0x20;
const PUBLISH: u8 = 0x30;
const SUBSCRIBE: u8 = 0x82;
const SUBSCRIBED: u8 = 0x90;
const PING: u8 = 0xc0;
const PONG: u8 = 0xd0;

/// `MQTT`, level 4, a clean session, no keep-alive.
const CONNECT_FIELDS: &[u8] = b"\0\x04MQTT\x04\x02\0\0";

/// MQTT.
#[derive(Debug)]
pub struct Mqtt;

impl Dialect for Mqtt {
    fn answers(&self) -> bool {
        false
    }

    fn has_places(&self) -> bool {
        false
    }

    fn open(&self, guest: &Guest, out: &mut Vec<u8>) {
        packet(CONNECT, &[CONNECT_FIELDS, &text(&guest.user)], out);
        if let Some(room) = &guest.room {
            packet(SUBSCRIBE, &[&[0, 1], &text(room), &[0]], out);
        }
    }

    fn opened(&self, guest: &Guest, received: &[u8]) -> anyhow::Result<Opened> {
        let mut rest = received;
        let mut place = None;
        while let Some((packet, after)) = split(rest)? {
            rest = after;
            let last = match packet {
                (CONNECTED, [_, 0]) => guest.room.is_none(),
                (SUBSCRIBED, [0, 1, 0]) => true,
                other => bail!("the server says {other:x?}"),
            };
            if last {
                place = Some(Place::default());
                break;
            }
        }
        Ok(Opened { taken: received.len() - rest.len(), place })
    }

    fn beginning(&self, room: &str, _: u64, payload_bytes: usize) -> Vec<u8> {
        let topic = text(room);
        let mut beginning = vec![PUBLISH];
        write_length(topic.len() + payload_bytes, &mut beginning);
        beginning.extend_from_slice(&topic);
        beginning
    }

    fn publish(&self, message: &Message<'_>, out: &mut Vec<u8>) -> anyhow::Result<()> {
        packet(PUBLISH, &[&text(message.room), message.payload], out);
        Ok(())
    }

    fn hear_room(&self, received: &[u8], ear: &mut Ear<'_>) -> anyhow::Result<usize> {
        let mut rest = received;
        loop {
            rest = units::take(rest, &[], ear)?;
            if units::is_partial(rest, &ear.expected.beginning) {
                break;
            }
            match split(rest)? {
                Some(((PONG, []), after)) => rest = after,
                Some((other, _)) => bail!("a member got {other:x?}"),
                None => break,
            }
        }
        Ok(received.len() - rest.len())
    }

    fn hear_answers(&self, received: &[u8], _: &mut Answers<'_>) -> anyhow::Result<usize> {
        let mut rest = received;
        while let Some((packet, after)) = split(rest)? {
            ensure!(packet == (PONG, &[]), "a publisher got {packet:x?}");
            rest = after;
        }
        Ok(received.len() - rest.len())
    }

    fn ask_for_life(&self, out: &mut Vec<u8>) {
        packet(PING, &[], out);
    }
}

/// A text as the wire has it: its length in two bytes, and the text.
fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("names of rooms and users are short");
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

/// Appends a packet whose content is these pieces.
fn packet(first: u8, pieces: &[&[u8]], out: &mut Vec<u8>) {
    out.push(first);
    write_length(pieces.iter().map(|piece| piece.len()).sum(), out);
    for piece in pieces {
        out.extend_from_slice(piece);
    }
}

/// Appends a length: seven bits a byte, the lowest first, all but the last marked.
fn write_length(mut length: usize, out: &mut Vec<u8>) {
    loop {
        let low = u8::try_from(length % 128).expect("a remainder of 128");
        length /= 128;
        if length == 0 {
            out.push(low);
            return;
        }
        out.push(low | 128);
    }
}

/// A packet's first byte and its content.
type Packet<'a> = (u8, &'a [u8]);

/// Takes a whole packet off the front.
fn split(bytes: &[u8]) -> anyhow::Result<Option<(Packet<'_>, &[u8])>> {
    let Some((&first, mut rest)) = bytes.split_first() else {
        return Ok(None);
    };
    let mut length = 0;
    for shift in [0, 7, 14, 21] {
        let Some((&byte, after)) = rest.split_first() else {
            return Ok(None);
        };
        rest = after;
        length |= usize::from(byte & 127) << shift;
        if byte < 128 {
            let whole = rest.split_at_checked(length);
            return Ok(whole.map(|(content, after)| ((first, content), after)));
        }
    }
    bail!("a length of more than four bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::dialect::testing::{
        ROOM, answered, assert_heard_in_any_pieces, assert_opened_by, guest, hear, payload,
        published,
    };

    fn delivery(room: &str, number: u64) -> Vec<u8> {
        [b"\x30\x30\0\x06", room.as_bytes(), &payload(number)].concat()
    }

    #[test]
    fn a_session_is_open_when_the_subscription_is_confirmed() {
        let mut out = Vec::new();
        Mqtt.open(&guest(), &mut out);
        let connect = b"\x10\x13\0\x04MQTT\x04\x02\0\0\0\x07someone";
        assert_eq!(out, [&connect[..], b"\x82\x0b\0\x01\0\x06a-room\0"].concat());
        assert_opened_by(&Mqtt, &guest(), b"\x20\x02\0\0\x90\x03\0\x01\0");
        let publisher = Guest { room: None, ..guest() };
        assert_opened_by(&Mqtt, &publisher, b"\x20\x02\0\0");
    }

    #[test]
    fn a_session_that_is_turned_away_is_told() {
        assert!(Mqtt.opened(&guest(), b"\x20\x02\0\x05").is_err());
        assert!(Mqtt.opened(&guest(), b"\x90\x03\0\x01\x80").is_err());
    }

    #[test]
    fn deliveries_are_heard_in_any_pieces() {
        let both = [delivery(ROOM, 2), delivery(ROOM, 3)].concat();
        let bytes = [&delivery(ROOM, 1)[..], b"\xd0\0", &both].concat();
        assert_heard_in_any_pieces(&Mqtt, &bytes);
    }

    #[test]
    fn a_publish_is_the_same_bytes_as_its_delivery_and_is_not_answered() {
        assert_eq!(published(&Mqtt, 5), delivery(ROOM, 5));
        assert_eq!(answered(&Mqtt, b"\xd0\0\xd0\0").unwrap().0.accepted, 0);
        assert!(answered(&Mqtt, b"\x40\x02\0\x01").is_err());
    }

    #[test]
    fn a_length_takes_as_many_bytes_as_it_needs() {
        for (length, bytes) in
            [(0, &[0][..]), (127, &[127]), (128, &[128, 1]), (16_384, &[128, 128, 1])]
        {
            let mut out = Vec::new();
            write_length(length, &mut out);
            assert_eq!(out, bytes);
            let packet = [&[PONG][..], bytes, &vec![9; length]].concat();
            let (found, rest) = split(&packet).unwrap().unwrap();
            assert_eq!((found.0, found.1.len(), rest.len()), (PONG, length, 0));
        }
        assert!(split(&[PONG, 255, 255, 255, 255, 1]).is_err());
    }

    #[test]
    fn a_foreign_delivery_ends_the_run() {
        assert!(hear(&Mqtt, &[&delivery("b-room", 1)]).is_err());
    }
}
