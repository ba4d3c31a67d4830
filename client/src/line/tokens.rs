//! The token of a line: when a new one is wanted, and what becomes of it.
//!
//! | refreshing | to | when |
//! |---|---|---|
//! | at rest | due at a time | the broker says for how long the token holds, and there is a source |
//! | due | fetching | it is three quarters through, or a wait after a failure is over |
//! | fetching | shown | the source gave a token |
//! | shown | due | the broker took it: at three quarters of its time |
//! | fetching, shown | due | there is none, or the broker did not take it: after a wait |
//!
//! Before each connection a token is fetched as well; that is a state of the line itself.

use core::time::Duration;

use throng_protocol::limits::CREDENTIAL_BYTES_MAX;

use crate::ask::RefreshToken;
use crate::config::{Config, Credentials};
use crate::error::Failure;
use crate::event::Event;
use crate::reconnect::Backoff;
use crate::reply::Reply;
use crate::session::Outcome;
use crate::time::Instant;
use crate::token::{TokenFailure, TokenSource};

use super::{Line, State};

/// What a line knows of its tokens.
#[derive(Debug)]
pub(super) struct Tokens {
    /// Whether the driver shall fetch one and does not know yet.
    wanted: bool,
    /// What the next hello shows.
    held: Option<Vec<u8>>,
    refreshing: Refreshing,
    /// Tokens that the application shows by itself, by the numbers of their requests.
    shown: Vec<(u32, Vec<u8>)>,
    /// Waits before a source that has none is asked again.
    backoff: Backoff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refreshing {
    /// Nothing is to be done.
    Rests,
    /// A token is to be fetched then.
    Due(Instant),
    /// The source is asked, until then.
    Fetching(Instant),
    /// The request of that number shows it to the broker.
    Shown(u32),
}

/// A token is not refreshed sooner than that, however short it holds.
const REFRESH_AFTER_MIN: Duration = Duration::from_secs(1);

/// When a token that holds for so long is refreshed.
fn refresh_after(holds: Duration) -> Duration {
    (holds / 4 * 3).max(REFRESH_AFTER_MIN)
}

impl Tokens {
    pub(super) const fn new(config: &Config) -> Self {
        Self {
            wanted: false,
            held: None,
            refreshing: Refreshing::Rests,
            shown: Vec::new(),
            backoff: Backoff::new(config.reconnect),
        }
    }

    /// What the hello shall show.
    pub(super) fn held(&self) -> &[u8] {
        self.held.as_deref().unwrap_or_default()
    }

    pub(super) const fn is_held(&self) -> bool {
        self.held.is_some()
    }

    pub(super) const fn want(&mut self) {
        self.wanted = true;
    }

    /// The connection is lost: its token is not shown again, and whatever was under way is over.
    pub(super) fn record_lost(&mut self) {
        self.wanted = false;
        self.held = None;
        self.refreshing = Refreshing::Rests;
        self.shown.clear();
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        match self.refreshing {
            Refreshing::Due(at) | Refreshing::Fetching(at) => Some(at),
            Refreshing::Rests | Refreshing::Shown(_) => None,
        }
    }

    /// The application shows a token by itself.
    pub(super) fn record_shown(&mut self, number: u32, token: &[u8]) {
        self.shown.push((number, token.to_vec()));
    }

    fn take_shown(&mut self, number: u32) -> Option<Vec<u8>> {
        let place = self.shown.iter().position(|(own, _)| *own == number)?;
        Some(self.shown.swap_remove(place).1)
    }
}

impl Line {
    /// Where a token shall be fetched now, if one is wanted: once for each that is. The driver asks
    /// the source beside all else it does, and calls [`Line::handle_token`].
    pub fn poll_token(&mut self) -> Option<TokenSource> {
        let wanted = core::mem::take(&mut self.tokens.wanted);
        let source = self.token_source().cloned();
        source.filter(|_| wanted)
    }

    /// Whether [`Line::poll_token`] has something to give.
    #[must_use]
    pub const fn wants_token(&self) -> bool {
        self.tokens.wanted
    }

    /// The source that [`Line::poll_token`] gave was asked. Of no meaning if nobody waits for it any
    /// more.
    pub fn handle_token(&mut self, now: Instant, token: Result<String, TokenFailure>) {
        let token = token.and_then(|token| {
            if token.len() <= CREDENTIAL_BYTES_MAX { Ok(token) } else { Err(TokenFailure::TooLong) }
        });
        match (&self.state, self.tokens.refreshing) {
            (State::Fetching { .. }, _) => match token {
                Ok(token) => {
                    self.tokens.wanted = false;
                    self.tokens.held = Some(token.into_bytes());
                    self.state = State::Dialling { by: None };
                }
                Err(failure) => self.lose(now, failure.into()),
            },
            (State::Talking(_), Refreshing::Fetching(_)) => match token {
                Ok(token) => self.show_token(now, &token),
                Err(failure) => self.put_off_refresh(now, failure),
            },
            _ => {}
        }
    }

    pub(super) const fn token_source(&self) -> Option<&TokenSource> {
        match &self.config.credentials {
            Some(Credentials::Source(source)) => Some(source),
            _ => None,
        }
    }

    /// The broker says for how long the token holds.
    pub(super) fn on_token_holds(&mut self, now: Instant, holds: Option<Duration>) {
        let due = holds.filter(|_| self.token_source().is_some());
        self.tokens.refreshing =
            due.map_or(Refreshing::Rests, |holds| Refreshing::Due(now + refresh_after(holds)));
    }

    /// Does what is due of tokens.
    pub(super) fn refresh_when_due(&mut self, now: Instant) {
        match self.tokens.refreshing {
            Refreshing::Due(at) if at <= now => {
                self.tokens.refreshing = Refreshing::Fetching(now + self.config.connect_timeout);
                self.tokens.want();
            }
            Refreshing::Fetching(by) if by <= now => {
                self.put_off_refresh(now, TokenFailure::Late);
            }
            _ => {}
        }
    }

    fn show_token(&mut self, now: Instant, token: &str) {
        let State::Talking(session) = &mut self.state else { return };
        match session.ask_for(&RefreshToken::new(token)) {
            Ok(number) => self.tokens.refreshing = Refreshing::Shown(number),
            Err(_) => self.put_off_refresh(now, TokenFailure::Unshown),
        }
    }

    /// The outcome of a request that showed a token. Says whether it was the line's own.
    pub(super) fn on_token_shown(&mut self, now: Instant, number: u32, outcome: &Outcome) -> bool {
        let is_own = self.tokens.refreshing == Refreshing::Shown(number);
        let shown = self.tokens.take_shown(number);
        match outcome {
            Ok(Reply::TokenRefreshed(refreshed)) => {
                self.tokens.backoff = Backoff::new(self.config.reconnect);
                if let (Some(shown), Some(Credentials::Token(token))) =
                    (shown, &mut self.config.credentials)
                {
                    *token = shown;
                }
                // Its own, under way beside one of the application's, is waited for all the same.
                if is_own || !matches!(self.tokens.refreshing, Refreshing::Shown(_)) {
                    self.on_token_holds(now, Some(refreshed.expires_in));
                }
            }
            // What is lost is found with the connection.
            Err(Failure::ConnectionLost) | Ok(_) => {}
            Err(failure) if is_own => self.put_off_refresh(now, failure.clone().into()),
            Err(_) => {}
        }
        is_own
    }

    /// The token could not be refreshed: again after a wait, if the client is one that tries again.
    fn put_off_refresh(&mut self, now: Instant, failure: TokenFailure) {
        self.tokens.wanted = false;
        let retry_in = self.tokens.backoff.next_delay(None, self.draws.next());
        self.tokens.refreshing =
            retry_in.map_or(Refreshing::Rests, |wait| Refreshing::Due(now + wait));
        self.events.push(Event::RefreshFailed { failure, retry_in });
    }
}
