//! Bytes that nobody should write: those a reader takes all the same, and those it refuses.

use throng_protocol::frame::TooLarge;
use throng_protocol::limits::{BODY_BYTES_MAX, HELLO_BODY_BYTES_MAX};
use throng_protocol::push::LeftRoom;
use throng_protocol::reply::Pong;
use throng_protocol::request::{Join, Ping};
use throng_protocol::value::{IdList, LeftReason};
use throng_protocol::{DecodeError, FromBroker, FromClient};

use super::{File, Frame, NONE, Oddity, Outcome, extensions, text_of};

const TOLERATED: &str =
    "Frames a reader accepts although this version would not write them like this.
A field-by-field account is missing here: the line \"why\" says what is odd.";

const REFUSED: &str =
    "Bytes that are no frame. A broker answers MALFORMED or TOO_LARGE and ends the connection.";

pub fn tolerated() -> File {
    let mut oddities = wide_numbers();
    oddities.extend(later_frames());
    File { name: "tolerated.txt", head: TOLERATED, cases: Vec::new(), oddities }
}

pub fn refused() -> File {
    let mut oddities = bad_ends();
    oddities.extend(bad_fields());
    oddities.extend(bad_hellos());
    oddities.extend(bad_lists());
    oddities.extend(bad_lengths());
    File { name: "refused.txt", head: REFUSED, cases: Vec::new(), oddities }
}

fn framed(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("it is far below 4 GiB");
    [&length.to_le_bytes(), body].concat()
}

fn read(name: &'static str, body: &[u8], frame: Frame, why: &'static str) -> Oddity {
    let from = match frame {
        Frame::Client(_) => "client",
        Frame::Broker(_) => "broker",
    };
    let (frame, outcome) = (framed(body), Outcome::Read(Box::new(frame)));
    Oddity { name, from, frame, why, outcome }
}

fn refuse(
    (name, from): (&'static str, &'static str),
    body: &[u8],
    error: DecodeError,
    why: &'static str,
) -> Oddity {
    let (frame, outcome) = (framed(body), Outcome::Refused(error));
    Oddity { name, from, frame, why, outcome }
}

/// Numbers in more bytes than they need.
fn wide_numbers() -> Vec<Oddity> {
    let ping = Frame::Client(FromClient::Request(7, Ping { extensions: NONE }.into()));
    let join = Join { room: "ab", ..Join::default() };
    let join = Frame::Client(FromClient::Request(7, join.into()));
    let pong = Pong { time: 5, extensions: NONE };
    let pong = Frame::Broker(FromBroker::Reply(7, pong.into()));
    vec![
        read("number-in-two-bytes", &[19, 251, 7, 0, 0], ping, "7 fits one byte, here it has 3"),
        read(
            "number-in-four-bytes",
            &[19, 252, 7, 0, 0, 0, 0],
            ping,
            "7 fits one byte, here it has 5",
        ),
        read(
            "time-in-eight-bytes",
            &[67, 7, 253, 5, 0, 0, 0, 0, 0, 0, 0, 0],
            pong,
            "5 fits one byte, here it has 9",
        ),
        read(
            "length-of-a-text-in-eight-bytes",
            &[16, 7, 253, 2, 0, 0, 0, 0, 0, 0, 0, b'a', b'b', 0, 0, 0, 0, 0, 0, 0, 0],
            join,
            "a length of 2 fits one byte, here it has 9",
        ),
        read(
            "length-of-extensions-in-two-bytes",
            &[19, 7, 251, 0, 0],
            ping,
            "a length of 0 fits one byte, here it has 3",
        ),
    ]
}

/// What a later version may add without a new number of its own.
fn later_frames() -> Vec<Oddity> {
    let foreign = FromClient::ForeignHello { version_min: 2, version_max: 9 };
    let required = Ping { extensions: extensions(&[(2, b"x")]) };
    let required = Frame::Client(FromClient::Request(7, required.into()));
    let left = LeftRoom { room: "a", reason: LeftReason::Unknown(9), extensions: NONE };
    let left = Frame::Broker(FromBroker::Push(left.into()));
    vec![
        read(
            "request-of-a-later-version",
            &[63, 7, 1, 2, 3],
            Frame::Client(FromClient::UnknownRequest(7, 63)),
            "the number is read, the rest is not: answered with NOT_SUPPORTED",
        ),
        read(
            "reply-of-a-later-version",
            &[125, 7, 1, 2, 3],
            Frame::Broker(FromBroker::UnknownReply(7, 125)),
            "the number is read, the rest is not: the request is over",
        ),
        read(
            "push-of-a-later-version",
            &[255, 1, 2, 3],
            Frame::Broker(FromBroker::UnknownPush(255)),
            "skipped",
        ),
        read(
            "reason-of-a-later-version",
            &[132, 1, b'a', 9, 0],
            left,
            "byte 9 is no reason of this version: kept as unknown",
        ),
        read(
            "extension-that-must-be-understood",
            &[19, 7, 3, 2, 1, b'x'],
            required,
            "2 is even: read, and answered with NOT_SUPPORTED",
        ),
        read(
            "hello-of-a-later-version",
            &[1, 252, 0x54, 0x48, 0x52, 0x47, 2, 9, 200, 201],
            Frame::Client(foreign),
            "versions 2 to 9: read so far and no further, answered with UNSUPPORTED_VERSION",
        ),
    ]
}

fn bad_ends() -> Vec<Oddity> {
    use DecodeError::{Empty, Trailing, Truncated, UnknownTag};
    vec![
        refuse(("empty", "client"), &[], Empty, "no tag"),
        refuse(("empty-from-a-broker", "broker"), &[], Empty, "no tag"),
        refuse(("tag-0", "client"), &[0, 7, 0], UnknownTag(0), "no frame has that tag"),
        refuse(("reply-from-a-client", "client"), &[67, 7, 0, 0], UnknownTag(67), "wrong way"),
        refuse(("push-from-a-client", "client"), &[133, 0], UnknownTag(133), "wrong way"),
        refuse(("request-from-a-broker", "broker"), &[19, 7, 0], UnknownTag(19), "wrong way"),
        refuse(("no-number", "client"), &[19], Truncated, "a request needs a number"),
        refuse(("no-number-but-unknown", "client"), &[63], Truncated, "unknown ones need it too"),
        refuse(("no-extensions", "client"), &[19, 7], Truncated, "they may be empty, not missing"),
        refuse(("cut-in-a-varint", "client"), &[19, 252, 7, 0], Truncated, "4 bytes were promised"),
        refuse(("cut-in-a-text", "client"), &[17, 7, 5, b'a'], Truncated, "5 bytes were promised"),
        refuse(("one-byte-too-many", "client"), &[19, 7, 0, 0], Trailing(1), "left over"),
        refuse(("push-too-long", "broker"), &[133, 0, 1, 2], Trailing(2), "left over"),
    ]
}

fn bad_fields() -> Vec<Oddity> {
    use DecodeError::{Invalid, Truncated};
    let huge = [17, 7, 253, 255, 255, 255, 255, 255, 255, 255, 255];
    let wide = [19, 253, 7, 0, 0, 0, 0, 0, 0, 0, 0];
    vec![
        refuse(("number-marker-254", "client"), &[19, 254, 7, 0, 0], Invalid, "reserved"),
        refuse(("number-marker-255", "client"), &[19, 255, 7, 0, 0], Invalid, "reserved"),
        refuse(("marker-too-wide", "client"), &wide, Invalid, "a u32 never has the marker 253"),
        refuse(
            ("code-marker-too-wide", "broker"),
            &[127, 7, 252, 100, 0, 0, 0, 0, 0, 0],
            Invalid,
            "a u16 never has the marker 252",
        ),
        refuse(("text-not-utf-8", "client"), &[17, 7, 1, 255, 0], Invalid, "255 is not UTF-8"),
        refuse(("text-of-2-to-the-64", "client"), &huge, Truncated, "nothing is reserved for it"),
    ]
}

fn bad_hellos() -> Vec<Oddity> {
    use DecodeError::{Invalid, Truncated};
    let magic = [1, 252, 0x54, 0x48, 0x52, 0x47];
    let with = |rest: &[u8]| [&magic[..], rest].concat();
    let bad_credentials = with(&[1, 1, 0, 2, 0, 0, 0]);
    vec![
        refuse(("hello-http", "client"), b"\x01GET / HTTP/1.1\r\n", Invalid, "not the magic"),
        refuse(
            ("hello-versions-swapped", "client"),
            &with(&[2, 1, 0, 1, 0, 0, 0]),
            Invalid,
            "the oldest version is above the newest",
        ),
        refuse(("hello-cut", "client"), &with(&[1]), Truncated, "both versions are needed"),
        refuse(
            ("hello-unknown-credentials", "client"),
            &bad_credentials,
            Invalid,
            "there are no credentials of number 2",
        ),
    ]
}

fn bad_lists() -> Vec<Oddity> {
    use DecodeError::Invalid;
    let ping = |list: &[u8]| {
        let length = u8::try_from(list.len()).expect("it is short");
        [&[19, 7, length], list].concat()
    };
    let mut targets = Vec::new();
    IdList::write([text_of('t', 1); 101], &mut targets);
    let publish = [&[18, 7, 0, 0, 0, 0, 0, 0, 202], &targets[..], &[0]].concat();
    // A member with nothing to say of itself is seven bytes.
    let members = [&[78, 7, 0, 251, 0xb3, 0x0d][..], &[0; 501 * 7], &[0, 0]].concat();
    // A write of nothing is eight bytes, one of a queue four.
    let writes = [&[39, 7, 0, 21 * 8][..], &[0; 21 * 8], &[0, 0, 0]].concat();
    let offers = [&[43, 7, 0, 251, 0x94, 0x01][..], &[0; 101 * 4], &[0, 0, 0]].concat();
    vec![
        refuse(("21-attribute-writes", "client"), &writes, Invalid, "20 are allowed"),
        refuse(("101-queue-writes", "client"), &offers, Invalid, "100 are allowed"),
        refuse(
            ("attribute-write-cut", "client"),
            &[39, 7, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            Invalid,
            "8 fields are needed",
        ),
        refuse(("extension-cut", "client"), &ping(&[1, 5, 0]), Invalid, "5 bytes were promised"),
        refuse(("extension-without-bytes", "client"), &ping(&[1]), Invalid, "a pair is needed"),
        refuse(
            ("seventeen-extensions", "client"),
            &ping(&[1, 0].repeat(17)),
            Invalid,
            "16 are allowed",
        ),
        refuse(("101-targets", "client"), &publish, Invalid, "100 are allowed"),
        refuse(
            ("target-cut", "client"),
            &[18, 7, 0, 0, 0, 0, 0, 0, 1, 9, 0],
            Invalid,
            "9 bytes were promised",
        ),
        refuse(("501-members", "broker"), &members, Invalid, "500 are allowed"),
        refuse(
            ("result-cut", "broker"),
            &[77, 7, 3, 0, 252, 1, 0],
            Invalid,
            "4 bytes were promised",
        ),
    ]
}

/// Prefixes that are refused before any body is there.
fn bad_lengths() -> Vec<Oddity> {
    let claim = |name, max: usize, length: usize, why| {
        let prefix = u32::try_from(length).expect("it fits the prefix");
        Oddity {
            name,
            from: "client",
            frame: prefix.to_le_bytes().to_vec(),
            why,
            outcome: Outcome::TooLarge(TooLarge { length, max }),
        }
    };
    let (hello, body) = (HELLO_BODY_BYTES_MAX, BODY_BYTES_MAX);
    vec![
        claim("hello-too-long", hello, hello + 1, "a first frame has at most 4092 bytes"),
        claim("frame-too-long", body, body + 1, "a body has at most 139264 bytes"),
        claim("frame-of-4-gib", body, u32::MAX as usize, "a body has at most 139264 bytes"),
        claim("http", body, 0x2054_4547, "\"GET \" read as a length"),
    ]
}
