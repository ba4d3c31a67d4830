//! What managers, servers and those who are neither try in a world of chaos: everything that changes
//! a room, its members, or who may do what. Most of it is refused; the rest must hold.

use throng_protocol::request::{ChangeRoom, CreateRoom, QueryMembers, SetProfile};
use throng_protocol::value::{
    About, AppEvents, DestroyPolicy, ListChange, ListName, MemberFilter, MemberOrder, Moderation,
    NoticeOptions, PolicyKind, Profile, Role, RoomFields, RoomFlags, RoomRole, Sanction, Term,
};

use super::Chaos;
use crate::client::Act;

impl Chaos {
    /// Somebody tries to change something; often a server, which may.
    pub(super) fn rule(&mut self, client: usize, room: &str) {
        let open = self.world.open_clients();
        let mut servers =
            open.iter().filter(|client| self.world.clients[**client].role == Role::Server);
        let server = servers.next().filter(|_| self.random.percent(60));
        let client = *server.unwrap_or(&client);
        match self.random.below(14) {
            0..4 => self.moderate(client, room),
            4 => {
                let muted = self.random.percent(40);
                self.world.clients[client].mute_room(room, muted);
            }
            5 => {
                let open = self.random.percent(70);
                self.world.clients[client].set_open(room, open);
            }
            6 | 7 => self.appoint(client, room),
            8 => self.change_room(client, room),
            9 => self.show(client, room),
            10 | 11 => self.ask_for_members(client, room),
            12 => self.change_exceptions(client, room),
            _ => self.rule_the_app(client, room),
        }
    }

    fn some_users(&mut self) -> Vec<String> {
        let count = 1 + self.random.below(3);
        (0..count).map(|_| format!("user-{}", self.random.below(self.users))).collect()
    }

    fn term(&mut self, most_seconds: usize) -> Term {
        if self.random.percent(5) {
            return Term::FOREVER;
        }
        Term::from_seconds(u32::try_from(1 + self.random.below(most_seconds)).expect("small"))
    }

    fn quietly(&mut self) -> NoticeOptions {
        NoticeOptions::from_bits(u8::from(self.random.percent(25)))
    }

    fn moderate(&mut self, client: usize, room: &str) {
        let action = [
            Moderation::Kick,
            Moderation::Kick,
            Moderation::Ban,
            Moderation::Unban,
            Moderation::Mute,
            Moderation::Mute,
            Moderation::Mute,
            Moderation::Unmute,
        ][self.random.below(8)];
        let everywhere = action != Moderation::Kick && self.random.percent(40);
        let room = if everywhere { "" } else { room };
        // Short, so that the world does not fall silent.
        let term = match action {
            Moderation::Ban | Moderation::Mute => self.term(6),
            _ => Term::NONE,
        };
        let (options, users) = (self.quietly(), self.some_users());
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        let act = Act { room, action, term, options, extension: "chaos" };
        let request = self.world.clients[client].moderate(act, &users);
        match action {
            Moderation::Mute => self.expect_muted((client, request), (room, &users), term),
            Moderation::Unmute => {
                let now = self.world.net.now().instant;
                self.forbidden.touch((client, request), room, now);
            }
            _ => {}
        }
    }

    fn appoint(&mut self, client: usize, room: &str) {
        let role = [RoomRole::Manager, RoomRole::Ordinary, RoomRole::Visitor][self.random.below(3)];
        let users = self.some_users();
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        if role == RoomRole::Manager {
            self.forbidden.exempt(room, &users);
        }
        self.world.clients[client].set_role(room, &users, role);
    }

    fn policy(&mut self) -> DestroyPolicy {
        let kinds = [PolicyKind::Idle, PolicyKind::Lifetime, PolicyKind::Empty, PolicyKind::Never];
        let kind = kinds[self.random.below(4)];
        let seconds = u32::try_from(self.random.below(61)).expect("small");
        DestroyPolicy { kind, seconds }
    }

    fn change_room(&mut self, client: usize, room: &str) {
        let fields = [RoomFields::TITLE, RoomFields::POLICY, RoomFields::from_bits(19)];
        let fields = fields[self.random.below(3)];
        let (policy, options) = (self.policy(), self.quietly());
        let title = format!("title {}", self.random.below(100));
        let about = About { title: &title, announcement: "be kind", ..About::default() };
        let change = ChangeRoom { room, fields, about, policy, options, ..ChangeRoom::default() };
        self.world.clients[client].change_room(change);
    }

    pub(super) fn create(&mut self, client: usize, room: &str) {
        let creator = format!("user-{}", self.random.below(self.users));
        self.forbidden.exempt(room, &[&creator]);
        let policy = self.policy();
        let flags = [0, 0, 0, 0, 1, 2][self.random.below(6)];
        let flags = RoomFlags::from_bits(flags);
        let create = CreateRoom { room, creator: &creator, policy, flags, ..CreateRoom::default() };
        self.world.clients[client].request(create);
    }

    fn show(&mut self, client: usize, room: &str) {
        let nickname = format!("nick {}", self.random.below(100));
        let profile = Profile { nickname: &nickname, ..Profile::default() };
        let options = self.quietly();
        let set = SetProfile { room, profile, options, ..SetProfile::default() };
        self.world.clients[client].request(set);
    }

    fn ask_for_members(&mut self, client: usize, room: &str) {
        let filter = [MemberFilter::All, MemberFilter::Fixed][self.random.below(2)];
        let order = [MemberOrder::OldestFirst, MemberOrder::NewestFirst][self.random.below(2)];
        let limit = [1, 500][self.random.below(2)];
        let users = self.some_users();
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        let sanction = [Sanction::Ban, Sanction::Mute][self.random.below(2)];
        let own = &mut self.world.clients[client];
        match self.random.below(3) {
            0 => {
                let query = QueryMembers { room, filter, order, limit, ..QueryMembers::default() };
                own.query_members(query);
            }
            1 => _ = own.find_members(room, &users),
            _ => _ = own.query_sanctions(room, sanction),
        }
    }

    fn change_exceptions(&mut self, client: usize, room: &str) {
        let changes = [ListChange::Add, ListChange::Remove, ListChange::Replace];
        let change = changes[self.random.below(3)];
        let users = self.some_users();
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        if change != ListChange::Remove {
            self.forbidden.exempt(room, &users);
        }
        self.world.clients[client].change_list((ListName::MuteExceptions, room), change, &users);
    }

    fn rule_the_app(&mut self, client: usize, room: &str) {
        let change = [ListChange::Add, ListChange::Remove][self.random.below(2)];
        let events = AppEvents::from_bits([0, 1, 3, 7][self.random.below(4)]);
        let own = &mut self.world.clients[client];
        match self.random.below(3) {
            0 => _ = own.change_list((ListName::KeepAlive, ""), change, &[room]),
            1 => _ = own.subscribe(events),
            _ => _ = own.destroy_rooms(&[room, "room-0"]),
        }
    }
}
