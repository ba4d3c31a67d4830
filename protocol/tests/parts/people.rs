//! Makers of the frames about who is in a room, and what is done to those who do not behave.

use throng_protocol::push::{Kicked, LeftRoom};
use throng_protocol::reply::{Joined, Left, MembersFound, MembersPage, SanctionsPage};
use throng_protocol::request::{
    FindMembers, Join, Leave, Moderate, QueryMembers, QuerySanctions, SetProfile, SetRoomRole,
};
use throng_protocol::value::{
    Attendances, JoinOptions, KickReason, LeftReason, MemberFilter, MemberOrder, Members,
    Moderation, RoomRole, Sanction, SanctionedUsers,
};

use super::{Frame, Parts};

impl Parts {
    pub(super) fn join(&self) -> Frame<'_> {
        let [resume_epoch, resume_seq, ..] = self.longs;
        self.request(Join {
            room: &self.texts[0],
            history: self.bytes[0],
            profile: self.profile(),
            resume_epoch,
            resume_seq,
            options: JoinOptions::from_bits(self.bytes[1]),
            extensions: self.grown(),
        })
    }

    pub(super) fn leave(&self) -> Frame<'_> {
        self.request(Leave { room: &self.texts[0], extensions: self.grown() })
    }

    pub(super) fn query_members(&self) -> Frame<'_> {
        self.request(QueryMembers {
            room: &self.texts[0],
            filter: MemberFilter::from_byte(self.bytes[0]),
            order: MemberOrder::from_byte(self.bytes[1]),
            cursor: &self.payload,
            limit: self.shorts[0],
            extensions: self.grown(),
        })
    }

    pub(super) fn find_members(&self) -> Frame<'_> {
        let (room, users) = (&self.texts[0], self.list());
        self.request(FindMembers { room, users, extensions: self.grown() })
    }

    pub(super) fn set_profile(&self) -> Frame<'_> {
        self.request(SetProfile {
            room: &self.texts[0],
            profile: self.profile(),
            options: self.options(),
            extensions: self.grown(),
        })
    }

    pub(super) fn set_room_role(&self) -> Frame<'_> {
        self.request(SetRoomRole {
            room: &self.texts[0],
            users: self.list(),
            role: RoomRole::from_byte(self.bytes[0]),
            options: self.options(),
            extension: &self.texts[1],
            extensions: self.grown(),
        })
    }

    pub(super) fn moderate(&self) -> Frame<'_> {
        self.request(Moderate {
            room: &self.texts[0],
            action: Moderation::from_byte(self.bytes[0]),
            users: self.list(),
            term: self.term(),
            options: self.options(),
            extension: &self.texts[1],
            extensions: self.grown(),
        })
    }

    pub(super) fn query_sanctions(&self) -> Frame<'_> {
        self.request(QuerySanctions {
            room: &self.texts[0],
            sanction: Sanction::from_byte(self.bytes[0]),
            cursor: &self.payload,
            limit: self.shorts[0],
            extensions: self.grown(),
        })
    }

    pub(super) fn joined(&self) -> Frame<'_> {
        let [epoch, seq, created_at, members, occupants, missed] = self.longs;
        self.reply(Joined {
            epoch,
            seq,
            created_at,
            members,
            occupants,
            left: &self.texts[0],
            flags: self.flags(),
            creator: &self.texts[1],
            about: self.about(),
            role: RoomRole::from_byte(self.bytes[0]),
            mute: self.term(),
            entries: self.ints[0],
            states: self.ints[1],
            recovery: self.code(),
            missed,
            extensions: self.grown(),
        })
    }

    pub(super) fn left(&self) -> Frame<'_> {
        self.reply(Left { extensions: self.grown() })
    }

    pub(super) fn members_page(&self) -> Frame<'_> {
        let members = Members::parse(&self.rows.members).expect("they were written by us");
        let (total, cursor) = (self.longs[3], &self.payload);
        self.reply(MembersPage { total, members, cursor, extensions: self.grown() })
    }

    pub(super) fn members_found(&self) -> Frame<'_> {
        let attendances = Attendances::parse(&self.rows.attendances);
        let attendances = attendances.expect("they were written by us");
        self.reply(MembersFound { attendances, extensions: self.grown() })
    }

    pub(super) fn sanctions_page(&self) -> Frame<'_> {
        let users = SanctionedUsers::parse(&self.rows.sanctioned);
        let users = users.expect("they were written by us");
        let (total, cursor) = (self.longs[3], &self.payload);
        self.reply(SanctionsPage { total, users, cursor, extensions: self.grown() })
    }

    pub(super) fn kicked(&self) -> Frame<'_> {
        let [epoch, seq, ..] = self.longs;
        self.push(Kicked {
            room: &self.texts[0],
            epoch,
            seq,
            reason: KickReason::from_byte(self.bytes[0]),
            actor: &self.texts[1],
            term: self.term(),
            extension: &self.texts[2],
            extensions: self.grown(),
        })
    }

    pub(super) fn left_room(&self) -> Frame<'_> {
        let reason = LeftReason::from_byte(self.bytes[0]);
        self.push(LeftRoom { room: &self.texts[0], reason, extensions: self.grown() })
    }
}
