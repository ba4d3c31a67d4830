//! A whole conversation, as `docs/protocol.md` shows it: Ann comes in, joins, says something and
//! hears it herself, and is sent away with everyone else.

use throng_protocol::handshake::{
    Credentials, Development, GoAway, Hello, MAGIC, VERSION, Welcome,
};
use throng_protocol::limits::{BODY_BYTES_MAX, PAYLOAD_BYTES_MAX};
use throng_protocol::push::Deliver;
use throng_protocol::reply::{Accepted, Joined};
use throng_protocol::request::{Join, Publish};
use throng_protocol::value::{About, ClassHint, IdList, PublishOptions, Role, RoomRole};
use throng_protocol::{Code, FromBroker, FromClient, Refusal};

use super::{Case, File, NONE, broker, client};

const HEAD: &str = "A whole conversation, in order: the worked example of docs/protocol.md.";

const EPOCH: u64 = 7;
const NOW: u64 = 1_793_500_000_000_000;

pub fn file() -> File {
    let mut cases = greeting();
    cases.extend(talk());
    File { name: "conversation.txt", head: HEAD, cases, oddities: Vec::new() }
}

fn greeting() -> Vec<Case> {
    let hello = Hello {
        magic: MAGIC,
        version_min: VERSION,
        version_max: VERSION,
        app: "dev",
        credentials: Credentials::Development(Development {
            secret: "throng-development",
            user: "ann",
            device: "laptop",
            role: Role::Client,
        }),
        client: "throng-example/1",
        extensions: NONE,
    };
    let welcome = Welcome {
        version: VERSION,
        session: 42,
        user: "ann",
        role: Role::Client,
        time: NOW,
        body_bytes_max: u32::try_from(BODY_BYTES_MAX).expect("it is far below 4 GiB"),
        payload_bytes_max: u32::try_from(PAYLOAD_BYTES_MAX).expect("it is far below 4 GiB"),
        ping_after_ms: 30_000,
        messages_per_second: 5,
        requests_per_second: 20,
        rooms_per_user: 1,
        expires_in_ms: 0,
        extensions: NONE,
    };
    vec![
        client("1-hello", FromClient::Hello(hello)),
        broker("2-welcome", FromBroker::Welcome(welcome)),
    ]
}

fn talk() -> Vec<Case> {
    let join = Join { room: "lobby", ..Join::default() };
    let joined = Joined {
        epoch: EPOCH,
        seq: 41,
        created_at: NOW - 60_000_000,
        members: 2,
        occupants: 2,
        about: About { title: "Lobby", ..About::default() },
        role: RoomRole::Visitor,
        ..Joined::default()
    };
    let publish = Publish {
        room: "lobby",
        kind: "text",
        payload: b"hi all",
        options: PublishOptions::ECHO,
        class: ClassHint::Default,
        message_id: "",
        targets: IdList::EMPTY,
        extensions: NONE,
    };
    let (ingress_at, egress_at) = (NOW + 250_000, NOW + 250_070);
    let accepted = Accepted { epoch: EPOCH, seq: 42, time: egress_at, extensions: NONE };
    let deliver = Deliver {
        room: "lobby",
        epoch: EPOCH,
        seq: 42,
        sender: "ann",
        sender_role: Role::Client,
        kind: "text",
        ingress_at,
        egress_at,
        payload: b"hi all",
        extensions: NONE,
    };
    let go_away = GoAway::new(Refusal { retry_after_ms: 1_234, ..Refusal::new(Code::DRAINING) });
    vec![
        client("3-join", FromClient::Request(1, join.into())),
        broker("4-joined", FromBroker::Reply(1, joined.into())),
        client("5-publish", FromClient::Request(2, publish.into())),
        broker("6-accepted", FromBroker::Reply(2, accepted.into())),
        broker("7-deliver", FromBroker::Push(deliver.into())),
        broker("8-go-away", FromBroker::GoAway(go_away)),
    ]
}
