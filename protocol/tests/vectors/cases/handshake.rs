//! The first frame each way, and the last one.

use throng_protocol::handshake::{Credentials, Development, GoAway, Hello, MAGIC, Welcome};
use throng_protocol::limits::{BODY_BYTES_MAX, CREDENTIAL_BYTES_MAX, PAYLOAD_BYTES_MAX};
use throng_protocol::value::{Extensions, Role};
use throng_protocol::{Code, FromBroker, FromClient, Refusal};

use super::{Case, File, NONE, broker, bytes_of, client, some_extensions, text_of};

const HEAD: &str = "The first frame each way, and the last one: Hello, Welcome, GoAway.";

pub fn file() -> File {
    let mut cases = hellos();
    cases.extend(welcomes());
    cases.extend(go_aways());
    File { name: "handshake.txt", head: HEAD, cases, oddities: Vec::new() }
}

const fn hello(credentials: Credentials<'static>) -> Hello<'static> {
    Hello {
        magic: MAGIC,
        version_min: 1,
        version_max: 1,
        app: "dev",
        credentials,
        client: "vectors/1",
        extensions: Extensions::NONE,
    }
}

const fn development(user: &'static str, device: &'static str, role: Role) -> Credentials<'static> {
    Credentials::Development(Development { secret: "s3cret", user, device, role })
}

fn hellos() -> Vec<Case> {
    let minimal = Hello {
        app: "",
        client: "",
        ..hello(Credentials::Development(Development {
            secret: "",
            user: "",
            device: "",
            role: Role::Client,
        }))
    };
    let full = Hello {
        version_min: 0,
        version_max: u16::MAX,
        app: text_of('a', 64),
        client: text_of('~', 64),
        extensions: some_extensions(),
        ..hello(Credentials::Development(Development {
            secret: text_of('s', 300),
            user: text_of('u', 64),
            device: text_of('d', 64),
            role: Role::Unknown(255),
        }))
    };
    let token = Hello {
        extensions: some_extensions(),
        ..hello(Credentials::Token(bytes_of(0xa5, CREDENTIAL_BYTES_MAX)))
    };
    [
        ("hello-minimal", minimal),
        ("hello-client", hello(development("ann", "phone", Role::Client))),
        ("hello-anonymous", hello(development("", "", Role::Anonymous))),
        ("hello-server", hello(development("backend-1", "", Role::Server))),
        ("hello-full", full),
        ("hello-token-minimal", hello(Credentials::Token(&[]))),
        ("hello-token-full", token),
    ]
    .map(|(name, hello)| client(name, FromClient::Hello(hello)))
    .into()
}

fn welcomes() -> Vec<Case> {
    let minimal = Welcome {
        version: 0,
        session: 0,
        user: "",
        role: Role::Client,
        time: 0,
        body_bytes_max: 0,
        payload_bytes_max: 0,
        ping_after_ms: 0,
        messages_per_second: 0,
        requests_per_second: 0,
        rooms_per_user: 0,
        expires_in_ms: 0,
        extensions: NONE,
    };
    let defaults = Welcome {
        version: 1,
        session: 0x0001_0000_0100_002a,
        user: "ann",
        role: Role::Client,
        time: 1_793_500_000_000_000,
        body_bytes_max: u32::try_from(BODY_BYTES_MAX).expect("it is far below 4 GiB"),
        payload_bytes_max: u32::try_from(PAYLOAD_BYTES_MAX).expect("it is far below 4 GiB"),
        ping_after_ms: 30_000,
        messages_per_second: 5,
        requests_per_second: 20,
        rooms_per_user: 1,
        expires_in_ms: 0,
        extensions: NONE,
    };
    let full = Welcome {
        version: u16::MAX,
        session: u64::MAX,
        user: text_of('u', 64),
        role: Role::Server,
        time: u64::MAX,
        body_bytes_max: u32::MAX,
        payload_bytes_max: u32::MAX,
        ping_after_ms: u32::MAX,
        messages_per_second: u32::MAX,
        requests_per_second: u32::MAX,
        rooms_per_user: u32::MAX,
        expires_in_ms: u64::MAX,
        extensions: some_extensions(),
    };
    [("welcome-minimal", minimal), ("welcome-defaults", defaults), ("welcome-full", full)]
        .map(|(name, welcome)| broker(name, FromBroker::Welcome(welcome)))
        .into()
}

fn go_aways() -> Vec<Case> {
    let minimal = GoAway::new(Refusal::new(Code::from_number(0)));
    let draining = GoAway::new(Refusal { retry_after_ms: 2_718, ..Refusal::new(Code::DRAINING) });
    let full = GoAway {
        version_min: 0,
        version_max: u16::MAX,
        refusal: Refusal {
            code: Code::from_number(u16::MAX),
            retry_after_ms: u32::MAX,
            detail: "an \"odd\" detail, 2 \u{20ac}",
            extensions: some_extensions(),
        },
    };
    [("go-away-minimal", minimal), ("go-away-draining", draining), ("go-away-full", full)]
        .map(|(name, go_away)| broker(name, FromBroker::GoAway(go_away)))
        .into()
}
