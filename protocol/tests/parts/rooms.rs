//! Makers of the frames about rooms themselves, and of the notices in a room's order.

use throng_protocol::push::{Notice, Presence, RoomDestroyed};
use throng_protocol::reply::{Changed, Created, Destroyed, Results, RoomState};
use throng_protocol::request::{
    ChangeRoom, CreateRoom, DestroyRoom, DestroyRooms, MuteRoom, QueryRoom, SetRoomOpen,
};
use throng_protocol::value::{
    About, Departure, DestroyPolicy, DestroyReason, ItemResults, NoticeKind, NoticeOptions,
    PolicyKind, RoomFields, RoomFlags, RoomRole, Switch,
};

use super::{Frame, Parts};

impl Parts {
    /// Made of the texts in the middle.
    pub(super) fn about(&self) -> About<'_> {
        let [_, _, title, announcement, live_url, extension, ..] = &self.texts;
        About { title, announcement, live_url, extension }
    }

    fn policy(&self) -> DestroyPolicy {
        DestroyPolicy { kind: PolicyKind::from_byte(self.bytes[3]), seconds: self.ints[4] }
    }

    pub(super) fn flags(&self) -> RoomFlags {
        RoomFlags::from_bits(self.bytes[2])
    }

    fn fields(&self) -> RoomFields {
        RoomFields::from_bits(self.bytes[4])
    }

    pub(super) fn options(&self) -> NoticeOptions {
        NoticeOptions::from_bits(self.bytes[5])
    }

    pub(super) fn query_room(&self) -> Frame<'_> {
        self.request(QueryRoom { room: &self.texts[0], extensions: self.grown() })
    }

    pub(super) fn create_room(&self) -> Frame<'_> {
        self.request(CreateRoom {
            room: &self.texts[0],
            creator: &self.texts[1],
            about: self.about(),
            policy: self.policy(),
            flags: self.flags(),
            mute_exceptions: self.list(),
            high_only: self.setting(0),
            shared: self.setting(1),
            protected: self.setting(2),
            slow_mode_ms: self.setting(3),
            ring_messages: self.setting(4),
            ring_bytes: self.setting(5),
            attributes: self.attribute_writes(),
            queue_size: self.shorts[0],
            queue_permission: self.permission(),
            extensions: self.grown(),
        })
    }

    pub(super) fn change_room(&self) -> Frame<'_> {
        self.request(ChangeRoom {
            room: &self.texts[0],
            fields: self.fields(),
            about: self.about(),
            policy: self.policy(),
            options: self.options(),
            extension: &self.texts[1],
            extensions: self.grown(),
        })
    }

    pub(super) fn destroy_room(&self) -> Frame<'_> {
        self.request(DestroyRoom { room: &self.texts[0], extensions: self.grown() })
    }

    pub(super) fn destroy_rooms(&self) -> Frame<'_> {
        self.request(DestroyRooms { rooms: self.list(), extensions: self.grown() })
    }

    pub(super) fn set_room_open(&self) -> Frame<'_> {
        self.request(SetRoomOpen {
            room: &self.texts[0],
            open: Switch::from_byte(self.bytes[0]),
            options: self.options(),
            extension: &self.texts[1],
            extensions: self.grown(),
        })
    }

    pub(super) fn mute_room(&self) -> Frame<'_> {
        self.request(MuteRoom {
            room: &self.texts[0],
            muted: Switch::from_byte(self.bytes[0]),
            options: self.options(),
            extension: &self.texts[1],
            extensions: self.grown(),
        })
    }

    pub(super) fn room_state(&self) -> Frame<'_> {
        let [epoch, seq, created_at, members, occupants, _] = self.longs;
        self.reply(RoomState {
            epoch,
            seq,
            created_at,
            members,
            occupants,
            flags: self.flags(),
            creator: &self.texts[1],
            about: self.about(),
            policy: self.policy(),
            attributes: self.ints[0],
            elements: self.ints[1],
            queue_size: self.shorts[0],
            queue_permission: self.permission(),
            bots: self.ints[2],
            extensions: self.grown(),
        })
    }

    pub(super) fn created(&self) -> Frame<'_> {
        let [epoch, _, created_at, ..] = self.longs;
        self.reply(Created { epoch, created_at, extensions: self.grown() })
    }

    pub(super) fn destroyed(&self) -> Frame<'_> {
        self.reply(Destroyed { extensions: self.grown() })
    }

    pub(super) fn changed(&self) -> Frame<'_> {
        let [epoch, seq, ..] = self.longs;
        self.reply(Changed { epoch, seq, extensions: self.grown() })
    }

    pub(super) fn results(&self) -> Frame<'_> {
        let results = ItemResults::parse(&self.rows.results).expect("they were written by us");
        self.reply(Results { results, extensions: self.grown() })
    }

    pub(super) fn room_destroyed(&self) -> Frame<'_> {
        let [epoch, seq, ..] = self.longs;
        let reason = DestroyReason::from_byte(self.bytes[0]);
        let room = &self.texts[0];
        self.push(RoomDestroyed { room, epoch, seq, reason, extensions: self.grown() })
    }

    pub(super) fn notice(&self) -> Frame<'_> {
        let [epoch, seq, at, ..] = self.longs;
        self.push(Notice {
            room: &self.texts[0],
            epoch,
            seq,
            at,
            what: NoticeKind::from_byte(self.bytes[0]),
            actor: &self.texts[1],
            users: self.list(),
            role: RoomRole::from_byte(self.bytes[1]),
            term: self.term(),
            departure: Departure::from_byte(self.bytes[2]),
            profile: self.profile(),
            fields: self.fields(),
            about: self.about(),
            policy: self.policy(),
            attributes: self.attributes(),
            elements: self.elements(),
            keys: self.list(),
            queue_size: self.shorts[0],
            queue_permission: self.permission(),
            target_seq: self.longs[3],
            extension: &self.texts[2],
            extensions: self.grown(),
        })
    }

    pub(super) fn presence(&self) -> Frame<'_> {
        let [epoch, _, _, members, occupants, _] = self.longs;
        let room = &self.texts[0];
        self.push(Presence { room, epoch, members, occupants, extensions: self.grown() })
    }
}
