//! Promises that need the means of one face: threads here, tasks there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use throng_client::blocking::{Client, TimedOut};
use throng_client::{Error, Event, Publish, Unsent};

use crate::broker::{Broker, Door, accepted, message, pong};

/// How long a test looks at something that stands still before it believes that.
const A_WHILE: Duration = Duration::from_millis(300);

/// Takes `count` publishes, whose payload says who published and the how-manieth it is, and
/// accepts them.
fn accept_in_order(door: &Door, publishers: u8, each: u8) {
    let mut peer = door.welcome();
    let mut counts = vec![0; publishers.into()];
    for seq in 0..u64::from(publishers) * u64::from(each) {
        let (number, payload) = peer.publish();
        let [publisher, count] = payload[..] else { panic!("{payload:?}") };
        let expected = &mut counts[usize::from(publisher)];
        assert_eq!(count, *expected, "the order of each is kept");
        *expected += 1;
        peer.reply(number, accepted(seq));
    }
    peer.expect_end();
}

/// A broker that welcomes and then takes nothing until told to end.
fn stuck_broker() -> (Broker, mpsc::Sender<()>) {
    let (end, is_ended) = mpsc::channel();
    let broker = Broker::run(move |door| {
        let _peer = door.welcome();
        is_ended.recv().unwrap();
    });
    (broker, end)
}

#[test]
fn many_threads_share_one_connection() {
    let broker = Broker::run(|door| accept_in_order(door, 4, 50));
    let (client, _) = Client::connect(broker.config()).unwrap();
    let publish = |publisher: u8| {
        let client = client.clone();
        move || {
            for count in 0..50 {
                client.publish(("lobby", "text", &[publisher, count])).unwrap();
            }
        }
    };
    let publishers: Vec<_> = (0..4).map(|it| thread::spawn(publish(it))).collect();
    publishers.into_iter().for_each(|it| it.join().unwrap());
    drop(client);
    broker.finish();
}

#[test]
fn waiting_for_an_event_can_be_given_a_time() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        let number = peer.ping();
        peer.push(message(1, b"now"));
        peer.reply(number, pong());
        peer.expect_end();
    });
    let (client, mut events) = Client::connect(broker.config()).unwrap();
    assert_eq!(events.recv_timeout(Duration::from_millis(1)), Err(TimedOut));
    client.ping().unwrap();
    let event = events.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(matches!(event, Some(Event::Message(_))), "{event:?}");
    client.close();
    assert!(matches!(events.next(), Some(Event::Closed { .. })));
    assert_eq!(events.recv_timeout(Duration::ZERO), Ok(None));
    broker.finish();
}

#[test]
fn closing_does_not_wait_for_a_broker_that_takes_nothing() {
    let (broker, end) = stuck_broker();
    let (client, events) = Client::connect(broker.config()).unwrap();
    drop(events);
    let sent = Arc::new(AtomicUsize::new(0));
    let publisher = {
        let (client, sent) = (client.clone(), Arc::clone(&sent));
        thread::spawn(move || {
            let large = vec![0; 100 * 1024];
            loop {
                client.publish_no_ack(Publish::new("lobby", "blob", &large))?;
                sent.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    let mut before = 0;
    while before == 0 || sent.load(Ordering::SeqCst) != before {
        before = sent.load(Ordering::SeqCst);
        thread::sleep(A_WHILE);
    }
    let asked_at = Instant::now();
    client.close();
    assert!(asked_at.elapsed() < Duration::from_secs(20), "{:?}", asked_at.elapsed());
    let result: Result<(), Error> = publisher.join().unwrap();
    assert_eq!(result, Err(Error::Unsent(Unsent::Closed)));
    end.send(()).unwrap();
    broker.finish();
}

#[cfg(feature = "tokio")]
mod tasks {
    use super::*;
    use throng_client::{Client, Reason};
    use tokio::runtime::Runtime;
    use tokio::time::{sleep, timeout};

    #[tokio::test]
    async fn many_tasks_share_one_connection() {
        let broker = Broker::run(|door| accept_in_order(door, 4, 50));
        let (client, _) = Client::connect(broker.config()).await.unwrap();
        let publish = |publisher: u8| {
            let client = client.clone();
            async move {
                for count in 0..50 {
                    client.publish(("lobby", "text", &[publisher, count])).await.unwrap();
                }
            }
        };
        let publishers: Vec<_> = (0..4).map(|it| tokio::spawn(publish(it))).collect();
        for publisher in publishers {
            publisher.await.unwrap();
        }
        client.close().await;
        drop(client);
        broker.finish();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn closing_does_not_wait_for_a_broker_that_takes_nothing() {
        let (broker, end) = stuck_broker();
        let (client, events) = Client::connect(broker.config()).await.unwrap();
        drop(events);
        let large = vec![0; 100 * 1024];
        let publish = Publish::new("lobby", "blob", &large);
        while let Ok(sent) = timeout(A_WHILE, client.publish_no_ack(publish)).await {
            sent.unwrap();
        }
        let ping = tokio::spawn({
            let client = client.clone();
            async move { client.ping().await }
        });
        sleep(Duration::from_millis(1)).await;
        let asked_at = Instant::now();
        client.close().await;
        assert!(asked_at.elapsed() < Duration::from_secs(20), "{:?}", asked_at.elapsed());
        assert_eq!(ping.await.unwrap(), Err(Error::Unsent(Unsent::Closed)));
        end.send(()).unwrap();
        broker.finish();
    }

    #[tokio::test]
    async fn a_wait_that_is_given_up_loses_no_event() {
        let (go, may_go) = mpsc::channel();
        let broker = Broker::run(move |door| {
            let mut peer = door.welcome();
            may_go.recv().unwrap();
            for seq in 1..=3 {
                peer.push(message(seq, b"now"));
            }
            peer.expect_end();
        });
        let (client, mut events) = Client::connect(broker.config()).await.unwrap();
        assert!(timeout(Duration::from_millis(1), events.recv()).await.is_err());
        go.send(()).unwrap();
        for seq in 1..=3 {
            let event = loop {
                // Mostly too short, so that many waits are given up.
                if let Ok(event) = timeout(Duration::from_micros(50), events.recv()).await {
                    break event;
                }
            };
            assert!(matches!(event, Some(Event::Message(it)) if it.seq == seq));
        }
        client.close().await;
        broker.finish();
    }

    #[test]
    fn a_runtime_that_ends_leaves_nobody_waiting() {
        let (broker, end) = stuck_broker();
        let runtime = Runtime::new().unwrap();
        let (client, mut events) = runtime.block_on(Client::connect(broker.config())).unwrap();
        let hello = Publish::new("lobby", "text", "hello");
        let ticket = runtime.block_on(client.publish_ahead(hello)).unwrap();
        drop(runtime);
        let other = Runtime::new().unwrap();
        assert_eq!(other.block_on(ticket), Err(Error::ConnectionLost));
        let reason = Reason::ClosedHere;
        assert_eq!(other.block_on(events.recv()), Some(Event::Closed { reason }));
        assert_eq!(other.block_on(client.ping()), Err(Error::Unsent(Unsent::Closed)));
        end.send(()).unwrap();
        broker.finish();
    }
}
