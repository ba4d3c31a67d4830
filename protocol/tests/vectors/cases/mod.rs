//! The values that the golden vectors stand for, one list for each file of `protocol/vectors/`.
//!
//! Built from the crate's own types, and compared with what the crate reads from the files.

mod conversation;
mod handshake;
mod history;
mod many;
mod members;
mod odd;
mod pushes;
mod refusals;
mod replies;
mod requests;
mod rooms;
mod rules;
mod state;
mod tokens;

use throng_protocol::frame::TooLarge;
use throng_protocol::push::Push;
use throng_protocol::reply::Reply;
use throng_protocol::request::Request;
use throng_protocol::value::{About, Element, Extensions, IdList, List, Profile};
use throng_protocol::{DecodeError, FromBroker, FromClient};

/// A file of vectors.
pub struct File {
    pub name: &'static str,
    pub head: &'static str,
    pub cases: Vec<Case>,
    pub oddities: Vec<Oddity>,
}

/// A frame and what it is called.
pub struct Case {
    pub name: String,
    pub frame: Frame,
}

/// A frame of either direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    Client(FromClient<'static>),
    Broker(FromBroker<'static>),
}

impl Frame {
    /// The whole frame.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Client(frame) => frame.write(&mut out),
            Self::Broker(frame) => frame.write(&mut out),
        }
        out
    }

    /// The frame that a body is.
    pub fn decode(from: &str, body: &'static [u8]) -> Result<Self, DecodeError> {
        match from {
            "client" => FromClient::decode(body).map(Self::Client),
            "broker" => FromBroker::decode(body).map(Self::Broker),
            other => panic!("nobody is called {other}"),
        }
    }
}

/// Bytes that nobody should write, and what becomes of them.
pub struct Oddity {
    pub name: &'static str,
    pub from: &'static str,
    pub frame: Vec<u8>,
    pub why: &'static str,
    pub outcome: Outcome,
}

/// What a reader makes of odd bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Read(Box<Frame>),
    Refused(DecodeError),
    TooLarge(TooLarge),
}

/// All files.
pub fn files() -> Vec<File> {
    vec![
        handshake::file(),
        requests::file(),
        replies::file(),
        rules::file(),
        rooms::file(),
        members::file(),
        state::file(),
        many::file(),
        tokens::file(),
        refusals::file(),
        pushes::file(),
        conversation::file(),
        odd::tolerated(),
        odd::refused(),
    ]
}

const NONE: Extensions<'static> = Extensions::NONE;

fn client(name: &str, frame: FromClient<'static>) -> Case {
    Case { name: name.to_owned(), frame: Frame::Client(frame) }
}

fn broker(name: &str, frame: FromBroker<'static>) -> Case {
    Case { name: name.to_owned(), frame: Frame::Broker(frame) }
}

fn request(name: &str, number: u32, request: impl Into<Request<'static>>) -> Case {
    client(name, FromClient::Request(number, request.into()))
}

fn reply(name: &str, number: u32, reply: impl Into<Reply<'static>>) -> Case {
    broker(name, FromBroker::Reply(number, reply.into()))
}

fn push(name: &str, push: impl Into<Push<'static>>) -> Case {
    broker(name, FromBroker::Push(push.into()))
}

/// Keeps bytes for as long as the test runs, so that values may borrow them.
pub fn keep(bytes: Vec<u8>) -> &'static [u8] {
    Vec::leak(bytes)
}

fn text_of(letter: char, count: usize) -> &'static str {
    String::leak(core::iter::repeat_n(letter, count).collect())
}

fn bytes_of(byte: u8, count: usize) -> &'static [u8] {
    keep(vec![byte; count])
}

/// All that a room can say of itself, in letters of three bytes.
fn longest_about() -> About<'static> {
    About {
        title: text_of('\u{6b63}', 128),
        announcement: text_of('\u{544a}', 4096),
        live_url: text_of('u', 1024),
        extension: text_of('e', 4096),
    }
}

/// All that a member can say of itself, in letters of four bytes and of one.
fn longest_profile() -> Profile<'static> {
    Profile {
        nickname: text_of('\u{1f642}', 64),
        avatar: text_of('a', 1024),
        extension: text_of('e', 2048),
    }
}

/// Two extensions that may be missed: a short one, and one with the largest odd number.
fn some_extensions() -> Extensions<'static> {
    extensions(&[(1, b"hi"), (u16::MAX, b"")])
}

fn extensions(pairs: &[(u16, &[u8])]) -> Extensions<'static> {
    let mut bytes = Vec::new();
    Extensions::write(pairs.iter().copied(), &mut bytes);
    Extensions::parse(keep(bytes)).expect("they were written just now")
}

fn ids(all: &[&str]) -> IdList<'static> {
    let mut bytes = Vec::new();
    IdList::write(all.iter().copied(), &mut bytes);
    IdList::parse(keep(bytes)).expect("they were written just now")
}

/// Rows as they stand on the wire.
fn written<T: Element>(rows: impl IntoIterator<Item = T>) -> &'static [u8] {
    let mut bytes = Vec::new();
    List::write(rows, &mut bytes);
    keep(bytes)
}

/// A list of rows, of the kind that is asked for.
macro_rules! list {
    ($rows:expr) => {
        throng_protocol::value::List::parse($crate::cases::written($rows))
            .expect("they were written just now")
    };
}
use list;
