//! Throng's own protocol, as the broker and the raw relay speak it.
//!
//! All deliveries of one room begin with the same bytes: tag, room, epoch. They are compared as
//! one piece; behind them comes the place in the room's order. The payload is the last thing in
//! a delivery but one byte, an empty list of extensions, so it is found from the end without a
//! walk over what is between. The protocol's own decoder reads the first delivery to each member.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow, bail, ensure};
use throng_protocol::frame::{self, FromBroker, FromClient};
use throng_protocol::handshake::{Credentials, Development, Hello, MAGIC, VERSION};
use throng_protocol::limits::{BODY_BYTES_MAX, ID_BYTES_MAX};
use throng_protocol::push::Push;
use throng_protocol::reply::Reply;
use throng_protocol::request::{Join, Ping, Publish};
use throng_protocol::token::{Claims, Scopes, mint};
use throng_protocol::value::{ClassHint, Extensions, IdList, PublishOptions, Role, ShedReason};

use crate::load::class::Class;
use crate::load::dialect::{Answers, Dialect, Guest, Message, Opened, Place};
use crate::load::ear::Ear;
use crate::load::ledger::No;

const TAG_DELIVER: u8 = 128;

/// Bytes behind the payload of a delivery.
const BEHIND_PAYLOAD_BYTES: usize = 1;

/// The device of everyone.
const DEVICE: &str = "load";

/// How long a token holds.
const TOKEN_LIFE_MS: u64 = 3_600_000;

/// The number of the join.
const JOIN_NUMBER: u32 = 1;

/// The number of pings; publishes never get there.
const PING_NUMBER: u32 = u32::MAX;

/// Throng.
#[derive(Debug)]
pub struct Throng {
    /// The app.
    pub app: String,
    /// By what it lets clients in.
    pub entry: Entry,
}

/// By what an app lets clients in.
#[derive(Debug)]
pub enum Entry {
    /// The secret of the development app.
    Development(String),
    /// Tokens, which the load mints with the secret of this key. They hold for an hour.
    Tokens {
        /// The key's id.
        key_id: &'static str,
        /// Its secret.
        secret: &'static str,
    },
}

impl Entry {
    /// Mints the token that a guest shows, if it shows one.
    fn token(&self, app: &str, guest: &Guest) -> Option<String> {
        let Self::Tokens { key_id, secret } = self else { return None };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is set");
        let made = u64::try_from(now.as_millis()).expect("584 million years");
        let (key_id, expires) = (*key_id, made + TOKEN_LIFE_MS);
        // Publishers that are servers are one account, as they are in the development app.
        let user = if guest.role == Role::Server { "load" } else { &guest.user };
        let (role, device, scopes) = (guest.role, DEVICE, Scopes::of(&[]));
        let claims = Claims { role, made, expires, key_id, app, user, device, scopes };
        Some(mint(&claims, secret.as_bytes()).expect("names of the load are ids"))
    }
}

impl Dialect for Throng {
    fn answers(&self) -> bool {
        true
    }

    fn has_places(&self) -> bool {
        true
    }

    fn open(&self, guest: &Guest, out: &mut Vec<u8>) {
        let token = self.entry.token(&self.app, guest);
        let credentials = match (&self.entry, &token) {
            (Entry::Development(secret), _) => {
                let (user, role) = (guest.user.as_str(), guest.role);
                Credentials::Development(Development { secret, user, device: DEVICE, role })
            }
            (Entry::Tokens { .. }, token) => {
                Credentials::Token(token.as_ref().map_or(&[], |token| token.as_bytes()))
            }
        };
        let hello = Hello {
            magic: MAGIC,
            version_min: VERSION,
            version_max: VERSION,
            app: &self.app,
            credentials,
            client: concat!("throng-bench/", env!("CARGO_PKG_VERSION")),
            extensions: Extensions::NONE,
        };
        FromClient::Hello(hello).write(out);
        if let Some(room) = &guest.room {
            let join = Join { room, ..Join::default() };
            FromClient::Request(JOIN_NUMBER, join.into()).write(out);
        }
    }

    fn opened(&self, guest: &Guest, received: &[u8]) -> anyhow::Result<Opened> {
        let mut rest = received;
        let mut place = None;
        while let Some((body, after)) = frame::split(rest, BODY_BYTES_MAX)? {
            rest = after;
            match FromBroker::decode(body)? {
                FromBroker::Welcome(welcome) => {
                    let rate = welcome.messages_per_second;
                    ensure!(
                        rate == 0 || !guest.unlimited,
                        "it may publish only {rate} messages a second; lift the broker's limits"
                    );
                    place = guest.room.is_none().then(Place::default);
                }
                FromBroker::Reply(JOIN_NUMBER, Reply::Joined(joined)) => {
                    place = Some(Place { epoch: joined.epoch, seq: joined.seq });
                }
                other => bail!(unasked(&other)),
            }
            if place.is_some() {
                break;
            }
        }
        Ok(Opened { taken: received.len() - rest.len(), place })
    }

    fn beginning(&self, room: &str, epoch: u64, _: usize) -> Vec<u8> {
        assert!(room.len() <= ID_BYTES_MAX, "the room was joined");
        let length = u8::try_from(room.len()).expect("an id is shorter than 251 bytes");
        let mut bytes = vec![TAG_DELIVER, length];
        bytes.extend_from_slice(room.as_bytes());
        write_varint(epoch, &mut bytes);
        bytes
    }

    fn publish(&self, message: &Message<'_>, out: &mut Vec<u8>) -> anyhow::Result<()> {
        let number = u32::try_from(message.number).ok().filter(|number| *number < PING_NUMBER);
        let number = number.context("a publisher has no numbers left for its requests")?;
        let publish = Publish {
            room: message.room,
            kind: message.class.kind(),
            payload: message.payload,
            options: PublishOptions::default(),
            // A broker that was started by hand may not know the kinds of class low.
            class: match message.class {
                Class::Low => ClassHint::Low,
                Class::Protected | Class::High => ClassHint::Default,
            },
            message_id: "",
            targets: IdList::EMPTY,
            extensions: Extensions::NONE,
        };
        FromClient::Request(number, publish.into()).write(out);
        Ok(())
    }

    fn hear_room(&self, received: &[u8], ear: &mut Ear<'_>) -> anyhow::Result<usize> {
        let expected = ear.expected;
        let mut rest = received;
        while let Some((body, after)) = frame::split(rest, BODY_BYTES_MAX)? {
            rest = after;
            let Some(behind) = body.strip_prefix(expected.beginning.as_slice()) else {
                hear_other(body, ear)?;
                continue;
            };
            let seq = varint(behind).context("a delivery that ends early")?;
            if ear.is_fresh() {
                check_whole(body, expected.payload_bytes)?;
            }
            let payload = body
                .len()
                .checked_sub(BEHIND_PAYLOAD_BYTES + expected.payload_bytes)
                .and_then(|start| body[start..].get(..expected.payload_bytes))
                .context("a delivery that is too short")?;
            ear.deliver(payload, Some(seq))?;
        }
        Ok(received.len() - rest.len())
    }

    fn hear_answers(&self, received: &[u8], answers: &mut Answers<'_>) -> anyhow::Result<usize> {
        let mut rest = received;
        while let Some((body, after)) = frame::split(rest, BODY_BYTES_MAX)? {
            rest = after;
            match FromBroker::decode(body)? {
                FromBroker::Reply(number, Reply::Accepted(accepted)) => {
                    answers.ledger.accept(number.into(), accepted.seq, answers.counts)?;
                }
                FromBroker::Reply(number, Reply::Shed(shed)) => {
                    let why = (No::Shed, words(shed.reason));
                    answers.ledger.turn_down(number.into(), why, answers.counts)?;
                }
                FromBroker::Reply(number, Reply::Refused(refused)) => {
                    let why = (No::Refused, refused.code.name());
                    answers.ledger.turn_down(number.into(), why, answers.counts)?;
                }
                FromBroker::Reply(PING_NUMBER, Reply::Pong(_)) => {}
                FromBroker::Push(Push::AreYouThere(_)) => self.ask_for_life(answers.out),
                other => bail!(unasked(&other)),
            }
        }
        Ok(received.len() - rest.len())
    }

    fn ask_for_life(&self, out: &mut Vec<u8>) {
        let ping = Ping { extensions: Extensions::NONE };
        FromClient::Request(PING_NUMBER, ping.into()).write(out);
    }
}

/// Whatever a member gets that is not a delivery: a question, a notice, or trouble.
#[cold]
fn hear_other(body: &[u8], ear: &mut Ear<'_>) -> anyhow::Result<()> {
    match FromBroker::decode(body)? {
        FromBroker::Push(Push::AreYouThere(_)) => {
            let ping = Ping { extensions: Extensions::NONE };
            FromClient::Request(PING_NUMBER, ping.into()).write(ear.out);
        }
        FromBroker::Push(Push::Lagged(lagged)) => ear.skip(lagged.from_seq, lagged.to_seq),
        FromBroker::Reply(PING_NUMBER, Reply::Pong(_)) => {}
        other => bail!(unasked(&other)),
    }
    Ok(())
}

/// Why a message was shed.
const fn words(reason: ShedReason) -> &'static str {
    match reason {
        ShedReason::Quota => "shed, the room had enough",
        ShedReason::Overload => "shed, the broker had too much to do",
        _ => "shed, for a reason of a later version",
    }
}

/// Reads a delivery in full, and that its payload is where it is looked for.
fn check_whole(body: &[u8], payload_bytes: usize) -> anyhow::Result<()> {
    let FromBroker::Push(Push::Deliver(deliver)) = FromBroker::decode(body)? else {
        bail!("what begins as a delivery is none");
    };
    ensure!(deliver.payload.len() == payload_bytes, "a payload of another length");
    let behind = body.len() - BEHIND_PAYLOAD_BYTES;
    ensure!(body[..behind].ends_with(deliver.payload), "a payload in an odd place");
    Ok(())
}

/// What nobody asked for, as an error: the broker's no in its own words, or the frame itself.
fn unasked(said: &FromBroker<'_>) -> anyhow::Error {
    let (what, refusal) = match said {
        FromBroker::GoAway(go_away) => ("ended the session", go_away.refusal),
        FromBroker::Reply(_, Reply::Refused(refused)) => ("refused", *refused),
        other => return anyhow!("the broker says what nobody asked for: {other:?}"),
    };
    let (name, sentence) = (refusal.code.name(), refusal.code.sentence());
    anyhow!("the broker {what}: {name} ({sentence}) {}", refusal.detail)
}

/// The number at the front, as the wire has it: one byte up to 250, else a mark and two, four
/// or eight bytes.
#[inline]
fn varint(bytes: &[u8]) -> Option<u64> {
    let (&first, rest) = bytes.split_first()?;
    Some(match first {
        0..=250 => u64::from(first),
        251 => u64::from(u16::from_le_bytes(*rest.first_chunk()?)),
        252 => u64::from(u32::from_le_bytes(*rest.first_chunk()?)),
        253 => u64::from_le_bytes(*rest.first_chunk()?),
        _ => return None,
    })
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
mod tests;
