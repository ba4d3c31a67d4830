//! Makers of the frames of the handshake, of messages, and of what concerns no room.

use throng_protocol::handshake::{Credentials, Development, GoAway, Hello, MAGIC, Welcome};
use throng_protocol::push::{AppEvent, AreYouThere, Deliver, Lagged};
use throng_protocol::reply::{Accepted, Pong, Reply, Shed, Subscribed};
use throng_protocol::request::{Ping, Publish, Subscribe};
use throng_protocol::value::{
    AppEventKind, AppEvents, Class, ClassHint, Departure, DestroyReason, LagReason, PublishOptions,
    Role, ShedReason,
};
use throng_protocol::{Code, FromBroker, FromClient, Refusal};

use super::{Frame, Parts};

impl Parts {
    /// The versions of a hello that this version can speak.
    pub fn versions(&self) -> (u16, u16) {
        (self.shorts[0].min(1), self.shorts[1].max(1))
    }

    pub(super) fn code(&self) -> Code {
        Code::from_number(self.shorts[0])
    }

    pub(super) fn hello(&self) -> Frame<'_> {
        let [_, secret, user, device, ..] = &self.texts;
        let role = Role::from_byte(self.bytes[0]);
        self.hello_of(Credentials::Development(Development { secret, user, device, role }))
    }

    pub(super) fn hello_with_token(&self) -> Frame<'_> {
        self.hello_of(Credentials::Token(&self.payload))
    }

    fn hello_of<'a>(&'a self, credentials: Credentials<'a>) -> Frame<'a> {
        let (version_min, version_max) = self.versions();
        Frame::Client(FromClient::Hello(Hello {
            magic: MAGIC,
            version_min,
            version_max,
            app: &self.texts[0],
            credentials,
            client: &self.texts[4],
            extensions: self.grown(),
        }))
    }

    pub(super) fn welcome(&self) -> Frame<'_> {
        let [body, payload, ping, messages, requests, rooms] = self.ints;
        Frame::Broker(FromBroker::Welcome(Welcome {
            version: self.shorts[0],
            session: self.longs[0],
            user: &self.texts[0],
            role: Role::from_byte(self.bytes[0]),
            time: self.longs[1],
            body_bytes_max: body,
            payload_bytes_max: payload,
            ping_after_ms: ping,
            messages_per_second: messages,
            requests_per_second: requests,
            rooms_per_user: rooms,
            expires_in_ms: self.longs[2],
            extensions: self.grown(),
        }))
    }

    fn refusal(&self) -> Refusal<'_> {
        Refusal {
            code: self.code(),
            retry_after_ms: self.ints[0],
            detail: &self.texts[0],
            extensions: self.grown(),
        }
    }

    pub(super) fn go_away(&self) -> Frame<'_> {
        let [version_max, version_min] = self.shorts;
        let refusal = self.refusal();
        Frame::Broker(FromBroker::GoAway(GoAway { version_min, version_max, refusal }))
    }

    pub(super) fn refused(&self) -> Frame<'_> {
        self.reply(Reply::Refused(self.refusal()))
    }

    pub(super) fn publish(&self) -> Frame<'_> {
        let [room, kind, message_id, ..] = &self.texts;
        self.request(Publish {
            room,
            kind,
            payload: &self.payload,
            options: PublishOptions::from_bits(self.bytes[0]),
            class: ClassHint::from_byte(self.bytes[1]),
            message_id,
            targets: self.list(),
            extensions: self.grown(),
        })
    }

    pub(super) fn ping(&self) -> Frame<'_> {
        self.request(Ping { extensions: self.grown() })
    }

    pub(super) fn subscribe(&self) -> Frame<'_> {
        let events = AppEvents::from_bits(self.bytes[0]);
        self.request(Subscribe { events, extensions: self.grown() })
    }

    pub(super) fn accepted(&self) -> Frame<'_> {
        let [epoch, seq, time, ..] = self.longs;
        self.reply(Accepted { epoch, seq, time, extensions: self.grown() })
    }

    pub(super) fn pong(&self) -> Frame<'_> {
        self.reply(Pong { time: self.longs[2], extensions: self.grown() })
    }

    pub(super) fn subscribed(&self) -> Frame<'_> {
        self.reply(Subscribed { extensions: self.grown() })
    }

    pub(super) fn shed(&self) -> Frame<'_> {
        self.reply(Shed {
            class: Class::from_byte(self.bytes[0]),
            reason: ShedReason::from_byte(self.bytes[1]),
            retry_after_ms: self.ints[0],
            extensions: self.grown(),
        })
    }

    pub(super) fn deliver(&self) -> Frame<'_> {
        let [room, sender, kind, ..] = &self.texts;
        let [epoch, seq, ingress_at, egress_at, ..] = self.longs;
        self.push(Deliver {
            room,
            epoch,
            seq,
            sender,
            sender_role: Role::from_byte(self.bytes[0]),
            kind,
            ingress_at,
            egress_at,
            payload: &self.payload,
            extensions: self.grown(),
        })
    }

    pub(super) fn lagged(&self) -> Frame<'_> {
        let [epoch, from_seq, to_seq, protected, high, low] = self.longs;
        let (room, reason) = (&self.texts[0], LagReason::from_byte(self.bytes[0]));
        let extensions = self.grown();
        self.push(Lagged {
            room,
            epoch,
            from_seq,
            to_seq,
            protected,
            high,
            low,
            reason,
            extensions,
        })
    }

    pub(super) fn are_you_there(&self) -> Frame<'_> {
        self.push(AreYouThere { extensions: self.grown() })
    }

    pub(super) fn app_event(&self) -> Frame<'_> {
        let [room, user, device, ..] = &self.texts;
        let [what, role, destroyed, departure, ..] = self.bytes;
        self.push(AppEvent {
            what: AppEventKind::from_byte(what),
            at: self.longs[0],
            room,
            epoch: self.longs[1],
            user,
            device,
            role: Role::from_byte(role),
            destroyed: DestroyReason::from_byte(destroyed),
            departure: Departure::from_byte(departure),
            code: self.code(),
            extensions: self.grown(),
        })
    }
}
