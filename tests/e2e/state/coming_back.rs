//! What a room keeps, when the connection is lost and the client gets it back by itself: the state
//! comes again, and what was missed in its order; a message is published once all the same.

use std::collections::BTreeMap;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use throng_broker::io::choice::Wanted;
use throng_client::ask::{Recall, SetQueue, WriteQueue};
use throng_client::event::Change;
use throng_client::{Config, Development, Event, Publish, ReconnectPolicy};
use throng_harness::client::{APP, SECRET};

use super::attributes::{all, done, write};
use super::history::say;
use super::{Guest, House, STAGE};
use crate::both::on_both;

on_both! {
    after_a_loss_the_state_comes_again_and_then_what_was_missed
    a_message_that_was_asked_for_again_after_a_loss_is_published_once
}

/// A way to the broker that can be cut. Connections after that go through again.
struct Way {
    address: SocketAddr,
    open: Arc<Mutex<Vec<TcpStream>>>,
    over: Arc<AtomicBool>,
}

impl Way {
    fn to(broker: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("it is bound");
        let (open, over) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<AtomicBool>::default());
        let (own_open, own_over) = (Arc::clone(&open), Arc::clone(&over));
        thread::spawn(move || {
            for from in listener.incoming().map_while(Result::ok) {
                if own_over.load(Ordering::Relaxed) {
                    return;
                }
                let to = TcpStream::connect(broker).expect("the broker listens");
                let clone = |stream: &TcpStream| stream.try_clone().expect("it is open");
                own_open.lock().expect("nobody panics").extend([clone(&from), clone(&to)]);
                for (mut from, mut to) in [(clone(&from), clone(&to)), (to, from)] {
                    thread::spawn(move || {
                        // Either end may go at any time; then the other goes, too.
                        let _ = io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        Self { address, open, over }
    }

    /// Ends all connections that there are.
    fn cut(&self) {
        for stream in self.open.lock().expect("nobody panics").drain(..) {
            // It may be gone already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // One more connection, so that it sees that.
        let _ = TcpStream::connect(self.address);
        self.cut();
    }
}

/// A user in the room, over a way that can be cut.
fn enter_over(way: &Way, user: &str) -> Guest {
    let who = Development::new(SECRET).user(user);
    let config = Config::new(way.address.to_string()).app(APP).credentials(who);
    let soon = Duration::from_millis(10)..=Duration::from_millis(50);
    let mut guest = Guest::open(config.reconnect(ReconnectPolicy::within(soon)));
    guest.client.join(STAGE).expect("the room is open");
    guest.heard();
    guest
}

fn after_a_loss_the_state_comes_again_and_then_what_was_missed(io: Wanted) {
    let house = House::with_stage(io);
    house.backend.ask(SetQueue::new(STAGE, 5)).expect("a server may");
    let (ann, way) = (house.enter("ann").client, Way::to(house.address()));
    let mut bob = enter_over(&way, "bob");
    done(&ann, write().set("topic", "tea").set("old", ""));
    let first = say(&ann, "text", "one");
    bob.heard();
    way.cut();
    let disconnected = |event| matches!(event, Event::Disconnected { .. }).then_some(());
    bob.next_of(disconnected);
    done(&ann, write().set("topic", "coffee").delete("old"));
    let recalled = say(&ann, "text", "two");
    ann.ask(Recall::new(STAGE, recalled.position())).expect("it is hers");
    assert!(ann.ask(WriteQueue::new(STAGE).offer("ann", "")).expect("it may").all_done());
    let last = say(&ann, "text", "three");

    let (mut own, mut place, mut queues, mut seqs) = (BTreeMap::new(), 0, 0, Vec::new());
    while seqs.last() != Some(&last.seq) {
        match bob.next() {
            Event::RoomAttributes(it) => {
                own = it.attributes.into_iter().map(|one| (one.key, one.value)).collect();
                place = it.seq;
            }
            Event::RoomQueue(_) => queues += 1,
            Event::Message(it) => seqs.push(it.seq),
            Event::Tombstone(it) => {
                assert_eq!(it.position(), recalled.position());
                seqs.push(it.seq);
            }
            Event::Notice(it) => {
                seqs.push(it.seq);
                // One up to the place of the state tells what is in it already.
                if let Change::AttributesChanged { attributes, deleted } = it.change
                    && it.seq > place
                {
                    own.retain(|key, _| !deleted.contains(key));
                    own.extend(attributes.into_iter().map(|one| (one.key, one.value)));
                }
            }
            Event::Missed(missed) => panic!("its seat was held: {missed:?}"),
            _ => {}
        }
    }
    assert!(place > 0 && queues == 1, "the state came again");
    assert_eq!(seqs, (first.seq + 1..=last.seq).collect::<Vec<_>>(), "each once, in order");
    let there = all(&ann).into_iter().map(|one| (one.key, one.value));
    assert_eq!(own, there.collect(), "and leads to what the room has");
}

fn a_message_that_was_asked_for_again_after_a_loss_is_published_once(io: Wanted) {
    let house = House::with_stage(io);
    let (mut bob, way) = (house.enter("bob"), Way::to(house.address()));
    let ann = enter_over(&way, "ann").client;
    let mut expected = Vec::new();
    for n in 0..10 {
        let (text, id) = (format!("text {n}"), format!("id-{n}"));
        let publish = Publish::new(STAGE, "text", &text).message_id(&id);
        // The connection is cut before or after the broker reads it, or its answer comes.
        let first = ann.publish_ahead(publish).map(|ticket| {
            way.cut();
            ticket.wait()
        });
        let accepted = loop {
            ann.ready().expect("it comes back");
            match ann.publish(publish) {
                Ok(accepted) => break accepted,
                Err(throng_client::Error::Refused(refused)) => panic!("{refused}"),
                Err(_) => {}
            }
        };
        if let Ok(Ok(first)) = first {
            assert_eq!(first.position(), accepted.position());
        }
        expected.push(text);
    }
    assert_eq!(bob.messages(), expected);
}
