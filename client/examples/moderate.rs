//! A moderator's tool: what a backend and a manager can do in a room, and what those hear to whom
//! it is done. Start a broker with `cargo run --release`, then run
//! `cargo run -p throng-client --example moderate`.
//!
//! It says what happens, checks each step, and exits with 1 when one is not as expected. The guide
//! that goes with it is `docs/moderating.md`.

use std::error::Error;
use std::fmt::Debug;
use std::time::{Duration, Instant};

use throng_client::ask::{
    ChangeList, CreateRoom, DestroyRooms, Moderate, MuteRoom, QuerySanctions, SetRoomOpen,
    SetRoomRole,
};
use throng_client::blocking::{Client, Events};
use throng_client::reply::{Results, SanctionedUser};
use throng_client::{
    Code, Config, Development, Error as ClientError, Event, KickReason, LeftReason, PolicyKind,
    RoomFlags, RoomRole, Sanction,
};

const ROOM: &str = "moderate-room";
const MINUTE: Duration = Duration::from_secs(60);

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    let address = &*std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7400".to_owned());
    let (backend, _) = Client::connect(config(address, |who| who.server("moderate-backend")))?;
    // What an earlier run left behind, if it failed; else there is no such room.
    backend.ask(DestroyRooms::new([ROOM]))?;
    let room = CreateRoom::new(ROOM).title("Ann on stage").creator("moderate-ann");
    let created = backend.ask(room.destroyed_when(PolicyKind::Empty, MINUTE))?;
    println!("the backend created {ROOM}, epoch {}", created.epoch);
    // A role holds while its user is not in the room.
    done(backend.ask(SetRoomRole::new(ROOM, RoomRole::Manager, ["moderate-mia"]))?)?;

    let ann = Guest::enter(address, "moderate-ann", RoomRole::Creator)?;
    let mut mia = Guest::enter(address, "moderate-mia", RoomRole::Manager)?;
    let mut bob = Guest::enter(address, "moderate-bob", RoomRole::Visitor)?;
    let mut cid = Guest::enter(address, "moderate-cid", RoomRole::Visitor)?;

    mute(&mia, &mut bob)?;
    mute_all(&ann, &mia, &bob, &cid)?;
    ban(&mia, &mut cid)?;
    lift(&backend)?;
    bob.says("thank you")?;
    close_and_open(&backend, &mut mia)?;
    done(backend.ask(DestroyRooms::new([ROOM]))?)?;
    mia.hears("that the room is gone", |event| matches!(event, Event::RoomDestroyed(_)))
}

/// A manager mutes one user for a minute: it hears that, and why, and cannot speak until then.
fn mute(mia: &Guest, bob: &mut Guest) -> Outcome {
    done(mia.client.ask(Moderate::mute(ROOM, [bob.name]).lasting(MINUTE).saying("calm down"))?)?;
    let why = |event: &Event| matches!(event, Event::Notice(it) if it.extension == "calm down");
    bob.hears("that it is muted, and why", why)?;
    let left = bob.may_not_say("why?", Code::MUTED)?;
    expect(!left.is_zero() && left <= MINUTE, "a minute is left at the most")?;
    bob.client.leave(ROOM)?;
    let left = bob.client.join(ROOM)?.mute.seconds().ok_or("it was not muted for ever")?;
    println!("{} left and came back, and is muted for {left} s more", bob.name);
    expect(left > 0, "leaving does not end a mute")
}

/// The creator mutes the room: now only she, the managers and the exceptions may speak.
fn mute_all(ann: &Guest, mia: &Guest, bob: &Guest, cid: &Guest) -> Outcome {
    ann.client.ask(MuteRoom::mute(ROOM).saying("the show begins"))?;
    cid.may_not_say("hello?", Code::ROOM_MUTED)?;
    bob.may_not_say("hello?", Code::MUTED)?;
    mia.says("we begin in a minute")?;
    ann.client.ask(ChangeList::mute_exceptions(ROOM).adding([cid.name]))?;
    cid.says("I am an exception")?;
    expect(ann.client.query_room(ROOM)?.flags.has(RoomFlags::MUTED), "the room says it is muted")
}

/// A manager bans some, most of whom never came: who is there is out at once and stays out.
fn ban(mia: &Guest, cid: &mut Guest) -> Outcome {
    let spammers = [cid.name, "spam-1", "spam-2", "spam-3", "spam-4"];
    done(mia.client.ask(Moderate::ban(ROOM, spammers).lasting(60 * MINUTE).saying("spam"))?)?;
    cid.hears("that it is banned, and why", |event| {
        let Event::Kicked(kicked) = event else { return false };
        kicked.reason == KickReason::Banned && kicked.extension == "spam"
    })?;
    cid.refused("come in", Code::BANNED, cid.client.join(ROOM))?;
    let close = mia.client.ask(SetRoomOpen::close(ROOM));
    mia.refused("close the room", Code::NOT_ALLOWED, close).map(|_| ())
}

/// The backend reads who is banned and muted, page by page, and lifts all of it.
fn lift(backend: &Client) -> Outcome {
    let banned = sanctioned(backend, Sanction::Ban)?;
    let muted = sanctioned(backend, Sanction::Mute)?;
    expect(banned.len() == 5 && muted.len() == 1, "five are banned, and one is muted")?;
    done(backend.ask(Moderate::unban(ROOM, banned.iter().map(|own| own.user.as_str())))?)?;
    done(backend.ask(Moderate::unmute(ROOM, muted.iter().map(|own| own.user.as_str())))?)?;
    backend.ask(MuteRoom::unmute(ROOM))?;
    expect(sanctioned(backend, Sanction::Ban)?.is_empty(), "nobody is banned any more")?;
    expect(sanctioned(backend, Sanction::Mute)?.is_empty(), "nobody is muted any more")
}

fn sanctioned(backend: &Client, sanction: Sanction) -> Outcome<Vec<SanctionedUser>> {
    let (mut all, mut query) = (Vec::new(), QuerySanctions::of_room(ROOM, sanction).limit(2));
    loop {
        let page = backend.ask(query.clone())?;
        println!("{sanction:?}: {} of {}", page.users.len(), page.total);
        for user in &page.users {
            let by = user.actor.as_deref().unwrap_or("the backend");
            let left = user.left.seconds().ok_or("nobody here is sanctioned for ever")?;
            println!("  {} by {by}, for {left} s more", user.user);
        }
        all.extend(page.users);
        let Some(next) = page.next else { return Ok(all) };
        query = query.from(next);
    }
}

/// A closed room keeps its state and takes nobody.
fn close_and_open(backend: &Client, mia: &mut Guest) -> Outcome {
    backend.ask(SetRoomOpen::close(ROOM).saying("back at eight"))?;
    mia.hears(
        "that the room is closed, and is out",
        |event| matches!(event, Event::LeftRoom(left) if left.reason == LeftReason::Closed),
    )?;
    mia.refused("come in", Code::ROOM_CLOSED, mia.client.join(ROOM))?;
    backend.ask(SetRoomOpen::open(ROOM))?;
    expect(mia.client.join(ROOM)?.role == RoomRole::Manager, "roles outlive that it was closed")
}

/// A user, in the room.
struct Guest {
    name: &'static str,
    client: Client,
    events: Events,
}

impl Guest {
    fn enter(address: &str, name: &'static str, role: RoomRole) -> Outcome<Self> {
        let (client, events) = Client::connect(config(address, |who| who.user(name)))?;
        let granted = client.join(ROOM)?.role;
        println!("{name} came in as {granted:?}");
        expect(granted == role, "everyone has the role that was given")?;
        Ok(Self { name, client, events })
    }

    fn says(&self, text: &str) -> Outcome {
        println!("{}: {text}", self.name);
        self.client.publish((ROOM, "text", text)).map(|_| ()).map_err(Into::into)
    }

    fn may_not_say(&self, text: &str, code: Code) -> Outcome<Duration> {
        self.refused("speak", code, self.client.publish((ROOM, "text", text)))
    }

    /// It was refused with that code; the time left, where there is one.
    fn refused(
        &self,
        to: &str,
        code: Code,
        got: Result<impl Debug, ClientError>,
    ) -> Outcome<Duration> {
        match got {
            Err(ClientError::Refused(refused)) if refused.code == code => {
                println!("{} may not {to}: {refused}", self.name);
                Ok(refused.retry_after.unwrap_or_default())
            }
            other => Err(format!("{} may not {to} ({code}): {other:?}", self.name).into()),
        }
    }

    /// Waits until it is told.
    fn hears(&mut self, what: &str, wanted: impl Fn(&Event) -> bool) -> Outcome {
        let end = Instant::now() + MINUTE / 6;
        loop {
            let event = self.events.recv_timeout(end.saturating_duration_since(Instant::now()));
            let event = event.map_err(|_| format!("{} did not hear {what}", self.name))?;
            if wanted(&event.ok_or("the connection is closed")?) {
                println!("{} heard {what}", self.name);
                return Ok(());
            }
        }
    }
}

/// All of them were done.
fn done(results: Results) -> Outcome {
    results.each.into_iter().collect::<Result<(), _>>().map_err(Into::into)
}

fn expect(holds: bool, what: &str) -> Outcome {
    if holds { Ok(()) } else { Err(what.into()) }
}

/// With the secret of a development app anybody can be anyone, the backend included.
fn config(address: &str, who: impl Fn(Development) -> Development) -> Config {
    let credentials = who(Development::new("throng-development").device("moderate"));
    Config::new(address).app("dev").client_name("throng-moderate").credentials(credentials)
}
