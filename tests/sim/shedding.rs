//! When there is too much: quotas, slow readers, caps, slow mode, and what of it is told and
//! counted.

use std::num::NonZeroU32;
use std::time::Duration;

use throng_broker::class::Class;
use throng_broker::counters::Outcome as Counted;
use throng_broker::rate::QuotaLimits;
use throng_harness::client::Outcome;
use throng_harness::world::{Shape, World};
use throng_protocol::Code;
use throng_protocol::value::{
    Class as WireClass, LimitSetting, ListChange, ListName, PublishOptions, Role, ShedReason,
};

const NONE: PublishOptions = PublishOptions::from_bits(0);

fn unlimited(workers: u16) -> Shape {
    let mut shape = Shape::new(workers);
    shape.app.rates.server_messages = None;
    shape.app.rates.client_messages = None;
    shape.app.rates.requests = None;
    shape
}

fn stage(shape: &Shape, members: usize) -> (World, usize, Vec<usize>) {
    let mut world = World::new(11, shape);
    let server = world.open("s", Role::Server);
    let members: Vec<_> =
        (0..members).map(|n| world.open(&format!("u{n}"), Role::Client)).collect();
    for &member in &members {
        world.clients[member].join("stage");
    }
    world.settle();
    (world, server, members)
}

#[test]
fn a_room_takes_in_its_quota_and_whoever_waits_as_told_gets_in() {
    let mut shape = unlimited(2);
    shape.app.quota = QuotaLimits::default();
    let (mut world, server, members) = stage(&shape, 3);
    let requests: Vec<_> = (0..45).map(|_| world.publish(server, "stage", NONE)).collect();
    world.settle();
    let outcome = |world: &World, at: usize| world.clients[server].outcomes[&requests[at]].clone();
    assert_eq!(outcome(&world, 39), Outcome::Accepted(40));
    let Outcome::Shed(class, reason, wait_ms) = outcome(&world, 40) else {
        panic!("the 41st is shed, not {:?}", outcome(&world, 40));
    };
    assert_eq!((class, reason), (WireClass::High, ShedReason::Quota));
    world.pass(Duration::from_millis(u64::from(wait_ms) - 1));
    let early = world.publish(server, "stage", NONE);
    assert!(matches!(world.outcome(server, early), Outcome::Shed(..)));
    world.pass(Duration::from_millis(1));
    let late = world.publish(server, "stage", NONE);
    assert_eq!(world.outcome(server, late), Outcome::Accepted(41));
    assert!(members.iter().all(|member| world.clients[*member].delivered == 41));
    let counters = world.census().counters;
    assert_eq!(counters.of(Counted::ShedQuota).of(Class::High), 6);
    assert_eq!(counters.of(Counted::Accepted).of(Class::High), 41);
}

#[test]
fn whom_a_room_protects_speaks_when_nobody_else_may() {
    let mut shape = unlimited(2);
    shape.app.quota = QuotaLimits::default();
    let (mut world, server, members) = stage(&shape, 2);
    let list = (ListName::ProtectedUsers, "stage");
    let changed = world.clients[server].change_list(list, ListChange::Add, &["u0"]);
    assert_eq!(world.outcome(server, changed), Outcome::Done);
    let asked = world.clients[server].query_list(ListName::ProtectedUsers, "stage");
    assert_eq!(world.outcome(server, asked), Outcome::Entries(vec!["u0".to_owned()]));
    (0..60).for_each(|_| _ = world.publish(members[1], "stage", NONE));
    world.settle();
    let request = world.publish(members[0], "stage", NONE);
    assert_eq!(world.outcome(members[0], request), Outcome::Accepted(41));
    let removed = world.clients[server].change_list(list, ListChange::Remove, &["u0"]);
    assert_eq!(world.outcome(server, removed), Outcome::Done);
    let request = world.publish(members[0], "stage", NONE);
    assert!(matches!(world.outcome(members[0], request), Outcome::Shed(WireClass::High, ..)));
}

#[test]
fn a_list_holds_its_most_and_a_client_may_not_touch_it() {
    let (mut world, server, members) = stage(&unlimited(3), 1);
    let list = (ListName::ProtectedUsers, "stage");
    let five = ["a", "b", "c", "d", "e"];
    let changed = world.clients[server].change_list(list, ListChange::Replace, &five);
    assert_eq!(world.outcome(server, changed), Outcome::Done);
    let sixth = world.clients[server].change_list(list, ListChange::Add, &["f"]);
    assert_eq!(world.outcome(server, sixth), Outcome::Refused(Code::TOO_MANY, 0));
    let denied = world.clients[members[0]].change_list(list, ListChange::Add, &["u0"]);
    assert_eq!(world.outcome(members[0], denied), Outcome::Refused(Code::NOT_ALLOWED, 0));
    let kinds: Vec<String> = (0..21).map(|n| format!("k{n}")).collect();
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let list = (ListName::LowKinds, "");
    let many = world.clients[server].change_list(list, ListChange::Replace, &kinds);
    assert_eq!(world.outcome(server, many), Outcome::Refused(Code::TOO_MANY, 0));
    let twenty = world.clients[server].change_list(list, ListChange::Replace, &kinds[1..]);
    assert_eq!(world.outcome(server, twenty), Outcome::Done);
}

#[test]
fn a_list_of_kinds_holds_on_every_core_from_its_answer_on() {
    let mut shape = unlimited(4);
    let pool = NonZeroU32::new(1);
    shape.app.quota = QuotaLimits { high_only: pool, shared: pool, protected: None };
    let (mut world, server, members) = stage(&shape, 12);
    let list = (ListName::ProtectedKinds, "");
    let changed = world.clients[server].change_list(list, ListChange::Add, &["text"]);
    assert_eq!(world.outcome(server, changed), Outcome::Done);
    for member in members {
        let requests: Vec<_> = (0..3).map(|_| world.publish(member, "stage", NONE)).collect();
        for request in requests {
            assert!(matches!(world.outcome(member, request), Outcome::Accepted(_)));
        }
    }
}

/// One member stalls while messages of all classes flow; then it reads again.
#[test]
fn who_reads_too_slowly_loses_low_before_high_and_protected_never_and_is_told_to_the_unit() {
    let mut shape = unlimited(2);
    shape.weather.pipe_bytes_max = 1_000;
    shape.mixed_kinds = true;
    shape.app.lists.protected_kinds = ["tip".into()].into_iter().collect();
    shape.app.lists.low_kinds = ["like".into()].into_iter().collect();
    let (mut world, server, members) = stage(&shape, 4);
    world.stall(members[0], true);
    for _ in 0..1_500 {
        world.publish(server, "stage", NONE);
        world.settle();
    }
    let slow = &world.clients[members[0]];
    assert!(slow.ended.is_none(), "what is protected fits");
    world.stall(members[0], false);
    world.pass(Duration::from_secs(1));
    let [protected, high, low] = world.clients[members[0]].skipped;
    assert_eq!(protected, 0);
    assert!(low > 300 && high > 150, "{low} low and {high} high were skipped");
    assert_eq!(world.clients[members[0]].delivered + high + low, 1_500);
    for member in &members[1..] {
        assert_eq!(
            (world.clients[*member].delivered, world.clients[*member].skipped),
            (1_500, [0; 3])
        );
    }
    let census = world.census();
    assert_eq!(census.counters.of(Counted::SkippedSlow).0, [0, high, low]);
    assert_eq!(census.counters.of(Counted::Addressed).total(), 4 * 1_500);
    let delivered: u64 = members.iter().map(|member| world.clients[*member].delivered).sum();
    assert_eq!(census.counters.delivered(&census.waiting).total(), delivered);
    world.checker.check_skipped();
}

#[test]
fn a_session_that_caught_up_gets_everything_again() {
    let mut shape = unlimited(1);
    shape.weather.pipe_bytes_max = 1_000;
    let (mut world, server, members) = stage(&shape, 2);
    for _ in 0..3 {
        world.stall(members[0], true);
        for _ in 0..900 {
            world.publish(server, "stage", NONE);
            world.settle();
        }
        world.stall(members[0], false);
        world.pass(Duration::from_secs(1));
        let before = world.clients[members[0]].skipped;
        assert!(before[1] > 0);
        for _ in 0..10 {
            world.publish(server, "stage", NONE);
            world.settle();
        }
        assert_eq!(world.clients[members[0]].skipped, before);
    }
}

#[test]
fn a_capped_receiver_gets_its_number_a_second_and_is_told_the_rest_within_one() {
    let mut shape = unlimited(1);
    shape.app.receiver_caps.normal = NonZeroU32::new(20);
    let (mut world, server, members) = stage(&shape, 2);
    (0..50).for_each(|_| _ = world.publish(server, "stage", NONE));
    world.settle();
    assert_eq!(world.clients[members[0]].delivered, 30, "20 and 10 more of class high");
    world.pass(Duration::from_secs(1));
    assert_eq!(world.clients[members[0]].skipped, [0, 20, 0]);
    (0..50).for_each(|_| _ = world.publish(server, "stage", NONE));
    world.settle();
    assert_eq!(world.clients[members[0]].delivered, 60);
    assert_eq!(world.census().counters.of(Counted::SkippedCap).of(Class::High), 2 * 40);
}

#[test]
fn slow_mode_holds_a_member_back_and_tells_for_how_long() {
    let (mut world, server, members) = stage(&unlimited(2), 2);
    let set = world.clients[server].set_limits("stage", [LimitSetting::Keep; 3], 2_000);
    assert_eq!(world.outcome(server, set), Outcome::Done);
    let nothing = [LimitSetting::Limit(0), LimitSetting::Keep, LimitSetting::Keep];
    let bad = world.clients[server].set_limits("stage", nothing, 0);
    assert_eq!(world.outcome(server, bad), Outcome::Refused(Code::INVALID_ARGUMENT, 0));
    let first = world.publish(members[0], "stage", NONE);
    assert_eq!(world.outcome(members[0], first), Outcome::Accepted(1));
    world.pass(Duration::from_millis(500));
    let second = world.publish(members[0], "stage", NONE);
    assert_eq!(world.outcome(members[0], second), Outcome::Refused(Code::SLOW_MODE, 1_500));
    let other = world.publish(members[1], "stage", NONE);
    assert_eq!(world.outcome(members[1], other), Outcome::Accepted(2));
    let backend = world.publish(server, "stage", NONE);
    assert_eq!(world.outcome(server, backend), Outcome::Accepted(3));
    world.pass(Duration::from_millis(1_500));
    let third = world.publish(members[0], "stage", NONE);
    assert_eq!(world.outcome(members[0], third), Outcome::Accepted(4));
}

#[test]
fn what_is_left_of_the_limits_can_be_asked_for() {
    let mut shape = Shape::new(2);
    shape.app.quota = QuotaLimits::default();
    let (mut world, _, members) = stage(&shape, 1);
    (0..3).for_each(|_| _ = world.publish(members[0], "stage", NONE));
    let asked = world.clients[members[0]].query_limits("stage");
    let Outcome::Limits([messages, high_only, shared, protected]) =
        world.outcome(members[0], asked)
    else {
        panic!("limits are answered with what is left of them");
    };
    assert_eq!((messages.limit, messages.left, messages.window_ms), (5, 2, 1_000));
    assert_eq!((high_only.limit, high_only.left, high_only.window_ms), (20, 17, 200));
    assert_eq!((shared.left, protected.left), (20, 20));
}

#[test]
fn who_does_not_heed_refusals_is_cut_off_and_counted() {
    let mut shape = Shape::new(2);
    shape.app.rates.requests = None;
    let (mut world, server, members) = stage(&shape, 1);
    (0..300).for_each(|_| _ = world.publish(members[0], "stage", NONE));
    world.pass(Duration::from_secs(2));
    assert_eq!(world.clients[members[0]].ended, Some(Some(Code::FLOODING)));
    let asked = world.clients[server].query_counters();
    let Outcome::Counters(counts) = world.outcome(server, asked) else {
        panic!("counters are answered with counts");
    };
    let of = |counter| counts.iter().find(|own| own.counter == counter).map(|own| own.count);
    assert_eq!(of(throng_protocol::value::Counter::Flooding), Some(1));
    assert!(of(throng_protocol::value::Counter::RateLimited) >= Some(200));
}
