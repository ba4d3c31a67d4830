//! What a line promises about tokens: when it asks for one, what it shows, and when it is over.
//!
//! The clock moves when a test moves it, and a source is asked when a test does it.

use core::future::ready;
use core::time::Duration;

use throng_protocol::frame::{self, FromBroker, FromClient};
use throng_protocol::handshake::{Credentials as WireCredentials, GoAway, Welcome};
use throng_protocol::limits::{BODY_BYTES_MAX, CREDENTIAL_BYTES_MAX};
use throng_protocol::reply;
use throng_protocol::request::Request;
use throng_protocol::{Code, Refusal};

use super::*;
use crate::ask::{RefreshToken, RevokeTokens};
use crate::config::Credentials;
use crate::error::Failure;
use crate::reconnect::ReconnectPolicy;
use crate::reply::Reply;
use crate::script::{NONE, WELCOME, at, bytes, config, push, reply};
use crate::token::TokenSource;

const HOUR: Duration = Duration::from_secs(3600);

/// A line to a broker that lets in by token, for an hour.
struct Test {
    line: Line,
    now: Instant,
}

/// A token that was shown.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    Hello(String),
    Refresh(u32, String),
}

fn source() -> TokenSource {
    TokenSource::new(|| ready(Err::<String, _>("the test gives tokens itself")))
}

impl Test {
    fn new(credentials: impl Into<Credentials>) -> Self {
        Self::of(config().credentials(credentials))
    }

    fn of(config: Config) -> Self {
        Self { line: Line::new(config, 42).unwrap(), now: at(1) }
    }

    /// A line that is open, with a source.
    fn open() -> Self {
        let mut test = Self::new(source());
        test.fetch("first");
        test.welcome();
        assert_eq!(test.shown(), [Shown::Hello("first".to_owned())]);
        test
    }

    /// Waits until the line wants a token, gives it this one, and sees it dial.
    fn fetch(&mut self, token: &str) {
        self.wait_until_wanted();
        self.give(token);
        assert!(matches!(self.line.poll_step(self.now), Step::Dial { .. }));
        self.line.handle_connected(self.now);
    }

    fn wait_until_wanted(&mut self) {
        for _ in 0..10 {
            let step = self.line.poll_step(self.now);
            if self.line.poll_token().is_some() {
                return;
            }
            match step {
                Step::Wait(until) => self.now = until,
                other => panic!("{other:?}"),
            }
        }
        panic!("no token is wanted");
    }

    fn give(&mut self, token: &str) {
        self.line.handle_token(self.now, Ok(token.to_owned()));
    }

    fn fail(&mut self) {
        self.line.handle_token(self.now, Err(TokenFailure::Late));
    }

    fn welcome(&mut self) {
        let expires_in_ms = u64::try_from(HOUR.as_millis()).unwrap();
        self.say(&[FromBroker::Welcome(Welcome { expires_in_ms, ..WELCOME })]);
    }

    fn say(&mut self, frames: &[FromBroker<'_>]) {
        self.line.handle_bytes(self.now, &bytes(frames));
    }

    fn send_away(&mut self, code: Code) {
        self.say(&[FromBroker::GoAway(GoAway::new(Refusal::new(code)))]);
    }

    fn refreshed(&mut self, number: u32) {
        let expires_in_ms = u64::try_from(HOUR.as_millis()).unwrap();
        let refreshed = reply::TokenRefreshed { expires_in_ms, extensions: NONE };
        self.say(&[reply(number, refreshed)]);
    }

    /// Lets time pass; the broker shows that it lives.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.line.poll_timeout().filter(|due| *due <= until) {
            self.now = due;
            self.line.handle_timeout(due);
            let are_you_there = throng_protocol::push::AreYouThere { extensions: NONE };
            self.say(&[push(are_you_there)]);
        }
        self.now = until;
    }

    /// The tokens that were shown since the last time.
    fn shown(&mut self) -> Vec<Shown> {
        let mut sent = Vec::new();
        self.line.poll_transmit(&mut sent);
        let (mut rest, mut shown) = (&sent[..], Vec::new());
        let text = |token: &[u8]| String::from_utf8(token.to_vec()).unwrap();
        while let Some((body, after)) = frame::split(rest, BODY_BYTES_MAX).unwrap() {
            match FromClient::decode(body).unwrap() {
                FromClient::Hello(hello) => match hello.credentials {
                    WireCredentials::Token(token) => shown.push(Shown::Hello(text(token))),
                    other => panic!("{other:?}"),
                },
                FromClient::Request(number, Request::RefreshToken(refresh)) => {
                    shown.push(Shown::Refresh(number, text(refresh.token)));
                }
                _ => {}
            }
            rest = after;
        }
        shown
    }

    /// The number of the one request that shows a token, which is this one.
    fn shown_in_band(&mut self, token: &str) -> u32 {
        match &self.shown()[..] {
            [Shown::Refresh(number, shown)] if shown == token => *number,
            other => panic!("{other:?}"),
        }
    }

    fn events(&mut self) -> Vec<Event> {
        core::iter::from_fn(|| self.line.poll_event()).collect()
    }

    fn closed_by(&self) -> Option<Code> {
        match self.line.closed()? {
            Reason::SentAway { refused, .. } => Some(refused.code),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_source_is_asked_before_the_first_connection_and_once() {
    let mut test = Test::new(source());
    assert!(matches!(test.line.poll_step(test.now), Step::Wait(_)));
    assert!(test.line.wants_token() && test.line.poll_token().is_some());
    assert!(test.line.poll_token().is_none(), "it was asked already");
    assert!(matches!(test.line.poll_step(test.now), Step::Wait(_)), "and is waited for");
    test.give("first");
    assert!(matches!(test.line.poll_step(test.now), Step::Dial { .. }));
    test.line.handle_connected(test.now);
    assert_eq!(test.shown(), [Shown::Hello("first".to_owned())]);
}

#[test]
fn a_first_connection_without_a_token_is_not_made() {
    let mut failing = Test::of(config().or_address("b:1").credentials(source()));
    failing.wait_until_wanted();
    failing.fail();
    assert_eq!(failing.line.closed(), Some(&Reason::NoToken(TokenFailure::Late)));
    let mut silent = Test::new(source());
    let Step::Wait(until) = silent.line.poll_step(silent.now) else { panic!("it waits") };
    assert_eq!(until, silent.now + silent.line.config.connect_timeout);
    assert_eq!(silent.line.poll_step(until), Step::Close);
    assert_eq!(silent.line.closed(), Some(&Reason::NoToken(TokenFailure::Late)));
    let mut long = Test::new(source());
    long.wait_until_wanted();
    long.give(&"t".repeat(CREDENTIAL_BYTES_MAX + 1));
    assert_eq!(long.line.closed(), Some(&Reason::NoToken(TokenFailure::TooLong)));
}

#[test]
fn a_token_is_refreshed_at_three_quarters_of_its_time_and_again() {
    let mut test = Test::open();
    for token in ["second", "third"] {
        test.pass(HOUR / 4 * 3 - Duration::from_millis(1));
        assert!(!test.line.wants_token(), "not before");
        test.pass(Duration::from_millis(1));
        assert!(test.line.poll_token().is_some());
        test.give(token);
        let number = test.shown_in_band(token);
        test.refreshed(number);
        assert_eq!(test.line.poll_outcome(), None, "the application did not ask");
    }
    assert_eq!(test.events(), []);
}

#[test]
fn a_source_that_has_none_for_a_session_is_asked_again_after_a_wait() {
    let mut test = Test::open();
    test.pass(HOUR / 4 * 3);
    for is_late in [false, true] {
        assert!(test.line.poll_token().is_some());
        if is_late {
            // By itself: nothing comes of it within the connect timeout.
            test.pass(test.line.config.connect_timeout);
        } else {
            test.fail();
        }
        let [Event::RefreshFailed { failure: TokenFailure::Late, retry_in: Some(wait) }] =
            test.events()[..]
        else {
            panic!("the application is told");
        };
        test.pass(wait);
    }
    assert!(test.line.poll_token().is_some());
    test.give("second");
    test.shown_in_band("second");
}

#[test]
fn a_token_that_the_broker_does_not_take_leaves_the_session_and_is_followed_by_another() {
    let mut test = Test::open();
    test.pass(HOUR / 4 * 3);
    test.line.poll_token().unwrap();
    test.give("second");
    let number = test.shown_in_band("second");
    test.say(&[reply(number, Refusal::new(Code::UNAUTHORIZED))]);
    assert!(test.line.is_talking() && test.line.poll_outcome().is_none());
    let [Event::RefreshFailed { failure: TokenFailure::Refused(refused), retry_in }] =
        &test.events()[..]
    else {
        panic!("the application is told");
    };
    assert_eq!(refused.code, Code::UNAUTHORIZED);
    test.pass(retry_in.unwrap());
    assert!(test.line.poll_token().is_some());
}

#[test]
fn each_new_connection_shows_a_new_token_whatever_ended_the_one_before() {
    for code in [Code::TOKEN_EXPIRED, Code::TOKEN_REVOKED, Code::DRAINING] {
        let mut test = Test::open();
        test.send_away(code);
        assert!(test.line.closed().is_none(), "{code:?}");
        test.fetch("second");
        assert_eq!(test.shown(), [Shown::Hello("second".to_owned())]);
        // A broker that cannot be reached saw it not; by the next try it may be over all the same.
        test.line.handle_closed(test.now, io::ErrorKind::ConnectionReset);
        test.wait_until_wanted();
        test.give("third");
        assert!(matches!(test.line.poll_step(test.now), Step::Dial { .. }));
        test.line.handle_unreachable(test.now, io::ErrorKind::ConnectionRefused);
        test.fetch("fourth");
        assert_eq!(test.shown(), [Shown::Hello("fourth".to_owned())]);
    }
}

#[test]
fn a_source_that_has_none_for_a_reconnect_is_asked_again() {
    let mut test = Test::open();
    test.send_away(Code::TOKEN_EXPIRED);
    test.wait_until_wanted();
    test.fail();
    let failed =
        |event: &Event| matches!(event, Event::ReconnectFailed { reason: Reason::NoToken(_), .. });
    assert!(test.events().iter().any(failed));
    test.fetch("second");
    assert_eq!(test.shown(), [Shown::Hello("second".to_owned())]);
}

#[test]
fn a_new_token_that_is_not_good_is_final() {
    let mut test = Test::open();
    test.send_away(Code::TOKEN_EXPIRED);
    test.fetch("second");
    test.send_away(Code::UNAUTHORIZED);
    assert_eq!(test.closed_by(), Some(Code::UNAUTHORIZED));
    assert!(!test.line.wants_token());
}

#[test]
fn without_a_source_a_token_that_is_over_closes_the_client() {
    for code in [Code::TOKEN_EXPIRED, Code::TOKEN_REVOKED, Code::UNAUTHORIZED] {
        let mut test = Test::new(Credentials::token("only"));
        assert!(matches!(test.line.poll_step(test.now), Step::Dial { .. }));
        test.line.handle_connected(test.now);
        test.welcome();
        test.pass(HOUR);
        assert!(!test.line.wants_token(), "there is nobody to ask");
        test.send_away(code);
        assert_eq!(test.closed_by(), Some(code));
    }
}

#[test]
fn a_token_that_the_application_shows_is_that_of_the_next_hello() {
    let mut test = Test::new(Credentials::token("first"));
    assert!(matches!(test.line.poll_step(test.now), Step::Dial { .. }));
    test.line.handle_connected(test.now);
    test.welcome();
    test.shown();
    let refused = test.line.ask_for(&RefreshToken::new("bad")).unwrap();
    let taken = test.line.ask_for(&RefreshToken::new("second")).unwrap();
    test.say(&[reply(refused, Refusal::new(Code::UNAUTHORIZED))]);
    test.refreshed(taken);
    assert!(matches!(test.line.poll_outcome(), Some((_, Err(Failure::Refused(_))))));
    let outcome = test.line.poll_outcome();
    assert!(matches!(outcome, Some((_, Ok(Reply::TokenRefreshed(it)))) if it.expires_in == HOUR));
    test.shown();
    test.line.handle_closed(test.now, io::ErrorKind::ConnectionReset);
    let Step::Wait(until) = test.line.poll_step(test.now) else { panic!("it waits") };
    assert!(matches!(test.line.poll_step(until), Step::Dial { .. }));
    test.line.handle_connected(until);
    assert_eq!(test.shown(), [Shown::Hello("second".to_owned())]);
}

#[test]
fn a_token_of_the_application_beside_one_of_the_line_has_the_outcome_that_is_told() {
    let mut test = Test::open();
    test.pass(HOUR / 4 * 3);
    test.line.poll_token().unwrap();
    test.give("own");
    let own = test.shown_in_band("own");
    let asked = test.line.ask_for(&RefreshToken::new("application's")).unwrap();
    test.refreshed(asked);
    test.refreshed(own);
    assert!(matches!(test.line.poll_outcome(), Some((number, Ok(_))) if number == asked));
    assert_eq!(test.line.poll_outcome(), None);
}

#[test]
fn a_token_that_comes_when_nobody_waits_for_it_means_nothing() {
    let mut test = Test::open();
    test.give("unasked");
    assert_eq!(test.shown(), []);
    test.pass(HOUR / 4 * 3);
    test.line.poll_token().unwrap();
    test.line.handle_closed(test.now, io::ErrorKind::ConnectionReset);
    test.give("late");
    assert!(matches!(test.line.poll_step(test.now), Step::Wait(_)), "it still waits to dial");
    test.fetch("second");
    assert_eq!(test.shown(), [Shown::Hello("second".to_owned())]);
    test.line.close(test.now);
    test.pass(CLOSE_LINGER);
    test.give("too late");
    assert_eq!(test.line.closed(), Some(&Reason::ClosedHere));
}

#[test]
fn a_line_that_waits_for_a_token_can_be_closed() {
    let mut test = Test::new(source());
    test.wait_until_wanted();
    test.line.close(test.now);
    assert_eq!(test.line.poll_step(test.now), Step::Close);
}

#[test]
fn who_never_tries_again_does_not_do_so_with_tokens() {
    let mut test = Test::of(config().credentials(source()).reconnect(ReconnectPolicy::NEVER));
    test.fetch("first");
    test.welcome();
    test.pass(HOUR / 4 * 3);
    test.line.poll_token().unwrap();
    test.fail();
    assert!(matches!(test.events()[..], [Event::RefreshFailed { retry_in: None, .. }]));
    test.pass(HOUR);
    assert!(!test.line.wants_token());
    test.send_away(Code::TOKEN_EXPIRED);
    assert_eq!(test.closed_by(), Some(Code::TOKEN_EXPIRED));
}

#[test]
fn a_token_that_holds_for_no_time_is_not_asked_for_all_the_time() {
    let mut test = Test::open();
    test.pass(HOUR / 4 * 3);
    test.line.poll_token().unwrap();
    test.give("second");
    let number = test.shown_in_band("second");
    let refreshed = reply::TokenRefreshed { expires_in_ms: 0, extensions: NONE };
    test.say(&[reply(number, refreshed)]);
    test.pass(Duration::from_millis(999));
    assert!(!test.line.wants_token());
    test.pass(Duration::from_millis(1));
    assert!(test.line.wants_token());
}

#[test]
fn what_no_broker_would_take_is_not_sent() {
    let mut test = Test::open();
    let token = RefreshToken::new(vec![b't'; CREDENTIAL_BYTES_MAX + 1]);
    assert!(test.line.ask_for(&token).is_err());
    let many = ["u"; 21];
    assert!(test.line.ask_for(&RevokeTokens::of_users(many)).is_err());
    assert!(test.line.ask_for(&RevokeTokens::of_servers(["a b"])).is_err());
    assert!(test.line.ask_for(&RevokeTokens::of_users(["ann"])).is_ok());
}
