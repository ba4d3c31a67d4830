//! What holds for any frames and any bytes: they come back as they went, however the stream is
//! cut, and nothing that a peer sends makes us panic.

mod parts;

use std::collections::BTreeSet;

use parts::{FRAMES, Parts, parts};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use throng_protocol::DecodeError;
use throng_protocol::frame::{FromBroker, FromClient, split};
use throng_protocol::limits::{BODY_BYTES_MAX, EXTENSIONS_MAX, PAYLOAD_BYTES_MAX};
use throng_protocol::push::Deliver;
use throng_protocol::value::{Extensions, Role};

/// What a reader has got out of a stream, which it was given in pieces.
#[derive(Debug, Default, PartialEq)]
struct Reader {
    held: Vec<u8>,
    bodies: Vec<Vec<u8>>,
    refused: bool,
}

impl Reader {
    fn feed(&mut self, piece: &[u8], body_bytes_max: usize) {
        if self.refused {
            return;
        }
        self.held.extend_from_slice(piece);
        loop {
            match split(&self.held, body_bytes_max) {
                Ok(None) => return,
                Ok(Some((body, rest))) => {
                    self.bodies.push(body.to_vec());
                    self.held = rest.to_vec();
                }
                Err(_) => {
                    self.refused = true;
                    self.held.clear();
                    return;
                }
            }
        }
    }

    /// Reads a stream that comes in these pieces.
    fn read(stream: &[u8], cuts: &BTreeSet<usize>, body_bytes_max: usize) -> Self {
        let mut reader = Self::default();
        let mut from = 0;
        for &cut in cuts.iter().chain([&stream.len()]) {
            reader.feed(&stream[from..cut], body_bytes_max);
            from = cut;
        }
        reader
    }

    fn read_by_single_bytes(stream: &[u8], body_bytes_max: usize) -> Self {
        Self::read(stream, &(0..stream.len()).collect(), body_bytes_max)
    }
}

fn stream_of(all: &[Parts]) -> Vec<u8> {
    all.iter().flat_map(|parts| parts.frame().bytes()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_frame_comes_back_as_it_went(parts in parts()) {
        let frame = parts.frame();
        let bytes = frame.bytes();
        let (body, rest) = split(&bytes, bytes.len()).unwrap().unwrap();
        prop_assert!(rest.is_empty());
        prop_assert_eq!(frame.decode_alike(body), Ok(frame));
    }

    #[test]
    fn a_list_and_extensions_come_back_as_they_went(parts in parts()) {
        let list = throng_protocol::value::IdList::parse(&parts.ids_bytes).unwrap();
        prop_assert_eq!(list.iter().collect::<Vec<_>>(), parts.ids.clone());
        let extensions = Extensions::parse(&parts.extensions_bytes).unwrap();
        let pairs = extensions.iter().map(|(number, bytes)| (number, bytes.to_vec()));
        prop_assert_eq!(pairs.collect::<Vec<_>>(), parts.extensions.clone());
    }

    #[test]
    fn bytes_left_over_are_refused_and_bytes_missing_too(
        parts in parts(),
        extra in vec(any::<u8>(), 1..20),
        cut in any::<Index>(),
    ) {
        let frame = parts.frame();
        let bytes = frame.bytes();
        let body = &bytes[4..];
        let longer = [body, &extra].concat();
        prop_assert_eq!(
            frame.decode_alike(&longer),
            Err(DecodeError::Trailing(extra.len()))
        );
        let shorter = &body[..cut.index(body.len())];
        prop_assert!(matches!(
            frame.decode_alike(shorter),
            Err(DecodeError::Empty | DecodeError::Truncated)
        ));
    }

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..300)) {
        look_at(&bytes);
        let _ = split(&bytes, BODY_BYTES_MAX);
    }

    #[test]
    fn random_fields_behind_any_tag_never_panic(
        tag in any::<u8>(),
        fields in vec(prop_oneof![0..8_u8, 248..=255_u8, any::<u8>()], 0..60),
    ) {
        look_at(&[&[tag], &fields[..]].concat());
    }

    #[test]
    fn a_damaged_frame_never_panics_and_what_is_still_readable_can_be_walked(
        parts in parts(),
        damage in vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = parts.frame().bytes();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        look_at(&bytes[4..]);
        let _ = split(&bytes, BODY_BYTES_MAX);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_cutting_of_any_stream_yields_the_same_frames(
        all in vec(parts(), 1..6),
        cuts in vec(any::<Index>(), 0..12),
    ) {
        let stream = stream_of(&all);
        let cuts = cuts.iter().map(|cut| cut.index(stream.len())).collect();
        let whole = Reader::read(&stream, &BTreeSet::new(), BODY_BYTES_MAX);
        prop_assert_eq!(whole.bodies.len(), all.len());
        for (parts, body) in all.iter().zip(&whole.bodies) {
            let frame = parts.frame();
            prop_assert_eq!(frame.decode_alike(body), Ok(frame));
        }
        prop_assert_eq!(&Reader::read(&stream, &cuts, BODY_BYTES_MAX), &whole);
    }

    #[test]
    fn any_bytes_end_the_same_way_however_they_are_cut(
        bytes in vec(prop_oneof![3 => 0..4_u8, 1 => any::<u8>()], 0..200),
        cuts in vec(any::<Index>(), 0..12),
        body_bytes_max in 0..1_000_usize,
    ) {
        let cuts = cuts.iter().map(|cut| cut.index(bytes.len().max(1))).collect();
        let whole = Reader::read(&bytes, &BTreeSet::new(), body_bytes_max);
        prop_assert_eq!(&Reader::read(&bytes, &cuts, body_bytes_max), &whole);
        prop_assert_eq!(&Reader::read_by_single_bytes(&bytes, body_bytes_max), &whole);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn a_stream_fed_by_single_bytes_yields_the_same_frames(
        all in vec(parts().prop_filter("short enough", |it| it.payload.len() < 300), 1..4),
    ) {
        let stream = stream_of(&all);
        let whole = Reader::read(&stream, &BTreeSet::new(), BODY_BYTES_MAX);
        prop_assert_eq!(whole.bodies.len(), all.len());
        prop_assert_eq!(&Reader::read_by_single_bytes(&stream, BODY_BYTES_MAX), &whole);
    }
}

/// Reads bytes as both sides would, and walks what can be read.
fn look_at(body: &[u8]) {
    if let Ok(FromClient::Request(_, request)) = FromClient::decode(body) {
        assert!(request.extensions().iter().count() <= EXTENSIONS_MAX);
        let _ = request.extensions().first_required();
        if let throng_protocol::request::Request::Publish(publish) = request {
            assert!(publish.targets.iter().count() <= throng_protocol::limits::LIST_IDS_MAX);
        }
    }
    let _ = FromBroker::decode(body);
}

#[test]
fn every_kind_of_frame_is_drawn() {
    let mut runner = TestRunner::deterministic();
    let mut parts = parts().new_tree(&mut runner).unwrap().current();
    let mut tags = BTreeSet::new();
    for kind in 0..FRAMES.len() {
        parts.kind = kind;
        tags.insert(parts.frame().bytes()[4]);
    }
    let known = |tag: &u8| {
        let body = [*tag, 0];
        !matches!(
            (FromClient::decode(&body), FromBroker::decode(&body)),
            (
                Ok(FromClient::UnknownRequest(..)) | Err(DecodeError::UnknownTag(_)),
                Ok(FromBroker::UnknownReply(..) | FromBroker::UnknownPush(_))
                    | Err(DecodeError::UnknownTag(_))
            )
        )
    };
    assert_eq!(tags, (0..=u8::MAX).filter(known).collect());
}

#[test]
fn a_body_of_exactly_the_largest_size_is_read() {
    let payload = vec![7; PAYLOAD_BYTES_MAX];
    let mut deliver = Deliver {
        room: "",
        epoch: 1,
        seq: 1,
        sender: "",
        sender_role: Role::Client,
        kind: "",
        ingress_at: 1,
        egress_at: 1,
        payload: &payload,
        extensions: Extensions::NONE,
    };
    let mut bytes = Vec::new();
    FromBroker::Push(deliver.into()).write(&mut bytes);
    // One byte of length becomes three, the pair has a number and three bytes of length.
    let filling = vec![0; BODY_BYTES_MAX - (bytes.len() - 4) - 2 - 4];
    let mut extensions = Vec::new();
    Extensions::write([(1, &filling[..])], &mut extensions);
    deliver.extensions = Extensions::parse(&extensions).unwrap();
    bytes.clear();
    FromBroker::Push(deliver.into()).write(&mut bytes);
    assert_eq!(bytes.len() - 4, BODY_BYTES_MAX);
    let (body, _) = split(&bytes, BODY_BYTES_MAX).unwrap().unwrap();
    // Not assert_eq!: a failure would print all of it.
    assert!(FromBroker::decode(body) == Ok(FromBroker::Push(deliver.into())));
}

/// A frame of that kind with nothing in it.
fn smallest(kind: usize, drawn: &Parts) -> Parts {
    Parts {
        kind,
        number: 0,
        texts: Default::default(),
        longs: [0; 6],
        ints: [0; 6],
        shorts: [0, 1],
        bytes: [0; 6],
        payload: Vec::new(),
        ids: Vec::new(),
        extensions: Vec::new(),
        ..drawn.clone()
    }
    .written()
}

#[test]
fn a_full_body_of_the_smallest_numbers_is_read_whatever_the_frame() {
    let mut runner = TestRunner::deterministic();
    let drawn = parts().new_tree(&mut runner).unwrap().current();
    for kind in 0..FRAMES.len() {
        let parts = smallest(kind, &drawn);
        let body_bytes = parts.frame().bytes().len() - 4;
        // One byte of length becomes five, the pair has a number and five bytes of length.
        let filling = vec![0; BODY_BYTES_MAX - body_bytes - 4 - 6];
        let parts = Parts { extensions: vec![(1, filling)], ..parts }.written();
        let frame = parts.frame();
        let bytes = frame.bytes();
        assert_eq!(bytes.len() - 4, BODY_BYTES_MAX);
        assert!(frame.decode_alike(&bytes[4..]) == Ok(frame), "frame {kind}");
    }
}
