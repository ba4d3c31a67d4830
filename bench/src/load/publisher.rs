//! One publisher: writes publishes, and counts the ones that are not answered yet.
//!
//! Replies must come in the order of the requests and their messages in a rising order of
//! places; anything else is an error of the broker and ends the run.

use std::io::{ErrorKind, Read as _, Write as _};

use anyhow::{Context as _, bail, ensure};
use mio::net::TcpStream;
use throng_protocol::frame::{self, FromBroker, FromClient};
use throng_protocol::limits::BODY_BYTES_MAX;
use throng_protocol::push::Push;
use throng_protocol::refusal::Refusal;
use throng_protocol::reply::Reply;
use throng_protocol::request::Publish;
use throng_protocol::value::{ClassHint, Extensions, IdList, PublishOptions};

use crate::args::STAMP_BYTES;
use crate::load::session::{refusal, write_ping};

/// The number of pings; publishes never get there.
const PING_NUMBER: u32 = u32::MAX;

/// One publisher.
#[derive(Debug)]
pub struct Publisher {
    /// Its socket.
    pub stream: TcpStream,
    /// The beginning of a frame that is not all there.
    held: Vec<u8>,
    /// What the socket did not take yet.
    unwritten: Vec<u8>,
    /// The number of the next publish.
    number: u32,
    /// Publishes that are not answered.
    pub unanswered: u32,
    /// Messages that were accepted.
    pub accepted: u64,
    /// Messages that were refused.
    pub refused: u64,
    /// Why the first of them was.
    pub first_refusal: Option<String>,
    /// The place of the last message that was accepted.
    pub last_seq: u64,
}

impl Publisher {
    /// A publisher on this socket, with what was received on it already.
    pub fn new(stream: TcpStream, held: Vec<u8>) -> Self {
        Self {
            stream,
            held,
            unwritten: Vec::new(),
            number: 1,
            unanswered: 0,
            accepted: 0,
            refused: 0,
            first_refusal: None,
            last_seq: 0,
        }
    }

    /// Publishes that many messages in one write.
    ///
    /// # Errors
    /// When the session has ended.
    pub fn publish(
        &mut self,
        count: u32,
        room: &str,
        payload: &mut [u8],
        now_ns: u64,
    ) -> anyhow::Result<()> {
        payload[..STAMP_BYTES].copy_from_slice(&now_ns.to_le_bytes());
        for _ in 0..count {
            let publish = Publish {
                room,
                kind: "text",
                payload,
                options: PublishOptions::default(),
                class: ClassHint::Default,
                message_id: "",
                targets: IdList::EMPTY,
                extensions: Extensions::NONE,
            };
            FromClient::Request(self.number, publish.into()).write(&mut self.unwritten);
            self.number = next_number(self.number);
        }
        self.unanswered += count;
        self.write()
    }

    /// Writes what the socket takes.
    ///
    /// # Errors
    /// When the session has ended.
    pub fn write(&mut self) -> anyhow::Result<()> {
        while !self.unwritten.is_empty() {
            match self.stream.write(&self.unwritten) {
                Ok(written) => drop(self.unwritten.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("cannot publish"),
            }
        }
        Ok(())
    }

    /// Reads until there is nothing more.
    ///
    /// # Errors
    /// When the session has ended, or something came that is not what it should be.
    pub fn receive(&mut self, buffer: &mut [u8]) -> anyhow::Result<()> {
        loop {
            let held = self.held.len();
            buffer[..held].copy_from_slice(&self.held);
            let read = match self.stream.read(&mut buffer[held..]) {
                Ok(0) => bail!("the broker closed the connection"),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("cannot read"),
            };
            let mut rest = &buffer[..held + read];
            while let Some((body, after)) = frame::split(rest, BODY_BYTES_MAX)? {
                self.take(&FromBroker::decode(body)?)?;
                rest = after;
            }
            self.held.clear();
            self.held.extend_from_slice(rest);
            if held + read < buffer.len() {
                return Ok(());
            }
        }
    }

    fn take(&mut self, said: &FromBroker<'_>) -> anyhow::Result<()> {
        match said {
            FromBroker::Reply(number, Reply::Accepted(accepted)) => {
                self.take_answer(*number)?;
                ensure!(
                    accepted.seq > self.last_seq,
                    "a later message got an earlier place: {} after {}",
                    accepted.seq,
                    self.last_seq
                );
                self.last_seq = accepted.seq;
                self.accepted += 1;
                Ok(())
            }
            FromBroker::Reply(number, Reply::Refused(refused)) => {
                self.take_answer(*number)?;
                self.refused += 1;
                self.first_refusal.get_or_insert_with(|| words(refused));
                Ok(())
            }
            FromBroker::Reply(_, Reply::Pong(_)) => Ok(()),
            FromBroker::Push(Push::AreYouThere(_)) => {
                write_ping(PING_NUMBER, &mut self.unwritten);
                self.write()
            }
            other => Err(refusal(other).unwrap_or_else(|| {
                anyhow::anyhow!("a publisher got what nobody asked for: {other:?}")
            })),
        }
    }

    fn take_answer(&mut self, number: u32) -> anyhow::Result<()> {
        let oldest = numbers_back(self.number, self.unanswered);
        ensure!(
            self.unanswered > 0 && number == oldest,
            "an answer to request {number} came where one to {oldest} was due"
        );
        self.unanswered -= 1;
        Ok(())
    }
}

/// Publishes are numbered from 1 up to the one before [`PING_NUMBER`], and then from 1 again.
const fn next_number(number: u32) -> u32 {
    if number == PING_NUMBER - 1 { 1 } else { number + 1 }
}

/// The number that many publishes before this one.
const fn numbers_back(number: u32, count: u32) -> u32 {
    if count < number { number - count } else { PING_NUMBER - 1 - (count - number) }
}

fn words(refusal: &Refusal<'_>) -> String {
    format!("{} {}", refusal.code.name(), refusal.detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_round_and_back_the_same_way() {
        for start in [1, 2, 100, PING_NUMBER - 2, PING_NUMBER - 1] {
            let mut number = start;
            for count in 1..10 {
                number = next_number(number);
                assert_ne!(number, PING_NUMBER);
                assert_ne!(number, 0);
                assert_eq!(numbers_back(number, count), start);
            }
        }
    }
}
