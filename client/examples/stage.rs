//! A stage: a queue for the microphone and a score board, kept by the room itself. Start a broker
//! with `cargo run --release`, then run `cargo run -p throng-client --example stage`.
//!
//! It says what happens, checks each step, and exits with 1 when one is not as expected. The guide
//! that goes with it is `docs/room-state.md`.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{Duration, Instant};

use throng_client::ask::{
    CreateRoom, DestroyRooms, PollQueue, QueryAttributes, QueryQueue, SetQueue, WriteAttributes,
    WriteQueue,
};
use throng_client::blocking::{Client, Events};
use throng_client::event::Change;
use throng_client::{Code, Config, Development, Event, PolicyKind, Position};

const ROOM: &str = "stage-room";
const MINUTE: Duration = Duration::from_secs(60);

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    let address = &*std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7400".to_owned());
    let (backend, _) = Client::connect(config(address, |who| who.server("stage-backend")))?;
    // What an earlier run left behind, if it failed; else there is no such room.
    backend.ask(DestroyRooms::new([ROOM]))?;
    let room = CreateRoom::new(ROOM).title("Open stage").creator("stage-host");
    backend.ask(room.attribute("topic", "songs").destroyed_when(PolicyKind::Empty, MINUTE))?;

    let host = Guest::enter(address, "stage-host")?;
    let ann = Guest::enter(address, "stage-ann")?;
    let bob = Guest::enter(address, "stage-bob")?;
    let mut watcher = Guest::enter(address, "stage-watcher")?;

    line_up(&host, &ann, &bob)?;
    sing(&host, &backend)?;
    let end = keep_score(&host, &ann, &backend)?;
    watcher.follows_until(end)?;
    watcher.has_what_the_room_has()?;
    late(address, &watcher)?;
    let destroyed = backend.ask(DestroyRooms::new([ROOM]))?;
    expect(destroyed.all_done(), "the room is gone")
}

/// The host opens the queue, and two line up; one more is too many, until one leaves.
fn line_up(host: &Guest, ann: &Guest, bob: &Guest) -> Outcome {
    let early = bob.client.ask(WriteQueue::new(ROOM).offer(bob.name, "a poem"));
    expect(early.is_err(), "there is no queue yet")?;
    host.client.ask(SetQueue::new(ROOM, 2).saying("who wants to sing?"))?;
    for (guest, song) in [(ann, "a ballad"), (bob, "a march"), (ann, "a waltz")] {
        let offer = WriteQueue::new(ROOM).offer(guest.name, song).transient();
        expect(guest.client.ask(offer)?.all_done(), "there is room for two")?;
        println!("{} offers {song}", guest.name);
    }
    let full = host.client.ask(WriteQueue::new(ROOM).offer(host.name, "a joke"))?;
    let is_full = matches!(&full.each[0], Err(refused) if refused.code == Code::QUEUE_FULL);
    expect(is_full, "two are as many as there may be")?;
    expect(waiting(host)? == [ann.name, bob.name], "a new song keeps the place in the queue")?;
    bob.client.leave(ROOM)?;
    expect(waiting(host)? == [ann.name], "whoever leaves does not wait any more")
}

fn waiting(guest: &Guest) -> Outcome<Vec<String>> {
    let page = guest.client.ask(QueryQueue::of(ROOM))?;
    Ok(page.elements.into_iter().map(|own| own.key).collect())
}

/// Whoever is first is on.
fn sing(host: &Guest, backend: &Client) -> Outcome {
    let next = host.client.ask(PollQueue::first(ROOM).saying("you are on"))?;
    let singer = next.element.ok_or("somebody waits")?;
    println!("{} sings {}", singer.key, String::from_utf8_lossy(&singer.value));
    expect(singer.value == "a waltz", "it is the song that was offered last")?;
    let nobody = host.client.ask(PollQueue::first(ROOM))?.element;
    expect(nobody.is_none(), "nobody else waits")?;
    let state = backend.query_room(ROOM)?;
    expect((state.elements, state.queue_size) == (0, 2), "the room says so, too")
}

/// The backend counts, as a key belongs to whoever set it. Gives the place of the last change.
fn keep_score(host: &Guest, ann: &Guest, backend: &Client) -> Outcome<Position> {
    let mut score = 0;
    for points in [9, 7, -1] {
        let written = backend.ask(WriteAttributes::new(ROOM).add("score", points))?;
        expect(written.all_done(), "a server may write")?;
        score = written.each[0].number;
    }
    println!("the score is {score}");
    expect(score == 15, "the sum is what it is")?;
    let cheat = ann.client.ask(WriteAttributes::new(ROOM).set("score", "99"))?;
    let no = matches!(&cheat.each[0].done, Err(refused) if refused.code == Code::NOT_OWNER);
    expect(no, "nobody else writes the score")?;

    // Two change the topic at once: one of them is told that it was too late.
    let topic = host.client.ask(QueryAttributes::of(ROOM).keys(["topic"]))?;
    let revision = topic.attributes.first().ok_or("there is a topic")?.revision;
    let to = |text: &str| WriteAttributes::new(ROOM).compare_and_set("topic", revision, text);
    let first = host.client.ask(to("poems").saying("a new topic"))?;
    expect(first.all_done(), "the creator owns the first attributes")?;
    let second = backend.ask(to("jokes").forced())?;
    let late = matches!(&second.each[0].done, Err(refused) if refused.code == Code::REVISION);
    expect(late, "only one of two changes the same revision")?;
    Ok(first.position())
}

/// Whoever comes late has at once what the others have.
fn late(address: &str, watcher: &Guest) -> Outcome {
    let mut late = Guest::enter(address, "stage-late")?;
    let state = late.attributes_of_the_join()?;
    late.attributes = state;
    expect(late.attributes == watcher.attributes, "it is the same board")?;
    late.has_what_the_room_has()
}

/// A user in the room, and the attributes as it knows them.
struct Guest {
    name: &'static str,
    client: Client,
    events: Events,
    attributes: BTreeMap<String, Vec<u8>>,
}

impl Guest {
    fn enter(address: &str, name: &'static str) -> Outcome<Self> {
        let (client, events) = Client::connect(config(address, |who| who.user(name)))?;
        let joined = client.join(ROOM)?;
        println!("{name} came in as {:?}", joined.role);
        Ok(Self { name, client, events, attributes: BTreeMap::new() })
    }

    fn next(&mut self) -> Outcome<Event> {
        let event = self.events.recv_timeout(MINUTE / 6);
        let event = event.map_err(|_| format!("{} heard nothing any more", self.name))?;
        event.ok_or_else(|| "the connection is closed".into())
    }

    /// The state that comes with a join.
    fn attributes_of_the_join(&mut self) -> Outcome<BTreeMap<String, Vec<u8>>> {
        loop {
            if let Event::RoomAttributes(state) = self.next()? {
                let pairs = state.attributes.into_iter().map(|own| (own.key, own.value.to_vec()));
                return Ok(pairs.collect());
            }
        }
    }

    /// Keeps its own board, from the state at the join on, by what is told.
    fn follows_until(&mut self, end: Position) -> Outcome {
        self.attributes = self.attributes_of_the_join()?;
        let begin = Instant::now();
        loop {
            expect(begin.elapsed() < MINUTE, "the last change is told in time")?;
            let Event::Notice(notice) = self.next()? else { continue };
            if let Change::AttributesChanged { attributes, deleted } = &notice.change {
                for own in attributes {
                    self.attributes.insert(own.key.clone(), own.value.to_vec());
                }
                self.attributes.retain(|key, _| !deleted.contains(key));
            }
            if notice.position() == end {
                return expect(notice.extension == "a new topic", "the words came along");
            }
        }
    }

    fn has_what_the_room_has(&self) -> Outcome {
        let page = self.client.ask(QueryAttributes::of(ROOM))?;
        let there = page.attributes.into_iter().map(|own| (own.key, own.value.to_vec()));
        let there: BTreeMap<_, _> = there.collect();
        println!("{} has the board with {} entries", self.name, there.len());
        expect(self.attributes == there && there.len() == 2, "its board is the room's")
    }
}

fn expect(holds: bool, what: &str) -> Outcome {
    if holds { Ok(()) } else { Err(format!("this does not hold: {what}").into()) }
}

/// With the secret of a development app anybody can be anyone, the backend included.
fn config(address: &str, who: impl Fn(Development) -> Development) -> Config {
    let credentials = who(Development::new("throng-development").device("stage"));
    Config::new(address).app("dev").client_name("throng-stage").credentials(credentials)
}
