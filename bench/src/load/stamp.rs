//! What the first bytes of every payload say, in every dialect alike.
//!
//! A server sees opaque bytes. To the load they are the publisher, its own number for the
//! message, its class, and two readings of the load's clock: so loss, duplicates, order and
//! latency are found in the same way whatever server is measured. Nothing is kept here.

use crate::load::class::Class;

/// Bytes of a stamp.
pub const STAMP_BYTES: usize = 32;

/// The byte that tells a stamp from bytes that are none.
const MARK: u8 = 0xb7;

/// What a payload says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// When the message should have been published, on the load's clock.
    pub due_at: u64,
    /// When it was given to the socket, on the same clock.
    pub written_at: u64,
    /// The room it was published to.
    pub room: u32,
    /// Which of the room's publishers it comes from.
    pub publisher: u16,
    /// How it may be treated when there is too much.
    pub class: Class,
    /// Its place among all messages of its publisher, from 1 on.
    pub number: u64,
}

impl Stamp {
    /// Writes it over the front of a payload.
    pub fn write(&self, payload: &mut [u8]) {
        payload[..8].copy_from_slice(&self.due_at.to_le_bytes());
        payload[8..16].copy_from_slice(&self.written_at.to_le_bytes());
        payload[16..20].copy_from_slice(&self.room.to_le_bytes());
        payload[20..22].copy_from_slice(&self.publisher.to_le_bytes());
        payload[22] = self.class as u8;
        payload[23] = MARK;
        payload[24..STAMP_BYTES].copy_from_slice(&self.number.to_le_bytes());
    }

    /// Reads it from the front of a payload; `None` if there is none.
    #[inline]
    pub fn read(payload: &[u8]) -> Option<Self> {
        let (&due_at, rest) = payload.split_first_chunk()?;
        let (&written_at, rest) = rest.split_first_chunk()?;
        let (&room, rest) = rest.split_first_chunk()?;
        let (&publisher, rest) = rest.split_first_chunk()?;
        let (&[class, mark], rest) = rest.split_first_chunk()?;
        let number = rest.first_chunk()?;
        if mark != MARK {
            return None;
        }
        Some(Self {
            due_at: u64::from_le_bytes(due_at),
            written_at: u64::from_le_bytes(written_at),
            room: u32::from_le_bytes(room),
            publisher: u16::from_le_bytes(publisher),
            class: Class::from_byte(class)?,
            number: u64::from_le_bytes(*number),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp {
        due_at: 1,
        written_at: u64::MAX,
        room: 70_000,
        publisher: 9,
        class: Class::Low,
        number: 1 << 40,
    };

    #[test]
    fn a_stamp_is_read_as_it_was_written() {
        let mut payload = [7; STAMP_BYTES + 3];
        STAMP.write(&mut payload);
        assert_eq!(Stamp::read(&payload), Some(STAMP));
        assert_eq!(payload[STAMP_BYTES..], [7; 3]);
    }

    #[test]
    fn bytes_that_are_no_stamp_are_not_taken_for_one() {
        let mut payload = [0; STAMP_BYTES];
        STAMP.write(&mut payload);
        assert_eq!(Stamp::read(&payload[1..]), None);
        payload[23] ^= 1;
        assert_eq!(Stamp::read(&payload), None);
    }
}
