//! The whole load against a small server of the tests' own, which does one thing wrong.
//!
//! It speaks just enough NATS: a subscription and a publish. So everything between the sockets
//! and the flaws is tested without a broker: opening, the window, the checks, the drain.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::load::dialect::Nats;
use crate::load::plan::RoomPlan;

const MEMBERS: u32 = 20;

/// The message with which something is done wrong.
const VICTIM: usize = 5;

/// What is done wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Lose,
    Double,
    Swap,
    Change,
}

/// What all connections of the server share.
#[derive(Debug)]
struct Room {
    fault: Fault,
    published: usize,
    held_back: Vec<u8>,
    members: Vec<TcpStream>,
}

impl Room {
    /// Delivers one message, or does wrong by it.
    fn publish(&mut self, name: &str, payload: &[u8]) {
        self.published += 1;
        let head = format!("MSG {name} 1 {}\r\n", payload.len());
        let mut bytes = [head.as_bytes(), payload, b"\r\n"].concat();
        match (self.fault, self.published == VICTIM) {
            (Fault::Lose, true) => bytes.clear(),
            (Fault::Double, true) => bytes = bytes.repeat(2),
            (Fault::Swap, true) => self.held_back = core::mem::take(&mut bytes),
            (Fault::Change, _) => bytes[head.len() + STAMP_BYTES] ^= 1,
            _ => {}
        }
        if !bytes.is_empty() {
            bytes.append(&mut self.held_back);
        }
        for member in &mut self.members {
            // One that is gone is no matter of the server's.
            let _ = member.write_all(&bytes);
        }
    }
}

fn serve(stream: TcpStream, room: &Mutex<Room>) {
    stream.set_nodelay(true).unwrap();
    let mut answers = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            ["SUB", ..] => room.lock().unwrap().members.push(answers.try_clone().unwrap()),
            ["PING"] => answers.write_all(b"PONG\r\n").unwrap(),
            ["PUB", name, length] => {
                let mut payload = vec![0; length.parse::<usize>().unwrap() + 2];
                reader.read_exact(&mut payload).unwrap();
                payload.truncate(payload.len() - 2);
                room.lock().unwrap().publish(name, &payload);
            }
            _ => {}
        }
        line.clear();
    }
}

/// A server with that fault, and the way in.
fn server(fault: Fault) -> Door {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let room = Room { fault, published: 0, held_back: Vec::new(), members: Vec::new() };
    let room = Arc::new(Mutex::new(room));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let room = Arc::clone(&room);
            std::thread::spawn(move || serve(stream.unwrap(), &room));
        }
    });
    Door { address, dialect: Rc::new(Nats), tls: None }
}

fn plan() -> Plan {
    let room = RoomPlan { members: MEMBERS, publishers: 2 };
    Plan { window_max: 8, ..Plan::alike("t".to_owned(), 1, room, 64) }
}

/// What a short load finds wrong.
fn flaws_of(fault: Fault, pace: impl Fn(&Load) -> Pace) -> anyhow::Result<Flaws> {
    let mut load = Load::open(&server(fault), &plan(), &Stop::default())?;
    let watch: turns::Watch<'_> = &mut || Ok(());
    load.set_pace(pace(&load));
    load.run_for(Duration::from_millis(100), watch)?;
    assert!(load.tally.counts.deliveries() > u64::from(MEMBERS), "{:?}", load.tally.counts);
    load.drain(Duration::from_secs(5), watch)
}

fn closed(_: &Load) -> Pace {
    Pace::Closed { window: 8 }
}

fn open(load: &Load) -> Pace {
    Pace::Open(Schedule::even(load.tally.clock.now_ns(), 500.0, load.publishers()))
}

#[test]
fn a_server_that_does_right_is_found_without_flaw() {
    assert_eq!(flaws_of(Fault::None, closed).unwrap(), Flaws::default());
    assert_eq!(flaws_of(Fault::None, open).unwrap(), Flaws::default());
}

#[test]
fn a_message_that_is_lost_is_missed_at_every_member() {
    let lost = Flaws { lost: u64::from(MEMBERS), ..Flaws::default() };
    assert_eq!(flaws_of(Fault::Lose, closed).unwrap(), lost);
    assert_eq!(flaws_of(Fault::Lose, open).unwrap(), lost);
}

#[test]
fn a_message_that_comes_twice_is_noticed_at_every_member() {
    let doubled = Flaws { duplicated: u64::from(MEMBERS), ..Flaws::default() };
    assert_eq!(flaws_of(Fault::Double, closed).unwrap(), doubled);
}

#[test]
fn a_message_that_comes_late_is_noticed_if_it_is_behind_one_of_the_same_publisher() {
    let mut plan = plan();
    plan.rooms[0].publishers = 1;
    let mut load = Load::open(&server(Fault::Swap), &plan, &Stop::default()).unwrap();
    let watch: turns::Watch<'_> = &mut || Ok(());
    load.set_pace(closed(&load));
    load.run_for(Duration::from_millis(100), watch).unwrap();
    let flaws = load.drain(Duration::from_secs(5), watch).unwrap();
    assert_eq!(flaws, Flaws { disordered: u64::from(MEMBERS), ..Flaws::default() });
}

#[test]
fn a_payload_that_is_changed_ends_the_run() {
    let error = flaws_of(Fault::Change, closed).unwrap_err();
    assert!(format!("{error:#}").contains("was changed on its way"), "{error:#}");
}

#[test]
fn a_member_that_stops_reading_holds_nobody_up_and_gets_the_rest_in_the_end() {
    let mut load = Load::open(&server(Fault::None), &plan(), &Stop::default()).unwrap();
    let watch: turns::Watch<'_> = &mut || Ok(());
    assert_eq!(load.stall(0.1).unwrap(), 2);
    // Little, so that it fits into a socket nobody reads: this server waits for its writes.
    load.set_pace(open(&load));
    load.run_for(Duration::from_millis(100), watch).unwrap();
    load.settle(Duration::from_secs(5), watch).unwrap();
    let to_readers = load.tally.counts.deliveries();
    assert_eq!(to_readers, load.tally.counts.publishes() * u64::from(MEMBERS - 2));
    load.wake().unwrap();
    assert_eq!(load.drain(Duration::from_secs(5), watch).unwrap(), Flaws::default());
    assert_eq!(load.tally.counts.deliveries(), to_readers / 18 * 20);
}

#[test]
fn sessions_that_never_open_are_given_up_on_interrupt() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let door = Door { address: listener.local_addr().unwrap(), dialect: Rc::new(Nats), tls: None };
    let stop = Stop::default();
    let from_afar = stop.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        from_afar.ask();
    });
    let error = Load::open(&door, &plan(), &stop).unwrap_err();
    assert!(error.to_string().contains("interrupted"), "{error:#}");
}
