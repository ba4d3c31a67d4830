//! What each setting may be.

use core::num::{NonZeroU32, NonZeroUsize};
use core::time::Duration;

use super::super::key::Key;
use super::super::{Config, log, units};
use super::{from_flag, nothing, shown};
use crate::io::choice::Wanted;
use crate::limits;
use crate::nature::Presence;

#[test]
fn the_defaults_are_those_of_the_specification() {
    let loaded = nothing().read().unwrap();
    let config = &loaded.config;
    assert_eq!(shown(&loaded, Key::Listen), "\"127.0.0.1:7400\"");
    assert_eq!((config.workers.get(), config.pin, config.io), (4, true, Wanted::Auto));
    assert_eq!((config.connections_max, config.outbound_bytes_max), (None, 64 * 1024));
    assert_eq!(config.patience.hello, Duration::from_secs(3));
    assert_eq!(config.patience.frame, Duration::from_secs(10));
    assert_eq!(config.patience.ping_after, Duration::from_secs(30));
    let [app] = config.apps.as_slice() else { panic!("one app, the development app") };
    assert!(!app.anonymous);
    assert!(!app.publish_without_join);
    assert_eq!(app.rooms_per_user, 1);
    assert_eq!(app.rooms.lifetimes.idle, Duration::from_secs(3600));
    assert_eq!(app.rooms.lifetimes.lifetime, Duration::from_secs(3600));
    assert_eq!(app.rooms.lifetimes.empty, Duration::from_secs(3600));
    assert_eq!((app.rooms.members_max, app.rooms.fixed_members_max), (None, 1000));
    assert_eq!((app.rooms.ring_messages, app.rooms.grace_messages), (50, 30));
    assert_eq!(app.rooms.ring_bytes, 8 * 1024 * 1024);
    assert_eq!(app.rooms.grace, Duration::from_secs(30));
    assert_eq!((app.rooms.presence, app.rooms.presence_full_max), (Presence::Off, 100));
    assert_eq!(app.keep_alive_max, 5);
    assert_eq!(app.rates.client_messages, NonZeroU32::new(5));
    assert_eq!(app.rates.server_messages, NonZeroU32::new(100));
    assert_eq!(app.rates.requests, NonZeroU32::new(20));
    assert_eq!(app.rates.member_queries, NonZeroU32::new(1));
    assert_eq!(app.quota.high_only, NonZeroU32::new(20));
    assert_eq!(app.quota.shared, NonZeroU32::new(20));
    assert_eq!(app.quota.protected, NonZeroU32::new(20));
    assert_eq!(app.receiver_caps.normal, None);
    assert_eq!(app.receiver_caps.high.get(), 10);
    assert!(app.lists.protected_kinds.is_empty() && app.lists.low_kinds.is_empty());
    // Where the specification has no development app: a newcomer's first join works.
    assert_eq!((&*app.key, app.create_on_join), ("dev", true));
    assert_eq!(app.development_secret.as_ref().map(|own| own.expose()), Some("throng-development"));
}

#[test]
fn workers_are_never_more_than_the_core_allows_however_many_cores_there_are() {
    let config = Config::new(NonZeroUsize::new(100_000).unwrap());
    assert_eq!(config.workers.get(), limits::WORKERS_MAX);
}

/// Texts that are good and texts that are not.
type Texts = (&'static [&'static str], &'static [&'static str]);

/// A setting, and such texts for it.
type Case = (Key, &'static [&'static str], &'static [&'static str]);

const LIFE: Texts = (&["1s", "1000ms", "7d", "168h"], &["999ms", "604801s", "8d"]);
const RATES: Texts = (&["1", "10000", "unlimited"], &["0", "10001", "-1", "many", "1.5"]);
const PER_ADDRESS: Texts =
    (&["1", "16777216", "auto", "unlimited"], &["0", "16777217", "-1", "many"]);
const KINDS: Texts = (
    &["", "tip", "tip, gift", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t"],
    &["a b", "tip;gift", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u"],
);

fn cases_of_the_node() -> Vec<Case> {
    vec![
        (
            Key::Listen,
            &["127.0.0.1:0", "127.255.255.254:65535", "[::1]:7400", "[::ffff:127.0.0.1]:1"],
            &["localhost:7400", "127.0.0.1", ":7400", "127.0.0.1:65536", "0.0.0.0:7400", "off"],
        ),
        // What is good of these three is told below, as they only go together.
        (Key::TlsListen, &["off"], &["localhost:7443", "on", "127.0.0.1:7443"]),
        (Key::TlsCertificate, &[""], &["a\nb", "/etc/hosts"]),
        (Key::TlsKey, &[""], &["a\nb", "/etc/hosts"]),
        (
            Key::ProxyFrom,
            &["", "10.0.0.5", "10.0.0.5, 10.1.0.0/16,::1", "0.0.0.0/0", "127.0.0.0/8"],
            &["10.0.0.5 10.0.0.6", "10.1.2.3/16", "10.0.0.0/33", "lb", "10.0.0.5:80"],
        ),
        (Key::ConnectionsPerAddress, PER_ADDRESS.0, PER_ADDRESS.1),
        (Key::AcceptsPerAddress, PER_ADDRESS.0, PER_ADDRESS.1),
        (Key::Workers, &["1", "256", "auto"], &["0", "257", "-1", "all"]),
        (Key::Pin, &["true", "false"], &["yes", "1", "True"]),
        (Key::Io, &["auto", "uring", "epoll"], &["io_uring", "Epoll", "kqueue"]),
        (Key::Log, &["off", "info,mio=trace", "INFO"], &["inof", "a=b=c", "info,,warn", "x=loud"]),
        (Key::LogForm, &["text", "json"], &["JSON", "xml"]),
        (Key::HelloDeadline, &["100ms", "60s", "1m"], &["99ms", "61s", "0s", "3", "s", "3 sec"]),
        (Key::FrameDeadline, &["100ms", "10m"], &["99ms", "601s", "1.5s", "-1s"]),
        (Key::PingAfter, &["100ms", "1h"], &["99ms", "61m", "99999999999999999999d"]),
        (
            Key::OutboundBytesMax,
            &["4KiB", "4096B", "64MiB", "1 MiB"],
            &["4095B", "65MiB", "256KB", "256", "18446744073709551615GiB"],
        ),
        (Key::ConnectionsMax, &["1", "16777216", "auto"], &["0", "16777217", "none"]),
    ]
}

fn cases_of_the_app() -> Vec<Case> {
    vec![
        (Key::Enabled, &["auto", "true"], &["false", "on"]),
        (Key::AppKey, &["a"], &["a b", "ä", "kkkk/"]),
        (Key::Secret, &["s", "ünïcode \" '"], &["a\nb", "\u{1b}[31m"]),
        (Key::Anonymous, &["true", "false"], &["on"]),
        (Key::CreateOnJoin, &["true", "false"], &["on"]),
        (Key::PublishWithoutJoin, &["true", "false"], &["on"]),
        (Key::RoomsPerUser, &["1", "100"], &["0", "101", "unlimited"]),
        (Key::RoomIdle, LIFE.0, LIFE.1),
        (Key::ProtectedKinds, KINDS.0, KINDS.1),
        (Key::LowKinds, KINDS.0, KINDS.1),
    ]
}

fn cases_of_rooms() -> Vec<Case> {
    vec![
        (Key::RoomLifetime, LIFE.0, LIFE.1),
        (Key::RoomEmpty, LIFE.0, LIFE.1),
        (Key::MembersMax, &["1", "16777216", "unlimited"], &["0", "16777217", "none"]),
        (Key::FixedMembersMax, &["1", "1000"], &["0", "1001", "unlimited"]),
        (Key::RingMessages, &["50", "10000"], &["49", "10001", "unlimited"]),
        (Key::RingBytes, &["256KiB", "262144B", "64MiB"], &["255KiB", "65MiB", "unlimited", "0B"]),
        (Key::Grace, &["0s", "10m"], &["601s", "30", "-1s"]),
        // As long as a room keeps 50 messages.
        (Key::GraceMessages, &["0", "49"], &["50", "10000", "10001", "-1"]),
        (Key::Presence, &["off", "counts", "full"], &["Full", "none", "true"]),
        (Key::PresenceFullMax, &["1", "1000"], &["0", "1001"]),
        (Key::KeepAliveMax, &["0", "100"], &["101", "-1", "unlimited"]),
    ]
}

fn cases_of_limits() -> Vec<Case> {
    vec![
        (Key::ClientMessages, RATES.0, RATES.1),
        (Key::ServerMessages, RATES.0, RATES.1),
        (Key::Requests, RATES.0, RATES.1),
        (Key::MemberQueries, RATES.0, RATES.1),
        (Key::Refused, RATES.0, RATES.1),
        (Key::QuotaHighOnly, RATES.0, RATES.1),
        (Key::QuotaShared, RATES.0, RATES.1),
        (Key::QuotaProtected, RATES.0, RATES.1),
        (Key::ReceiverNormal, RATES.0, RATES.1),
        (Key::ReceiverHigh, &["1", "10000"], &["0", "10001", "unlimited"]),
    ]
}

#[test]
fn each_bound_itself_is_allowed_and_nothing_beyond_it() {
    let cases = [cases_of_the_node(), cases_of_the_app(), cases_of_rooms(), cases_of_limits()];
    let cases = cases.concat();
    assert_eq!(cases.iter().map(|case| case.0).collect::<Vec<_>>(), Key::all().collect::<Vec<_>>());
    for (key, good, bad) in cases {
        for text in good {
            from_flag(key, text).unwrap_or_else(|problems| panic!("{key:?} {text}: {problems}"));
        }
        for text in bad {
            let problems = from_flag(key, text).expect_err(text);
            assert_eq!(problems.iter().count(), 1, "{problems}");
            assert!(problems.to_string().contains(&key.path()), "{problems}");
        }
    }
    for (key, longest) in [(Key::AppKey, 64), (Key::Secret, 2048)] {
        from_flag(key, &"k".repeat(longest)).unwrap();
        from_flag(key, &"k".repeat(longest + 1)).unwrap_err();
    }
    from_flag(Key::AppKey, "").unwrap_err();
    from_flag(Key::Secret, "").unwrap_err();
}

#[test]
fn only_loopback_is_served_while_anyone_may_be_anyone() {
    for address in ["0.0.0.0:7400", "[::]:7400", "192.168.1.2:7400", "[::ffff:10.0.0.1]:7400"] {
        let problems = from_flag(Key::Listen, address).unwrap_err().to_string();
        assert!(problems.contains("other machines"), "{problems}");
        assert!(problems.contains("the development app \"dev\""), "{problems}");
        assert!(problems.contains("listen on 127.0.0.1:7400"), "{problems}");
        assert!(problems.contains("add an [[app]] with token keys"), "{problems}");
    }
    for address in ["127.0.0.1:7400", "127.9.9.9:7400", "[::1]:7400"] {
        assert_eq!(from_flag(Key::Listen, address).unwrap().config.listen, address.parse().ok());
    }
}

#[test]
fn an_amount_that_is_shown_reads_back_as_the_same() {
    for known in [units::TIME, units::SIZE] {
        for amount in (0..5000).chain([90_000, 86_400_000, 1 << 20, (1 << 30) + 1, u64::MAX]) {
            assert_eq!(units::parse(&units::show(amount, known), known), Ok(amount));
        }
    }
    assert_eq!(units::show(90 * 60 * 1000, units::TIME), "90m");
    assert_eq!(units::show(262_144, units::SIZE), "256KiB");
}

#[test]
fn a_word_that_is_no_level_is_not_taken_for_a_target() {
    let wrong = log::filter("info,debgu").unwrap_err();
    assert!(wrong.contains("\"debgu\"") && wrong.ends_with("did you mean debug?"), "{wrong}");
    log::filter("warn,throng_broker::io=debug,throng[{session=3}]=trace").unwrap();
}
