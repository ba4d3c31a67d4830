//! From bytes to frames: cuts what a connection received and hands each frame to where its
//! session stands.

use throng_protocol::frame::{self, FromClient};
use throng_protocol::limits::{BODY_BYTES_MAX, HELLO_BODY_BYTES_MAX};
use throng_protocol::refusal::{Code, Refusal};

use crate::event::{Effect, Receive};
use crate::id::ConnectionId;
use crate::probe::{self, Mark};
use crate::session::Stage;
use crate::shard::Shard;

impl Shard {
    pub(super) fn on_received(&mut self, connection: ConnectionId, bytes: &[u8]) {
        let now = self.now.instant;
        let Some(session) = self.sessions.get_mut(connection) else { return };
        session.record_heard(now);
        let mut held = session.inbound.take();
        if held.is_empty() {
            let consumed = self.take_frames(connection, bytes);
            if let Some(session) = self.sessions.get_mut(connection) {
                session.inbound.keep_new(&bytes[consumed..], now);
            }
        } else {
            probe::mark(Mark::Continued);
            held.extend_from_slice(bytes);
            let consumed = self.take_frames(connection, &held);
            if let Some(session) = self.sessions.get_mut(connection) {
                session.inbound.keep_grown(held, consumed, now);
            }
        }
        let Some(session) = self.sessions.get(connection) else { return };
        if matches!(session.stage, Stage::Greeting) {
            self.effects.push(Effect::Resume { connection, receive: Receive::Once });
        }
        if session.inbound.since().is_some() {
            self.set_session_timer(connection);
        }
    }

    /// Handles all whole frames in `input` and says how many bytes are done with.
    fn take_frames(&mut self, connection: ConnectionId, input: &[u8]) -> usize {
        let mut rest = input;
        loop {
            let body_bytes_max = match self.sessions.get(connection).map(|own| &own.stage) {
                Some(Stage::Greeting) => HELLO_BODY_BYTES_MAX,
                Some(Stage::Open(_)) => BODY_BYTES_MAX,
                Some(Stage::Leaving { .. }) | None => return input.len(),
            };
            match frame::split(rest, body_bytes_max) {
                Ok(None) => return input.len() - rest.len(),
                Ok(Some((body, after))) => {
                    self.on_frame(connection, body, rest);
                    rest = after;
                }
                Err(too_large) => {
                    self.dismiss(connection, Code::TOO_LARGE, &too_large.to_string());
                }
            }
        }
    }

    /// Handles one frame. `from_here` is all that was received from this frame on.
    fn on_frame(&mut self, connection: ConnectionId, body: &[u8], from_here: &[u8]) {
        let Some(session) = self.sessions.get(connection) else { return };
        let greeting = matches!(session.stage, Stage::Greeting);
        match FromClient::decode(body) {
            Ok(FromClient::Hello(hello)) if greeting => {
                self.on_hello(connection, &hello, from_here);
            }
            Ok(FromClient::ForeignHello { .. }) if greeting => {
                self.dismiss(connection, Code::UNSUPPORTED_VERSION, "");
            }
            Ok(FromClient::Request(number, request)) if !greeting => {
                self.on_request(connection, number, &request);
            }
            Ok(FromClient::UnknownRequest(number, _)) if !greeting => {
                let refusal = Refusal::new(Code::NOT_SUPPORTED).because("unknown request");
                self.refuse(connection, number, refusal);
            }
            Ok(_) => {
                let detail = if greeting { "a hello comes first" } else { "a hello comes once" };
                self.dismiss(connection, Code::UNEXPECTED, detail);
            }
            Err(error) => self.dismiss(connection, Code::MALFORMED, &error.to_string()),
        }
    }
}
