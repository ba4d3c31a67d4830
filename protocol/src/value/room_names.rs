//! Enumerations of rooms and their members: roles, policies, sanctions, and what happens to a
//! room, to a member, in an app.
//!
//! One byte each, as those in [`super::names`]; a byte that is not known is kept.

use crate::codec::{
    BorrowDecode, BorrowDecoder, Decode, Encode, EncodeError, Encoder, RawDecodeError,
};

use super::names::byte_enum;

byte_enum! {
    /// What a member is in a room, and so what it may do there (spec 2).
    RoomRole {
        /// Whoever the room was created for.
        Creator = 0,
        /// Appointed by the creator.
        Manager = 1,
        /// A fixed member: in the lists while offline, too.
        Ordinary = 2,
        /// Whoever joined.
        Visitor = 3,
        /// A visitor without an account.
        Anonymous = 4,
    }
}

byte_enum! {
    /// One of two states.
    Switch {
        /// Not so.
        Off = 0,
        /// So.
        On = 1,
    }
}

byte_enum! {
    /// What a room is destroyed for, other than a request (spec 3).
    PolicyKind {
        /// Nothing happened in it for a while.
        Idle = 0,
        /// It was created a while ago.
        Lifetime = 1,
        /// Its last member left a while ago.
        Empty = 2,
        /// Nothing.
        Never = 3,
    }
}

byte_enum! {
    /// Why a session no longer occupies a room.
    LeftReason {
        /// The user left through another of its sessions.
        Elsewhere = 0,
        /// The user joined another room and may be in only so many (spec 4).
        JoinedAnother = 1,
        /// The room was closed (spec 3).
        Closed = 2,
    }
}

byte_enum! {
    /// Why a room was destroyed (spec 3).
    DestroyReason {
        /// Nothing happened in it for its idle time.
        Idle = 0,
        /// Its life time ended.
        Lifetime = 1,
        /// Its last member left, its empty time ago.
        Empty = 2,
        /// A server asked for it.
        Request = 3,
    }
}

byte_enum! {
    /// Why a user was put out of a room (spec 7).
    KickReason {
        /// It was kicked, and may come back.
        Kicked = 0,
        /// It was banned, and may come back when the ban is over.
        Banned = 1,
    }
}

byte_enum! {
    /// Why somebody is no member of a room any more.
    Departure {
        /// It asked to leave.
        Asked = 0,
        /// Its last session in the room was lost and did not come back in time (spec 4).
        Lost = 1,
        /// It joined another room and may be in only so many.
        JoinedAnother = 2,
        /// It was kicked.
        Kicked = 3,
        /// It was banned, from the room or from the app.
        Banned = 4,
        /// The room was closed.
        Closed = 5,
    }
}

byte_enum! {
    /// What is done to users who do not behave (spec 7).
    Moderation {
        /// Put them out of the room. They may come back.
        Kick = 0,
        /// Put them out of the room, or of the app, and keep them out.
        Ban = 1,
        /// Let them in again.
        Unban = 2,
        /// Let them listen and not speak.
        Mute = 3,
        /// Let them speak again.
        Unmute = 4,
    }
}

byte_enum! {
    /// What holds against a user for a while (spec 7).
    Sanction {
        /// It may not be in the room, or in the app.
        Ban = 0,
        /// It may not speak.
        Mute = 1,
    }
}

byte_enum! {
    /// Which members are asked for (spec 4).
    MemberFilter {
        /// All of them.
        All = 0,
        /// The creator, managers and ordinary members, online or not.
        Fixed = 1,
    }
}

byte_enum! {
    /// In which order of joining members are listed (spec 4).
    MemberOrder {
        /// Who joined first comes first.
        OldestFirst = 0,
        /// Who joined last comes first.
        NewestFirst = 1,
    }
}

byte_enum! {
    /// Whether a user is in a room (spec 4).
    Attendance {
        /// Not a member.
        Absent = 0,
        /// A member, and a session of it is in the room.
        Present = 1,
        /// A member without a session in the room: a fixed one that is offline, or one whose seat
        /// is held for a while.
        Away = 2,
        /// A bot: a member that a server made up (spec 8).
        Bot = 3,
    }
}

byte_enum! {
    /// What a notice in a room's order tells.
    NoticeKind {
        /// The room is muted.
        RoomMuted = 0,
        /// It is not any more.
        RoomUnmuted = 1,
        /// Users are muted.
        UsersMuted = 2,
        /// They are not any more.
        UsersUnmuted = 3,
        /// Users were kicked.
        UsersKicked = 4,
        /// Users were banned.
        UsersBanned = 5,
        /// They may come back.
        UsersUnbanned = 6,
        /// Users have another role in the room.
        RoleChanged = 7,
        /// What the room says of itself, or its policy, is another.
        RoomChanged = 8,
        /// The room is closed.
        RoomClosed = 9,
        /// It is open again.
        RoomOpened = 10,
        /// A member has another profile.
        ProfileChanged = 11,
        /// Somebody became a member.
        MemberJoined = 12,
        /// Somebody is a member no longer.
        MemberLeft = 13,
        /// Attributes were written, or are there no longer.
        AttributesChanged = 14,
        /// Elements were offered to the queue, or are there no longer.
        QueueChanged = 15,
        /// The queue is empty.
        QueueCleared = 16,
        /// The queue is another, or there is none any more.
        QueueSet = 17,
        /// A message was recalled.
        MessageRecalled = 18,
    }
}

byte_enum! {
    /// What happened in an app, for its servers (spec 4).
    AppEventKind {
        /// A room was created.
        RoomCreated = 0,
        /// A room was destroyed.
        RoomDestroyed = 1,
        /// A room was closed.
        RoomClosed = 2,
        /// A room was opened again.
        RoomOpened = 3,
        /// A user became a member of a room.
        MemberJoined = 4,
        /// A user is a member of a room no longer.
        MemberLeft = 5,
        /// A session began.
        SessionOpened = 6,
        /// A session ended.
        SessionEnded = 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Role;

    #[test]
    fn an_unknown_byte_of_an_enumeration_is_kept() {
        assert_eq!(Role::from_byte(9), Role::Unknown(9));
        assert_eq!(Role::from_byte(9).to_byte(), 9);
        assert_eq!(RoomRole::from_byte(5), RoomRole::Unknown(5));
    }

    #[test]
    fn what_is_not_said_is_the_byte_zero() {
        assert_eq!((RoomRole::default(), Switch::default()), (RoomRole::Creator, Switch::Off));
    }
}
