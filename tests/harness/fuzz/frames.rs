//! The wire under arbitrary bytes: how a stream is cut never changes what is read, and what can
//! be read can be written again.
//!
//! Both directions are tried on every body, since one attacker plays a client and the next a
//! broker.

use arbitrary::Unstructured;
use throng_protocol::frame::split;
use throng_protocol::limits::{
    BODY_BYTES_MAX, COUNTS_MAX, EXTENSIONS_MAX, HELLO_BODY_BYTES_MAX, LIST_IDS_MAX,
    PAGE_ENTRIES_MAX, PREFIX_BYTES,
};
use throng_protocol::push::Push;
use throng_protocol::reply::Reply;
use throng_protocol::request::Request;
use throng_protocol::{FromBroker, FromClient};

/// Streams up to this long are also fed byte by byte.
const SINGLE_BYTES_MAX: usize = 512;

/// What a reader has got out of a stream that it was given in pieces.
#[derive(Debug, Default, PartialEq)]
struct Reader {
    held: Vec<u8>,
    bodies: Vec<Vec<u8>>,
    /// The length of a frame that was too large: the end.
    refused: Option<usize>,
}

impl Reader {
    fn feed(&mut self, piece: &[u8], body_bytes_max: usize) {
        self.held.extend_from_slice(piece);
        let mut done = 0;
        while self.refused.is_none() {
            match split(&self.held[done..], body_bytes_max) {
                Ok(None) => break,
                Ok(Some((body, _))) => {
                    assert!(body.len() <= body_bytes_max, "a body above the limit came through");
                    self.bodies.push(body.to_vec());
                    done += PREFIX_BYTES + body.len();
                }
                Err(too_large) => {
                    assert!(too_large.length > body_bytes_max && too_large.max == body_bytes_max);
                    self.refused = Some(too_large.length);
                }
            }
        }
        // What stands behind a frame that is too large is not read.
        self.held.drain(..if self.refused.is_some() { self.held.len() } else { done });
    }

    fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>, body_bytes_max: usize) -> Self {
        let mut reader = Self::default();
        pieces.for_each(|piece| reader.feed(piece, body_bytes_max));
        reader
    }
}

/// Arbitrary bytes with arbitrary cuts: the same frames, the same values and the same errors.
///
/// The bytes: which limit holds, how many cuts, the cuts with two bytes each, the stream.
///
/// # Panics
/// When a cut changes anything.
pub fn frame_stream(input: &[u8]) {
    let mut input = Unstructured::new(input);
    let limits = [BODY_BYTES_MAX, HELLO_BODY_BYTES_MAX, 100, 1];
    let body_bytes_max = limits[usize::from(next(&mut input)) % limits.len()];
    let mut cuts: Vec<usize> = (0..next(&mut input) % 8)
        .map(|_| usize::from(input.arbitrary().unwrap_or(0_u16)))
        .collect();
    let stream = input.take_rest();
    cuts.iter_mut().for_each(|cut| *cut = (*cut).min(stream.len()));
    cuts.extend([0, stream.len()]);
    cuts.sort_unstable();

    let whole = Reader::read([stream].into_iter(), body_bytes_max);
    let pieces = cuts.windows(2).map(|pair| &stream[pair[0]..pair[1]]);
    let cut = Reader::read(pieces, body_bytes_max);
    assert_eq!(whole, cut, "cut at {cuts:?}");
    if stream.len() <= SINGLE_BYTES_MAX {
        assert_eq!(whole, Reader::read(stream.chunks(1), body_bytes_max), "cut into single bytes");
    }
    let taken: usize = whole.bodies.iter().map(|body| PREFIX_BYTES + body.len()).sum();
    assert!(whole.refused.is_some() || taken + whole.held.len() == stream.len());
    for (ours, theirs) in whole.bodies.iter().zip(&cut.bodies) {
        assert_eq!(FromClient::decode(ours), FromClient::decode(theirs));
        assert_eq!(FromBroker::decode(ours), FromBroker::decode(theirs));
    }
}

/// A body, read as both sides would: what decodes encodes to no more bytes than it came in, and
/// those decode to the same value.
///
/// # Panics
/// When they do not.
pub fn frame_decode(body: &[u8]) {
    let client = FromClient::decode(body);
    let broker = FromBroker::decode(body);
    assert!(client.is_err() || broker.is_err(), "no frame goes both ways");
    let mut written = Vec::new();
    match client {
        Ok(FromClient::ForeignHello { version_min, version_max }) => {
            assert!(version_min <= version_max);
        }
        Ok(FromClient::UnknownRequest(_, tag)) => assert!((16..64).contains(&tag)),
        Ok(frame) => {
            walk(&frame);
            frame.write(&mut written);
            assert_eq!(FromClient::decode(again(&written, body)), Ok(frame));
        }
        Err(_) => {}
    }
    match broker {
        Ok(FromBroker::UnknownReply(_, tag)) => assert!((64..128).contains(&tag)),
        Ok(FromBroker::UnknownPush(tag)) => assert!(tag >= 128),
        Ok(frame) => {
            walk_said(&frame);
            frame.write(&mut written);
            assert_eq!(FromBroker::decode(again(&written, body)), Ok(frame));
        }
        Err(_) => {}
    }
}

/// The body of a frame that was written from what `body` said.
fn again<'a>(written: &'a [u8], body: &[u8]) -> &'a [u8] {
    let (own, rest) = split(written, usize::MAX).expect("no limit").expect("it is whole");
    assert!(rest.is_empty(), "one frame was written");
    assert!(own.len() <= body.len(), "we write the shortest form");
    own
}

/// Looks at everything in a frame that is read later than the frame.
fn walk(frame: &FromClient<'_>) {
    let extensions = match frame {
        FromClient::Hello(hello) => hello.extensions,
        FromClient::Request(_, request) => request.extensions(),
        _ => return,
    };
    assert!(extensions.iter().count() <= EXTENSIONS_MAX);
    let required = extensions.iter().find(|(number, _)| number % 2 == 0);
    assert_eq!(extensions.first_required(), required.map(|(number, _)| number));
    let FromClient::Request(_, request) = frame else { return };
    let ids = match request {
        Request::Publish(publish) => publish.targets,
        Request::ChangeList(change) => change.entries,
        Request::CreateRoom(create) => create.mute_exceptions,
        Request::DestroyRooms(destroy) => destroy.rooms,
        Request::FindMembers(find) => find.users,
        Request::SetRoomRole(set) => set.users,
        Request::Moderate(moderate) => moderate.users,
        _ => return,
    };
    let count = ids.iter().count();
    assert!(count <= LIST_IDS_MAX && (count == 0) == ids.is_empty());
}

/// The same for what a broker says.
fn walk_said(frame: &FromBroker<'_>) {
    let (count, most, is_empty) = match frame {
        FromBroker::Reply(_, Reply::MembersPage(page)) => {
            (page.members.iter().count(), PAGE_ENTRIES_MAX, page.members.is_empty())
        }
        FromBroker::Reply(_, Reply::SanctionsPage(page)) => {
            (page.users.iter().count(), PAGE_ENTRIES_MAX, page.users.is_empty())
        }
        FromBroker::Reply(_, Reply::Results(many)) => {
            (many.results.iter().count(), LIST_IDS_MAX, many.results.is_empty())
        }
        FromBroker::Reply(_, Reply::MembersFound(many)) => {
            (many.attendances.iter().count(), LIST_IDS_MAX, many.attendances.is_empty())
        }
        FromBroker::Reply(_, Reply::ListEntries(list)) => {
            (list.entries.iter().count(), LIST_IDS_MAX, list.entries.is_empty())
        }
        FromBroker::Reply(_, Reply::Counters(all)) => {
            (all.counts.iter().count(), COUNTS_MAX, all.counts.is_empty())
        }
        FromBroker::Push(Push::Notice(notice)) => {
            (notice.users.iter().count(), LIST_IDS_MAX, notice.users.is_empty())
        }
        _ => return,
    };
    assert!(count <= most && (count == 0) == is_empty);
}

/// The next byte, or 0 at the end.
fn next(input: &mut Unstructured<'_>) -> u8 {
    input.arbitrary().unwrap_or(0)
}
