//! Tokens in a world of chaos: who comes with which, what becomes of them, and how the broker is
//! judged by what only the world knows: which keys are live, and what was revoked.
//!
//! Certain is less than true here, too: the wall clock jumps, and what is on its way is left out.

use std::collections::BTreeMap;
use std::time::Duration;

use throng_broker::app::keys::Keys;
use throng_protocol::Code;
use throng_protocol::value::{PublishOptions, Role};

use super::Chaos;
use crate::client::Outcome;
use crate::passes::{CREDENTIAL, Key, Pass};
use crate::random::Random;
use crate::world::Shape;

/// How long a token of these worlds may hold.
const LIFE_MAX: Duration = Duration::from_secs(600);

/// Before any wall clock of a world, and after: milliseconds since the Unix epoch.
const LONG_AGO_MS: u64 = 1_799_000_000_000;
const FAR_AHEAD_MS: u64 = 1_801_000_000_000;

/// How many old tokens are remembered, to be shown again.
const OLD_MAX: usize = 20;

/// A user, or a server's credential.
type Account = (bool, String);

/// What the world knows of tokens.
#[derive(Debug)]
pub(super) struct Tokens {
    random: Random,
    live: [Key; 2],
    keys: u64,
    /// Whether visitors may come, and so with tokens.
    anonymous: bool,
    /// How often the wall clock jumped.
    jumps: u64,
    /// How often it had when each of those was minted that may be shown again.
    old: Vec<(Pass, u64)>,
    /// Clients whose end was not looked at: by what they came and how often the clock had jumped.
    came: Vec<(usize, Shown)>,
    /// New tokens whose answer was not looked at.
    shown: Vec<((usize, u32), Shown)>,
    asked: Vec<Revocation>,
    /// Up to when made tokens may be revoked: nobody may be refused for less.
    perhaps: BTreeMap<Account, u64>,
    /// Up to when made tokens are revoked for sure.
    surely: BTreeMap<Account, u64>,
    /// What sessions say whose token is revoked for sure.
    watched: Vec<(usize, u32)>,
}

/// A token as it was shown.
#[derive(Debug)]
struct Shown {
    pass: Pass,
    /// It must not be taken.
    never: bool,
    jumps: u64,
}

/// A revocation that was asked for.
#[derive(Debug)]
struct Revocation {
    asked: (usize, u32),
    servers: bool,
    users: Vec<String>,
    /// Of tokens made until then, in milliseconds; until the broker read it if nothing.
    until_ms: Option<u64>,
    said_at_ms: u64,
    jumps: u64,
}

impl Tokens {
    /// Draws from a stream of its own. Gives the shape its keys.
    pub(super) fn new(seed: u64, shape: &mut Shape) -> Self {
        let live = [Key::numbered(0), Key::numbered(1)];
        shape.app.keys = keys(&live);
        shape.app.token_life_max = LIFE_MAX;
        Self {
            random: Random::new(seed, 11),
            live,
            keys: 2,
            anonymous: shape.app.anonymous,
            jumps: 0,
            old: Vec::new(),
            came: Vec::new(),
            shown: Vec::new(),
            asked: Vec::new(),
            perhaps: BTreeMap::new(),
            surely: BTreeMap::new(),
            watched: Vec::new(),
        }
    }

    /// The broker lost its memory: nothing is revoked for sure.
    pub(super) fn crash(&mut self) {
        self.surely.clear();
        self.watched.clear();
    }

    /// The wall clock jumped.
    pub(super) const fn jump(&mut self) {
        self.jumps += 1;
    }

    /// Whether a token was revoked for sure.
    fn is_surely_revoked(&self, pass: &Pass) -> bool {
        self.surely.get(&account(pass)).is_some_and(|until| pass.made_ms <= *until)
    }

    /// Whether a token may have been revoked, or its key be gone.
    fn may_be_revoked(&self, pass: &Pass) -> bool {
        let until = self.perhaps.get(&account(pass));
        until.is_some_and(|until| pass.made_ms <= *until) || !self.live.contains(&pass.key)
    }

    /// A good token that holds for a while, perhaps not everywhere.
    fn mint(&mut self, (user, device): (&str, &str), role: Role, now_ms: u64) -> Pass {
        let random = &mut self.random;
        let life_ms = [1_000, 3_000, 20_000, 60_000, 300_000][random.below(5)];
        let life_ms = life_ms + random.draw() % 1_000;
        let key = &self.live[random.below(2)];
        let scopes: &[&str] = match random.below(10) {
            0 => &["room-0", "room-2"],
            1 => &["room-1*", "lobby"],
            _ => &[],
        };
        let pass = Pass::new(key, (user, device), now_ms).lasting(Duration::from_millis(life_ms));
        Pass { role, ..pass.within(scopes) }
    }

    /// The same, such that it never lets anybody in.
    fn spoil(&mut self, pass: Pass) -> Pass {
        let other = Key::numbered(u64::MAX);
        match self.random.below(7) {
            0 => Pass { made_ms: LONG_AGO_MS, expires_ms: LONG_AGO_MS + 60_000, ..pass },
            1 => Pass { made_ms: FAR_AHEAD_MS, expires_ms: FAR_AHEAD_MS + 60_000, ..pass },
            2 => pass.lasting(LIFE_MAX + Duration::from_millis(1)),
            3 => Pass { key: other, ..pass },
            4 => Pass { key: Key { secret: other.secret, ..pass.key }, ..pass },
            5 => Pass { app: "other".to_owned(), ..pass },
            _ if self.anonymous => Pass { app: "dev-".to_owned(), ..pass },
            _ => Pass { role: Role::Anonymous, user: String::new(), ..pass },
        }
    }
}

/// Both keys, as the broker has them.
fn keys(live: &[Key; 2]) -> Keys {
    Keys { tokens: live.iter().map(Key::live).collect(), jwt: None }
}

fn account(pass: &Pass) -> Account {
    (pass.role == Role::Server, pass.user.clone())
}

impl Chaos {
    /// Whether whoever comes now shows a token.
    pub(super) fn comes_by_token(&mut self) -> bool {
        self.tokens.random.percent(30)
    }

    /// Somebody comes with a token: its own, an old one, or one that is no good.
    pub(super) fn come_by_token(&mut self, (user, device): (&str, &str), role: Role) -> usize {
        let tokens = &mut self.tokens;
        let user = match role {
            Role::Server if !user.starts_with(CREDENTIAL) => format!("{CREDENTIAL}{user}"),
            Role::Anonymous => String::new(),
            _ => user.to_owned(),
        };
        let device = if role == Role::Client { device } else { "" };
        let own = |(old, _): &&(Pass, u64)| (&old.user, old.role) == (&user, role);
        let old: Vec<_> = tokens.old.iter().filter(own).cloned().collect();
        let (pass, jumps, never) = match tokens.random.below(100) {
            0..15 => {
                let pass = tokens.mint((&user, device), role, self.world.wall_ms());
                (tokens.spoil(pass), tokens.jumps, true)
            }
            15..40 if !old.is_empty() => {
                let (pass, jumps) = old[tokens.random.below(old.len())].clone();
                (pass, jumps, false)
            }
            _ => {
                let pass = tokens.mint((&user, device), role, self.world.wall_ms());
                (pass, tokens.jumps, false)
            }
        };
        let never = never || tokens.is_surely_revoked(&pass);
        if !never && tokens.old.len() < OLD_MAX {
            tokens.old.push((pass.clone(), jumps));
        }
        let client = self.world.connect_with(&pass, never);
        self.tokens.came.push((client, Shown { pass, never, jumps }));
        client
    }

    /// Something happens to tokens now and then. Says whether it did.
    pub(super) fn change_tokens(&mut self) -> bool {
        match self.tokens.random.below(250) {
            0 => self.rotate(),
            1..4 => self.revoke(),
            4..14 => self.refresh(),
            _ => return false,
        }
        true
    }

    /// The older key goes, and a new one comes.
    fn rotate(&mut self) {
        let new = Key::numbered(self.tokens.keys);
        self.tokens.keys += 1;
        let [_, kept] = self.tokens.live.clone();
        self.tokens.live = [kept, new];
        self.world.renew(&keys(&self.tokens.live));
    }

    fn revoke(&mut self) {
        let open = self.world.open_clients();
        let server = open.iter().find(|own| self.world.clients[**own].role == Role::Server);
        let Some(&client) = server else { return };
        let tokens = &mut self.tokens;
        let servers = tokens.random.percent(30);
        let begin = if servers { CREDENTIAL } else { "" };
        let users: Vec<String> = (0..1 + tokens.random.below(3))
            .map(|_| format!("{begin}user-{}", tokens.random.below(self.users)))
            .collect();
        let said_at_ms = self.world.wall_ms();
        let until_ms =
            tokens.random.percent(40).then(|| said_at_ms - tokens.random.draw() % 30_000);
        let named: Vec<&str> = users.iter().map(String::as_str).collect();
        let valid_after = until_ms.map_or(0, |until_ms| until_ms * 1_000);
        let request = self.world.clients[client].revoke((servers, &named), valid_after);
        if request == u32::MAX {
            return;
        }
        let jumps = tokens.jumps;
        for user in &users {
            let until = tokens.perhaps.entry((servers, user.clone())).or_default();
            // Whenever the broker reads it.
            *until = (*until).max(until_ms.unwrap_or(u64::MAX));
        }
        let asked = (client, request);
        tokens.asked.push(Revocation { asked, servers, users, until_ms, said_at_ms, jumps });
    }

    /// A session shows a new token: of its own, or one that is not for it.
    fn refresh(&mut self) {
        let open = self.world.open_clients();
        let own = |client: &&usize| self.world.clients[**client].granted.is_some();
        let held: Vec<usize> = open.iter().filter(own).copied().collect();
        if held.is_empty() {
            return;
        }
        let client = held[self.tokens.random.below(held.len())];
        let own = self.world.clients[client].granted.as_ref().expect("chosen so").pass().clone();
        let now_ms = self.world.wall_ms();
        let new = self.tokens.mint((&own.user, &own.device), own.role, now_ms);
        let kind = self.tokens.random.below(10);
        let never = kind < 4;
        let new = match kind {
            0 if own.role != Role::Anonymous => Pass { user: format!("{}-", own.user), ..new },
            0 | 1 => Pass { device: "elsewhere".to_owned(), ..new },
            2 if own.role == Role::Client => Pass { role: Role::Server, ..new },
            2 | 3 => self.tokens.spoil(new),
            4 => own,
            _ => new,
        };
        let request = self.world.clients[client].refresh(&new, never);
        if request != u32::MAX {
            // Nobody has kept how often the clock had jumped when the present one was minted.
            let jumps = if kind == 4 { 0 } else { self.tokens.jumps };
            let shown = Shown { pass: new, never, jumps };
            self.tokens.shown.push(((client, request), shown));
        }
    }

    /// Looks at what was answered.
    pub(super) fn check_tokens(&mut self) {
        for (client, shown) in std::mem::take(&mut self.tokens.came) {
            match self.world.clients[client].ended {
                None => self.tokens.came.push((client, shown)),
                Some(Some(Code::UNAUTHORIZED)) => self.check_refused(&shown),
                Some(Some(Code::TOKEN_REVOKED)) => self.check_revoked(client),
                Some(_) => {}
            }
        }
        for ((client, request), shown) in std::mem::take(&mut self.tokens.shown) {
            let own = &self.world.clients[client];
            match own.outcomes.get(&request) {
                None if own.ended.is_none() => self.tokens.shown.push(((client, request), shown)),
                Some(Outcome::Refused(Code::UNAUTHORIZED, _)) => self.check_refused(&shown),
                _ => {}
            }
        }
        for (client, request) in std::mem::take(&mut self.tokens.watched) {
            let own = &self.world.clients[client];
            match own.outcomes.get(&request) {
                None if own.ended.is_none() => self.tokens.watched.push((client, request)),
                Some(Outcome::Accepted(_)) => {
                    panic!("{} spoke by request {request}, and its token is revoked", own.user)
                }
                _ => {}
            }
        }
        for revocation in std::mem::take(&mut self.tokens.asked) {
            self.check_revocation(revocation);
        }
    }

    /// A token was refused: there must be a reason.
    fn check_refused(&self, shown: &Shown) {
        let Shown { pass, never, jumps } = shown;
        let over = self.world.wall_ms() >= pass.expires_ms || self.tokens.jumps != *jumps;
        let reason = *never || over || self.tokens.may_be_revoked(pass);
        assert!(reason, "nothing is wrong with {pass:?}, and it was refused");
    }

    /// A session ended because its token was revoked: that must be so.
    fn check_revoked(&self, client: usize) {
        let own = self.world.clients[client].granted.as_ref();
        let pass = own.expect("judged when it was heard").pass();
        assert!(self.tokens.may_be_revoked(pass), "{pass:?} was not revoked");
    }

    fn check_revocation(&mut self, revocation: Revocation) {
        let (client, request) = revocation.asked;
        let own = &self.world.clients[client];
        let codes: Vec<Code> = match own.outcomes.get(&request) {
            None if own.ended.is_none() => return self.tokens.asked.push(revocation),
            Some(Outcome::Results(each)) => each.iter().map(|one| one.0).collect(),
            _ => return,
        };
        let Revocation { servers, users, until_ms, said_at_ms, jumps, .. } = revocation;
        if until_ms.is_none() && jumps != self.tokens.jumps {
            return; // Nobody knows what the broker read off its clock.
        }
        for (user, code) in users.into_iter().zip(codes) {
            if code == Code::NONE {
                let until = self.tokens.surely.entry((servers, user)).or_default();
                *until = (*until).max(until_ms.unwrap_or(said_at_ms));
            }
        }
        self.try_the_revoked();
    }

    /// Sessions whose token was revoked for sure try to speak.
    fn try_the_revoked(&mut self) {
        for client in self.world.open_clients() {
            let own = &self.world.clients[client];
            let pass = own.granted.as_ref().map(|granted| granted.pass());
            let revoked = pass.is_some_and(|pass| self.tokens.is_surely_revoked(pass));
            if !revoked || own.is_refreshing() {
                continue;
            }
            let rooms: Vec<_> = own.rooms.keys().cloned().collect();
            for room in rooms {
                let request = self.world.publish(client, &room, PublishOptions::default());
                self.tokens.watched.push((client, request));
            }
        }
    }

    /// At rest nobody is in whose token is over, was revoked, or has lost its key.
    pub(super) fn check_granted(&mut self) {
        self.check_tokens();
        let now = self.world.client_now();
        for client in self.world.open_clients() {
            let Some(granted) = &self.world.clients[client].granted else { continue };
            let pass = granted.pass();
            let ends = granted.ends_by().expect("it was let in");
            assert!(now < ends, "{pass:?} is over, and its session goes on");
            assert!(!self.tokens.is_surely_revoked(pass), "{pass:?} is revoked, and goes on");
            assert!(self.tokens.live.contains(&pass.key), "the key of {pass:?} is gone");
        }
    }
}
