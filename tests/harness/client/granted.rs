//! What a client's token grants it, and how it judges the broker by that: nothing beyond its scopes,
//! no end before its time, and nobody let in by what is no good.
//!
//! What the client does not know, such as what was revoked meanwhile, is for whoever plays the
//! world to judge.

use std::time::Duration;

use throng_client::time::Instant;
use throng_protocol::Code;
use throng_protocol::reply::Reply;
use throng_protocol::request::{RefreshToken, RevokeTokens};
use throng_protocol::value::{Extensions, IdList, Switch};

use super::{Asked, Client, Outcome};
use crate::passes::Pass;

/// By what tokens a client is in.
#[derive(Debug)]
pub struct Granted {
    /// The one it came with, and then each that took its place.
    held: Vec<Held>,
    /// Nothing may be let in by the first.
    never: bool,
    said_at: Instant,
}

/// A token that holds, or that may.
#[derive(Debug)]
struct Held {
    /// It holds for requests after this one.
    after: u32,
    pass: Pass,
    /// It ends between these two, once it was taken.
    ends: Option<(Instant, Instant)>,
}

/// A new token that was shown.
#[derive(Debug)]
pub(super) struct Renewal {
    pass: Pass,
    never: bool,
    said_at: Instant,
}

impl Granted {
    pub(super) fn new(pass: &Pass, never: bool, now: Instant) -> Self {
        let held = vec![Held { after: 0, pass: pass.clone(), ends: None }];
        Self { held, never, said_at: now }
    }

    /// The token it is in by, or came with.
    ///
    /// # Panics
    /// Never: there is one from the beginning.
    #[must_use]
    pub fn pass(&self) -> &Pass {
        &self.held.last().expect("there is one from the beginning").pass
    }

    /// Whether it must not be let in.
    #[must_use]
    pub const fn is_never_good(&self) -> bool {
        self.never
    }

    /// When it is over for sure, once it is in.
    #[must_use]
    pub fn ends_by(&self) -> Option<Instant> {
        self.held.last().and_then(|held| held.ends).map(|(_, by)| by)
    }

    fn at(&self, number: u32) -> &Pass {
        let mut held = self.held.iter().rev();
        let held = held.find(|held| held.after < number).or(self.held.first());
        &held.expect("there is one from the beginning").pass
    }
}

/// Between which two moments a token ends of which this was said.
fn ends(said_at: Instant, heard_at: Instant, expires_in_ms: u64) -> Option<(Instant, Instant)> {
    let left = Duration::from_millis(expires_in_ms);
    Some((said_at + left, heard_at + left))
}

impl Client {
    /// Shows a new token; `never` if it must not be taken.
    pub fn refresh(&mut self, pass: &Pass, never: bool) -> u32 {
        let text = pass.text();
        let renewal = Renewal { pass: pass.clone(), never, said_at: self.now };
        let request = RefreshToken { token: text.as_bytes(), extensions: Extensions::NONE };
        self.ask(Asked::Refresh(Box::new(renewal)), request.into())
    }

    /// Asks for tokens to be revoked: of users, or of servers' credentials, made until then
    /// (microseconds; 0 for now).
    ///
    /// # Panics
    /// When there are more than a list holds.
    pub fn revoke(&mut self, (servers, users): (bool, &[&str]), valid_after: u64) -> u32 {
        let mut bytes = Vec::new();
        IdList::write(users.iter().copied(), &mut bytes);
        let users = IdList::parse(&bytes).expect("no more than a list holds");
        let servers = if servers { Switch::On } else { Switch::Off };
        self.request(RevokeTokens { users, servers, valid_after, extensions: Extensions::NONE })
    }

    /// Whether a new token was shown that nothing has become of.
    #[must_use]
    pub fn is_refreshing(&self) -> bool {
        self.asked.values().any(|asked| matches!(asked, Asked::Refresh(_)))
    }

    pub(super) fn judge_entry(&mut self, expires_in_ms: u64) {
        let now = self.now;
        let Some(granted) = &mut self.granted else {
            assert_eq!(expires_in_ms, 0, "a session without a token does not end by itself");
            return;
        };
        assert!(!granted.never, "{:?} lets nobody in", granted.pass());
        let said_at = granted.said_at;
        let held = granted.held.last_mut().expect("there is one from the beginning");
        let life_ms = held.pass.expires_ms.saturating_sub(held.pass.made_ms);
        assert!(expires_in_ms > 0, "{:?} is over and lets nobody in", held.pass);
        // The clock of whoever made it may be a little ahead of the broker's.
        assert!(expires_in_ms <= life_ms + 60_000, "{:?} lasts {expires_in_ms} ms", held.pass);
        held.ends = ends(said_at, now, expires_in_ms);
    }

    pub(super) fn judge_renewed(
        &mut self,
        (number, expires_in_ms): (u32, u64),
        renewal: Renewal,
    ) -> Outcome {
        let Renewal { pass, never, said_at } = renewal;
        assert!(!never, "{pass:?} is not for this session");
        let beyond = self.rooms.keys().find(|room| !pass.reaches(room));
        assert_eq!(beyond, None, "the session is in a room that {pass:?} does not reach");
        let ends = ends(said_at, self.now, expires_in_ms);
        let granted = self.granted.as_mut().expect("only a session with a token gets another");
        granted.held.push(Held { after: number, pass, ends });
        Outcome::Done
    }

    pub(super) fn judge_end(&self, code: Code) {
        if code != Code::TOKEN_EXPIRED && code != Code::TOKEN_REVOKED {
            return;
        }
        let granted = self.granted.as_ref().expect("a session without a token has none to lose");
        if code == Code::TOKEN_EXPIRED {
            let held = granted.held.last().expect("there is one from the beginning");
            let (from, _) = held.ends.expect("it was let in");
            assert!(self.now >= from, "{:?} ended before its time (I14)", held.pass);
        }
    }

    /// Whether an answer keeps to the scopes that the client had when it asked.
    pub(super) fn judge_scope(&self, number: u32, reply: &Reply<'_>, asked: &Asked) {
        let refused = matches!(reply, Reply::Refused(no) if no.code == Code::OUT_OF_SCOPE);
        let Some(granted) = &self.granted else {
            assert!(!refused, "whoever has no token has no scopes");
            return;
        };
        let (then, now) = (granted.at(number), granted.pass());
        if let (Reply::PublishedMany(many), Asked::Many { rooms, .. }) = (reply, asked) {
            for (result, room) in many.results.iter().zip(rooms) {
                assert!(result.code != Code::NONE || then.reaches(room), "{room}: {then:?}");
                assert!(result.code != Code::OUT_OF_SCOPE || !then.reaches(room), "{room}");
            }
        }
        match (asked.room(), reply) {
            (Some(room), _) if refused => {
                let reached = then.reaches(room) && now.reaches(room);
                assert!(!reached, "{room} is not out of the scopes of {now:?}");
            }
            (None, _) if refused => {
                let narrow = |pass: &Pass| !pass.scopes.is_empty();
                let renewed = matches!(asked, Asked::Refresh(own) if narrow(&own.pass));
                assert!(renewed || narrow(then), "{then:?} reaches everything");
            }
            (_, Reply::Refused(_) | Reply::Shed(_)) | (None, _) => {}
            (Some(room), _) => {
                assert!(then.reaches(room), "{asked:?} was granted beyond {then:?}");
                let stays = !matches!(reply, Reply::Joined(_)) || now.reaches(room);
                assert!(stays, "{asked:?} was granted beyond {now:?}");
            }
        }
    }
}

impl Asked {
    /// The room that it is about, if the client keeps it in mind.
    fn room(&self) -> Option<&str> {
        match self {
            Self::Join { room, .. }
            | Self::Leave(room)
            | Self::State(room)
            | Self::Publish { room, .. }
            | Self::Attributes(room)
            | Self::Queue(room)
            | Self::History(room, _) => Some(room),
            Self::Many { .. } | Self::Refresh(_) | Self::Other => None,
        }
    }
}
