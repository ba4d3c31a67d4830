//! A delivery as cheaply as it can be read: its place in the order, and when it was published.
//!
//! All deliveries of one room begin with the same bytes: tag, room, epoch. They are compared as
//! one piece; behind them comes the `seq`. The rest is only walked for the sample of members
//! whose latency is measured, and the payload behind its time stamp never.

use throng_protocol::limits::ID_BYTES_MAX;

use crate::args::STAMP_BYTES;

const TAG_DELIVER: u8 = 128;

/// How the deliveries of one room begin.
#[derive(Debug, Clone)]
pub struct Beginning(Vec<u8>);

impl Beginning {
    /// Of this room in this epoch.
    pub fn new(room: &str, epoch: u64) -> Self {
        assert!(room.len() <= ID_BYTES_MAX, "the room was joined");
        let length = u8::try_from(room.len()).expect("an id is shorter than 251 bytes");
        let mut bytes = vec![TAG_DELIVER, length];
        bytes.extend_from_slice(room.as_bytes());
        write_varint(epoch, &mut bytes);
        Self(bytes)
    }

    /// The `seq` of a frame's body and what comes behind it; `None` when the frame is not a
    /// delivery of the room, or not whole.
    #[inline]
    pub fn seq<'a>(&self, body: &'a [u8]) -> Option<(u64, &'a [u8])> {
        varint(body.strip_prefix(self.0.as_slice())?)
    }
}

/// The publisher's time stamp, out of what comes behind the `seq`.
pub fn stamp(behind_seq: &[u8]) -> Option<u64> {
    let rest = skip_text(behind_seq)?; // sender
    let rest = rest.get(1..)?; // its role
    let rest = skip_text(rest)?; // kind
    let (_, rest) = varint(rest)?; // ingress
    let (_, rest) = varint(rest)?; // egress
    let (_, payload) = varint(rest)?; // its length
    let stamp = payload.first_chunk::<STAMP_BYTES>()?;
    Some(u64::from_le_bytes(*stamp))
}

fn skip_text(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = varint(bytes)?;
    rest.get(usize::try_from(length).ok()?..)
}

/// A number as the wire has it: one byte up to 250, else a mark and two, four or eight bytes.
#[inline]
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    match first {
        0..=250 => Some((u64::from(first), rest)),
        251 => {
            let (number, rest) = rest.split_first_chunk()?;
            Some((u64::from(u16::from_le_bytes(*number)), rest))
        }
        252 => {
            let (number, rest) = rest.split_first_chunk()?;
            Some((u64::from(u32::from_le_bytes(*number)), rest))
        }
        253 => {
            let (number, rest) = rest.split_first_chunk()?;
            Some((u64::from_le_bytes(*number), rest))
        }
        _ => None,
    }
}

fn write_varint(number: u64, out: &mut Vec<u8>) {
    let bytes = number.to_le_bytes();
    match number {
        0..=250 => out.push(bytes[0]),
        251..=0xffff => {
            out.push(251);
            out.extend_from_slice(&bytes[..2]);
        }
        0x1_0000..=0xffff_ffff => {
            out.push(252);
            out.extend_from_slice(&bytes[..4]);
        }
        _ => {
            out.push(253);
            out.extend_from_slice(&bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use throng_protocol::frame::{self, FromBroker};
    use throng_protocol::push::{Deliver, Push};
    use throng_protocol::value::{Extensions, Role};

    /// The same frame as the protocol's own crate writes it.
    fn body(room: &str, epoch: u64, seq: u64, payload: &[u8]) -> Vec<u8> {
        let deliver = Deliver {
            room,
            epoch,
            seq,
            sender: "someone",
            sender_role: Role::Server,
            kind: "text",
            ingress_at: 1_700_000_000_000_000,
            egress_at: 300,
            payload,
            extensions: Extensions::NONE,
        };
        let mut bytes = Vec::new();
        FromBroker::Push(Push::Deliver(deliver)).write(&mut bytes);
        let (body, _) = frame::split(&bytes, 1 << 20).unwrap().unwrap();
        body.to_vec()
    }

    const WIDTHS: [u64; 8] = [0, 250, 251, 0xffff, 0x1_0000, 0xffff_ffff, 1 << 32, u64::MAX];

    #[test]
    fn what_the_protocol_writes_is_found_whatever_the_width_of_its_numbers() {
        for epoch in WIDTHS {
            let beginning = Beginning::new("a-room", epoch);
            for seq in WIDTHS {
                for stamp_ns in WIDTHS {
                    let mut payload = stamp_ns.to_le_bytes().to_vec();
                    payload.resize(300, 7);
                    let body = body("a-room", epoch, seq, &payload);
                    let (found, behind) = beginning.seq(&body).unwrap();
                    assert_eq!(found, seq);
                    assert_eq!(stamp(behind), Some(stamp_ns));
                }
            }
        }
    }

    #[test]
    fn another_room_or_epoch_is_not_taken_for_this_one() {
        let beginning = Beginning::new("a-room", 7);
        let payload = [0; 8];
        assert!(beginning.seq(&body("b-room", 7, 1, &payload)).is_none());
        assert!(beginning.seq(&body("a-room", 8, 1, &payload)).is_none());
        assert!(beginning.seq(&body("a-rooms", 7, 1, &payload)).is_none());
        assert!(beginning.seq(&[133, 0]).is_none());
        assert!(beginning.seq(&[]).is_none());
    }

    #[test]
    fn a_frame_that_ends_early_has_no_stamp() {
        let whole = body("a-room", 7, 1, &[0; 8]);
        let beginning = Beginning::new("a-room", 7);
        // The last byte is the empty list of extensions, which nobody looks at.
        for cut in 0..whole.len() - 1 {
            let found = beginning.seq(&whole[..cut]);
            assert_eq!(found.and_then(|(_, behind)| stamp(behind)), None, "{cut}");
        }
    }
}
