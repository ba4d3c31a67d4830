//! When all is at rest: the counts a room shows, its list of members and what members were told are
//! what the clients believe, and whoever is banned is not there (I13, I26).

use std::collections::BTreeSet;
use std::time::Duration;

use throng_broker::nature::Presence;
use throng_protocol::Code;
use throng_protocol::request::QueryMembers;
use throng_protocol::value::{
    Attendance, AttributeOptions, ListName, QueueOptions, Role, Sanction,
};

use super::Chaos;
use crate::client::granted::Granted;
use crate::client::told::{Member, Page};
use crate::client::{Client, Outcome};

/// Longer than any seat is held, with what has to happen before it is lost.
const ALL_GRACES: Duration = Duration::from_secs(45);

impl Chaos {
    /// What rooms show agrees with what clients believe: now, while seats are held, and later, when
    /// those are given up.
    pub(super) fn check_counts(&mut self) {
        self.world.pass(Duration::from_secs(2));
        let server = self.world.connect("counting-server", "", Role::Server);
        self.world.settle();
        if !self.world.clients[server].is_open() {
            return; // There are as many connections as there may be.
        }
        self.check_banned(server);
        for room in self.rooms() {
            self.check_room(server, &room, false);
        }
        self.world.pass(ALL_GRACES);
        for room in self.rooms() {
            self.check_room(server, &room, true);
        }
    }

    fn rooms(&self) -> Vec<String> {
        (0..self.rooms).map(|n| format!("room-{n}")).collect()
    }

    /// The clients that believe to be in a room.
    fn inside<'a>(&'a self, room: &'a str) -> impl Iterator<Item = &'a Client> {
        let inside = |own: &&Client| own.is_open() && own.rooms.contains_key(room);
        self.world.clients.iter().filter(inside)
    }

    fn check_room(&mut self, server: usize, room: &str, settled: bool) {
        // One room a second: this server, too, has limits.
        self.world.pass(Duration::from_secs(1));
        let state = self.world.clients[server].query(room);
        let (total, occupants) = match self.world.outcome(server, state) {
            Outcome::State(_, members, occupants) => (members, occupants),
            Outcome::Refused(Code::OVERLOADED, _) => return,
            other => {
                assert_eq!(other, Outcome::Refused(Code::NO_SUCH_ROOM, 0));
                assert_eq!(self.inside(room).count(), 0, "{room} is gone");
                return;
            }
        };
        let own = &mut self.world.clients[server];
        let members = QueryMembers { room, limit: 500, ..QueryMembers::default() };
        let members = own.query_members(members);
        let banned = own.query_sanctions(room, Sanction::Ban);
        let protected = own.query_list(ListName::ProtectedUsers, room);
        let kept = (own.query_attributes(room, 100), own.query_queue(room, 500));
        let page = match self.world.outcome(server, members) {
            Outcome::Members(page) => page,
            Outcome::Refused(Code::OVERLOADED, _) => return,
            other => panic!("{room} is there, and its list came to {other:?}"),
        };
        assert_eq!(self.inside(room).count() as u64, occupants, "occupants of {room} (I26)");
        assert_eq!((page.total, page.rows.len() as u64), (total, total), "{room} (I26)");
        let users = self.check_members(room, &page);
        self.check_bound((server, room), kept, (&page, settled));
        let Outcome::Sanctions(list) = self.world.outcome(server, banned) else {
            panic!("a server may ask who is banned from {room}");
        };
        let inside = list.rows.iter().find(|row| users.contains(&row.user));
        assert_eq!(inside, None, "is banned from {room} and in it (I13)");
        if settled {
            let Outcome::Entries(protected) = self.world.outcome(server, protected) else {
                panic!("a server may ask whom {room} protects");
            };
            let is_held = |row: &&Member| {
                row.attendance == Attendance::Away
                    && !protected.contains(&row.user)
                    && !self.has_just_expired(&row.user)
            };
            let held = page.rows.iter().find(is_held);
            assert_eq!(held, None, "a seat in {room} is held for ever");
            self.check_figures(room, (total, occupants));
        }
    }

    /// Whether a user's token has just come to its end, so that its seats may be held still.
    fn has_just_expired(&self, user: &str) -> bool {
        let now = self.world.client_now();
        let mut expired = self
            .world
            .clients
            .iter()
            .filter(|own| own.user == user && own.ended == Some(Some(Code::TOKEN_EXPIRED)));
        expired.any(|own| {
            let ends = own.granted.as_ref().and_then(Granted::ends_by);
            ends.is_some_and(|by| now < by + ALL_GRACES)
        })
    }

    /// What goes with its owner has one who is a member, and what expires is gone.
    fn check_bound(
        &self,
        (server, room): (usize, &str),
        (attributes, queue): (u32, u32),
        (page, settled): (&Page<Member>, bool),
    ) {
        let outcomes = &self.world.clients[server].outcomes;
        let is_member = |owner: &String| {
            owner.is_empty() || page.rows.iter().any(|member| member.user == *owner)
        };
        if let Some(Outcome::Attributes(page)) = outcomes.get(&attributes) {
            for (key, own) in &page.rows {
                let bound = own.options.has(AttributeOptions::AUTO_DELETE);
                assert!(!bound || is_member(&own.owner), "{key} of {room} outlives {own:?}");
                assert!(!settled || !own.expires, "{key} of {room} does not expire: {own:?}");
            }
        }
        if let Some(Outcome::Queue(_, queue)) = outcomes.get(&queue) {
            let bound = queue
                .elements
                .iter()
                .find(|own| own.options.has(QueueOptions::TRANSIENT) && !is_member(&own.owner));
            assert_eq!(bound, None, "outlives its owner in {room}");
        }
    }

    /// Those who are listed as present are those who believe to be there. Gives the users.
    fn check_members(&self, room: &str, page: &Page<Member>) -> BTreeSet<String> {
        let present = |row: &&Member| row.attendance == Attendance::Present;
        let here: Vec<_> = page.rows.iter().filter(present).collect();
        // All servers of the development app together are one member.
        let developed = |own: &&Client| own.role == Role::Server && own.granted.is_none();
        let clients = self.inside(room).filter(|own| !developed(own));
        let users: BTreeSet<String> = clients.map(|own| own.user.clone()).collect();
        let servers = usize::from(self.inside(room).any(|own| developed(&own)));
        assert_eq!(here.len(), users.len() + servers, "{users:?} are in {room}: {page:?} (I26)");
        let listed = |user: &&String| here.iter().any(|row| row.user == **user);
        assert_eq!(users.iter().filter(listed).count(), users.len(), "{room}: {page:?} (I26)");
        users
    }

    /// Whoever is told figures was told the true ones last (I26).
    fn check_figures(&self, room: &str, counts: (u64, u64)) {
        if self.presence != Presence::Counts {
            return;
        }
        for own in self.inside(room) {
            let figures = own.figures[room];
            let told = (figures.members, figures.occupants);
            assert_eq!(told, counts, "{} was told of {room}: {figures:?} (I26)", own.user);
        }
    }

    /// Nobody who is banned from the app has a session (I13).
    fn check_banned(&mut self, server: usize) {
        let asked = self.world.clients[server].query_sanctions("", Sanction::Ban);
        let list = match self.world.outcome(server, asked) {
            Outcome::Sanctions(list) => list,
            // Nothing fits into the lanes of such a world.
            Outcome::Refused(Code::OVERLOADED, _) => return,
            other => panic!("a server may ask who is banned, and it came to {other:?}"),
        };
        for own in self.world.clients.iter().filter(|own| own.is_open()) {
            let banned = list.rows.iter().any(|row| row.user == own.user);
            assert!(!banned || own.role != Role::Client, "{} is banned from the app", own.user);
        }
    }
}
