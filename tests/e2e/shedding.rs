//! When there is too much, over a real kernel: what its buffers hold and when they are full is not
//! ours to say, so these promise only what holds whatever they do.

use std::num::NonZeroU32;
use std::time::Duration;

use throng_broker::io::choice::Wanted;
use throng_broker::rate::QuotaLimits;
use throng_harness::broker::{Broker, config, config_unlimited};
use throng_harness::client::Outcome;
use throng_harness::sockets::Crowd;
use throng_protocol::Code;
use throng_protocol::value::{
    Class, Counter, ListChange, ListName, PublishOptions, Role, ShedReason,
};

use crate::both::on_both;

const NONE: PublishOptions = PublishOptions::from_bits(0);

on_both! {
    what_is_over_a_rooms_quota_is_shed_and_whom_it_protects_gets_through
    one_who_stops_reading_is_skipped_over_and_told_and_nobody_else_misses_anything
    one_who_does_not_heed_refusals_is_cut_off
}

fn what_is_over_a_rooms_quota_is_shed_and_whom_it_protects_gets_through(io: Wanted) {
    let mut config = config_unlimited(io);
    // Twenty are enough, and a machine that is busy elsewhere takes longer than their window.
    let pool = NonZeroU32::new(10);
    config.apps[0].quota = QuotaLimits { high_only: pool, shared: pool, protected: pool };
    let broker = Broker::start(&config);
    let mut crowd = Crowd::new(broker.address);
    let server = crowd.open("backend", Role::Server);
    let alice = crowd.open_in("alice", "stage");
    let star = crowd.open_in("star", "stage");
    let list = (ListName::ProtectedUsers, "stage");
    let change = crowd.clients[server].change_list(list, ListChange::Add, &["star"]);
    assert_eq!(crowd.outcome(server, change), Outcome::Done);

    let requests: Vec<_> = (0..200).map(|_| crowd.publish(alice, "stage", 10, NONE)).collect();
    let outcomes: Vec<_> = requests.iter().map(|own| crowd.outcome(alice, *own)).collect();
    let accepted = outcomes.iter().filter(|own| matches!(own, Outcome::Accepted(_))).count();
    let shed = outcomes
        .iter()
        .filter(|own| matches!(own, Outcome::Shed(Class::High, ShedReason::Quota, 1..=200)));
    assert_eq!(accepted + shed.count(), 200, "accepted or shed, and nothing else");
    assert!((20..200).contains(&accepted), "{accepted} were accepted");
    let request = crowd.publish(star, "stage", 10, NONE);
    assert!(matches!(crowd.outcome(star, request), Outcome::Accepted(_)));
}

fn one_who_stops_reading_is_skipped_over_and_told_and_nobody_else_misses_anything(io: Wanted) {
    let broker = Broker::start(&config_unlimited(io));
    let mut crowd = Crowd::new(broker.address);
    let server = crowd.open("backend", Role::Server);
    let alice = crowd.open_in("alice", "stage");
    let bob = crowd.open_in("bob", "stage");
    let slow = crowd.open_in("slow", "stage");
    crowd.stalled.insert(slow);
    let mut said = 0;
    let skipped = |crowd: &mut Crowd| {
        let asked = crowd.clients[server].query_counters();
        let Outcome::Counters(counts) = crowd.outcome(server, asked) else {
            panic!("counters are answered with counts");
        };
        counts.iter().any(|own| own.counter == Counter::SkippedSlow)
    };
    while !skipped(&mut crowd) {
        assert!(said < 20_000, "a reader that stopped is not skipped over");
        for _ in 0..20 {
            said += 1;
            crowd.publish(alice, "stage", 2_000, NONE);
        }
        crowd.until("it is delivered", |crowd| crowd.clients[bob].delivered == said);
    }
    crowd.stalled.clear();
    crowd.until("the slow one has got or was told of everything", |crowd| {
        let own = &crowd.clients[slow];
        own.delivered + own.skipped.iter().sum::<u64>() == said
    });
    let own = &crowd.clients[slow];
    assert!(own.is_open() && own.skipped[1] > 0, "{:?} were skipped", own.skipped);
    let had = crowd.clients[slow].delivered;
    crowd.publish(alice, "stage", 10, NONE);
    crowd.until("it gets everything again", |crowd| crowd.clients[slow].delivered > had);
}

fn one_who_does_not_heed_refusals_is_cut_off(io: Wanted) {
    let broker = Broker::start(&config(io));
    let mut crowd = Crowd::new(broker.address);
    let loud = crowd.open_in("loud", "stage");
    let calm = crowd.open_in("calm", "stage");
    (0..1_000).for_each(|_| _ = crowd.publish(loud, "stage", 10, NONE));
    crowd.until("it is cut off", |crowd| crowd.clients[loud].ended.is_some());
    assert_eq!(crowd.clients[loud].ended, Some(Some(Code::FLOODING)));
    crowd.pass(Duration::from_millis(50));
    assert!(crowd.clients[calm].is_open());
    assert!(crowd.clients[calm].delivered <= 5);
}
