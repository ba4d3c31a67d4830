//! What the core asks of the allocator: nothing for a delivery, a known little for a message and
//! a batch, and a bounded number of bytes for a session.
//!
//! Real shards, of which nothing but the core is counted. A batch goes to two shards here, so
//! one message alone is five allocations: what it says; the batch's bytes and the count of their
//! shares; and each shard's own share.

mod counting;
#[path = "../../broker/benches/node.rs"]
mod node;
mod within_tls;

use throng_protocol::request::{Join, Leave};
use throng_protocol::value::{Extensions, PublishOptions};

use counting::{Counting, asked};
use node::{Client, Node};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// For the message itself, on its way to the room's home.
const PER_MESSAGE: u64 = 1;

/// For all messages of one room and turn, sent to two shards.
const PER_BATCH: u64 = 4;

/// For the list of more than one message that must not go back to who published them.
const PER_BATCH_WITHOUT_ECHO: u64 = 1;

const OPEN_SESSION_BYTES_MAX: i64 = 800;
/// With its seat at its home, and its user as a member of the room: name, home, time and place of
/// joining, visit.
const JOINED_SESSION_BYTES_MAX: i64 = 1_100;

/// Receives with which a publisher warms a room up, and then those that are counted.
const WARM_UP: u64 = 20;
const ROUNDS: u64 = 10;

/// A room of so many members on two shards.
fn room(members: usize) -> (Node, Vec<Client>) {
    let mut node = Node::new(2);
    let clients: Vec<_> = (0..members).map(|user| node.open(&name(user))).collect();
    for client in &clients {
        node.join(*client);
    }
    (node, clients)
}

/// A user's id, of a usual length.
fn name(user: usize) -> String {
    format!("user-{user:011}")
}

/// Allocations while a member publishes so many messages in one receive and all are delivered.
fn allocations(node: &mut Node, by: Client, messages: usize, options: PublishOptions) -> u64 {
    for _ in 0..WARM_UP {
        node.publish(by, messages, options);
    }
    let before = asked().allocations;
    for _ in 0..ROUNDS {
        node.publish(by, messages, options);
    }
    let total = asked().allocations - before;
    assert_eq!(total % ROUNDS, 0, "each receive costs the same");
    total / ROUNDS
}

/// Holds the cost of publishing to a number that does not depend on the room's size.
fn check_cost(messages: usize, options: PublishOptions, expected: u64) {
    for members in [100, 1_000] {
        let (mut node, clients) = room(members);
        // From the room's home, and from the other shard.
        for shard in [0, 1] {
            let by = clients.iter().find(|client| client.shard == shard);
            let by = *by.expect("each shard is home to some users");
            let before = node.frames_sent;
            let allocations = allocations(&mut node, by, messages, options);
            // Everyone gets every message; who publishes without an echo gets an answer instead.
            let frames = (WARM_UP + ROUNDS) * (messages * members) as u64;
            assert_eq!(node.frames_sent - before, frames, "everything is delivered");
            assert_eq!(allocations, expected, "{messages} to {members} from shard {shard}");
        }
    }
}

#[test]
fn a_delivery_allocates_nothing_and_a_message_alone_five_times() {
    check_cost(1, PublishOptions::default(), PER_MESSAGE + PER_BATCH);
}

#[test]
fn messages_of_one_turn_share_all_but_what_they_say() {
    let expected = 64 * PER_MESSAGE + PER_BATCH;
    check_cost(64, PublishOptions::ECHO.with(PublishOptions::NO_ACK), expected);
}

#[test]
fn leaving_out_the_publisher_costs_one_list() {
    let expected = 64 * PER_MESSAGE + PER_BATCH + PER_BATCH_WITHOUT_ECHO;
    check_cost(64, PublishOptions::default(), expected);
}

#[test]
fn an_idle_session_stays_small() {
    const SESSIONS: usize = 5_000;
    let names: Vec<_> = (0..SESSIONS).map(name).collect();
    let mut clients = Vec::with_capacity(SESSIONS);
    let mut node = Node::new(1);
    let before = asked().bytes;
    let each = || (asked().bytes - before) / SESSIONS as i64;

    clients.extend(names.iter().map(|user| node.open(user)));
    println!("{} bytes for each open session", each());
    assert!(each() <= OPEN_SESSION_BYTES_MAX, "{} bytes", each());

    for client in &clients {
        node.join(*client);
    }
    println!("{} bytes for each session in a room of {SESSIONS}", each());
    assert!(each() <= JOINED_SESSION_BYTES_MAX, "{} bytes", each());
}

/// Bytes of a room in which nobody is and nothing was said (spec 3: no limit on rooms but memory).
const EMPTY_ROOM_BYTES_MAX: i64 = 1_024;
/// Bytes of a room with ten members, each of them in a hundred rooms, with what their homes keep.
const ROOM_OF_TEN_BYTES_MAX: i64 = 5_120;

#[test]
fn a_room_stays_small_and_so_does_one_with_ten_members() {
    const ROOMS: usize = 16_384;
    const MEMBERS: usize = 10;
    let rooms: Vec<_> = (0..ROOMS).map(|n| format!("room-{n}")).collect();
    let users: Vec<_> = (0..MEMBERS).map(name).collect();
    let mut node = Node::new(1);
    let members: Vec<_> = users.iter().map(|user| node.open(user)).collect();

    let before = asked().bytes;
    for room in &rooms {
        // One that was never there is created; who leaves leaves it to itself.
        node.ask(members[0], Join { room, ..Join::default() }.into());
        node.ask(members[0], Leave { room, extensions: Extensions::NONE }.into());
    }
    let empty = (asked().bytes - before) / ROOMS as i64;
    println!("{empty} bytes for each empty room");
    assert!(empty <= EMPTY_ROOM_BYTES_MAX, "{empty} bytes");

    let (before, full) = (asked().bytes, 100);
    for room in &rooms[..full] {
        for member in &members {
            node.ask(*member, Join { room, ..Join::default() }.into());
        }
    }
    let ten = empty + (asked().bytes - before) / full as i64;
    println!("{ten} bytes for each room of {MEMBERS}");
    assert!(ten <= ROOM_OF_TEN_BYTES_MAX, "{ten} bytes");
}
