//! What the simulator may see of the broker, and break in it: marks at rare branches, and planted
//! bugs that prove that its checkers can see.
//!
//! Only with the feature `sim`, which nothing but the tests turns on. Without it a mark is
//! nothing and no bug is planted, both known at compile time. Each thread has its own, so that
//! worlds on several threads do not meet.

/// Declares an enum with a list of all its values.
macro_rules! listed {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
        }
    };
}

listed! {
    /// A branch that is rarely taken. A simulation that never takes it has a blind spot.
    Mark {
        /// A connection went to another shard.
        HandedOver,
        /// A session took the place of an older one of its device.
        Replaced,
        /// A user had as many sessions as it may.
        TooManySessions,
        /// There were as many connections as there may be.
        TooManyConnections,
        /// A message was over its sender's rate.
        MessageRateLimited,
        /// A request was over its session's rate.
        RequestRateLimited,
        /// Work was refused because a lane was filling.
        Overloaded,
        /// An envelope found its lane full and waited.
        LaneFull,
        /// A user left the room it joined longest ago for a new one.
        LeftOldest,
        /// A session was gone when its join was answered.
        JoinedTooLate,
        /// A session joined a room that it was in.
        JoinedAgain,
        /// The end of an old visit met a newer one.
        VisitOutlived,
        /// A session's backlog in a room was put into its own queue.
        Settled,
        /// A publisher got a batch without its own words.
        OwnLeftOut,
        /// A batch was sealed before the turn ended, because it was full.
        BatchFull,
        /// Several pieces were gathered into one send.
        Gathered,
        /// A session that does not take its replies was not read from.
        Paused,
        /// A loop was behind, and shed.
        LoopBehind,
        /// A fan-out went on in the next turn.
        Sliced,
        /// A room had taken in as much as it may.
        QuotaUsedUp,
        /// A member spoke too soon for slow mode.
        SlowedDown,
        /// Every shard had a new list.
        ListChanged,
        /// A session that reads too slowly got nothing of class low any more.
        PressedLow,
        /// It got only what is protected any more.
        PressedHigh,
        /// A room kept too much for such a session and let go of it.
        Detached,
        /// A capped session was told what it was not given.
        Capped,
        /// A session did not heed its refusals.
        Flooded,
        /// A session was sent away because it lagged.
        Lagging,
        /// A room was destroyed because nothing happened in it.
        RoomIdle,
        /// A room was destroyed because of its age.
        RoomOld,
        /// A room was destroyed because nobody was in it.
        RoomEmpty,
        /// A room was full.
        RoomFull,
        /// The seat of a member whose connection was lost was held.
        SeatHeld,
        /// It was given up.
        SeatGivenUp,
        /// It was given up by the user's home, for another room.
        SeatForfeited,
        /// A session came back and got what it missed.
        Recovered,
        /// A session came back and had missed nothing.
        MissedNothing,
        /// A session came back too late.
        NotRecovered,
        /// Members were told how many they are.
        FigureTold,
        /// Somebody asked for what it has no right to.
        NoRight,
        /// A user was put out of a room.
        Expelled,
        /// A room was closed with members in it.
        ClosedOnMembers,
        /// A user that is muted in the whole app spoke.
        MutedInApp,
        /// A user that is banned from the app came, or was there.
        BannedFromApp,
        /// What happens in an app was told to a server.
        EventTold,
        /// A message came again under the id it had before.
        Repeated,
        /// A message for some members reached one of them.
        Directed,
        /// A message for everyone was given to everyone.
        Spread,
        /// A stranger did not finish its hello.
        HelloLate,
        /// A hello, or a new token, showed no right to come in.
        Unauthorized,
        /// A session's token had come to its end.
        TokenExpired,
        /// A session was given a new token.
        TokenRefreshed,
        /// A session's token was revoked.
        TokenRevoked,
        /// A session's key was taken out of use.
        KeyGone,
        /// A session asked for a room that its token does not reach.
        OutOfScope,
        /// A peer did not finish a frame.
        FrameLate,
        /// A silent peer was asked whether it is there.
        Pinged,
        /// A silent peer was given up.
        Silent,
        /// A peer that was told to go away did not.
        Lingered,
        /// A user without sessions was remembered for its rate.
        Remembered,
        /// A frame was put together from several receives.
        Continued,
    }
}

listed! {
    /// A bug that can be planted.
    Bug {
        /// A sleeping worker is not woken for its mail.
        LostWakeUp,
        /// The rate limit grants a thousandth of a second too early.
        LimiterEdge,
        /// A user's last second is forgotten with its last session.
        LimiterForgets,
        /// A session keeps its seat in a room it left.
        DeliverAfterLeave,
        /// A chunk is sent and stays to be sent again.
        DeliveredTwice,
        /// A join does not seal what was published before it.
        JoinUnsealed,
        /// A send that was cut short goes on at the wrong byte (in the simulated back end).
        PartialSend,
        /// A handle's generation is not compared: what is meant for the dead reaches the living.
        StaleHandle,
        /// A publisher hears its own words.
        OwnEcho,
        /// One shard with occupants is left out of a delivery.
        ForgottenShard,
        /// The end of an old visit ends a new one.
        VisitIgnored,
        /// The older session of a device stays.
        TakeoverKeepsOld,
        /// A place in a room's order is left out.
        SeqSkipped,
        /// What waits for a full lane is overtaken.
        LaneOvertaken,
        /// What waited for a publisher comes after the batch that it published in.
        SettleSkipped,
        /// A session that reads too slowly is spared the wrong class.
        WrongClassSkipped,
        /// What was skipped for a slow session is not told.
        NoticeSkipped,
        /// A destroyed room keeps its occupants.
        EndIgnored,
        /// A mute is told and does not hold.
        MuteIgnored,
        /// A mute of a whole app is answered before the user's home has it.
        SanctionAnsweredEarly,
        /// Whoever was kicked stays in the audience.
        KickIgnored,
        /// A session that comes back is given one entry too few.
        RecoveryShort,
        /// A seat is held for ever.
        SeatNeverGivenUp,
        /// A message that comes again under its id is published again.
        RepeatPublished,
        /// A write that depends on a key's revision is done whatever that is.
        RevisionIgnored,
        /// A message for some members goes to all of them.
        DirectToAll,
        /// What goes with its owner stays.
        AutoDeleteIgnored,
        /// What expires stays.
        ExpiryIgnored,
        /// A message that was taken back is given to those who come later.
        RecallIgnored,
        /// A session goes on although its token was revoked.
        RevokedStays,
        /// A session goes on although its key is in use no longer.
        KeyGoneStays,
        /// A session goes on although the time of its token is over.
        ExpiredStays,
        /// A session may go wherever it asks, whatever its token reaches.
        ScopeIgnored,
        /// A session is given the token of another user.
        RefreshOfAnother,
        /// An element that is offered again loses its place in the queue.
        OfferMoves,
        /// A room's first attribute is not told to those who join.
        StateShort,
    }
}

#[cfg(feature = "sim")]
mod live {
    use core::cell::Cell;

    use super::{Bug, Mark};

    thread_local! {
        static MARKS: Cell<u128> = const { Cell::new(0) };
        static BUG: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Notes that a branch was taken.
    pub fn mark(mark: Mark) {
        MARKS.set(MARKS.get() | 1 << mark as u128);
    }

    /// The branches taken on this thread since the last time.
    #[must_use]
    pub fn take_marks() -> Vec<Mark> {
        let marks = MARKS.take();
        Mark::ALL.iter().copied().filter(|mark| marks & (1 << *mark as u128) != 0).collect()
    }

    /// Plants a bug on this thread, or none.
    pub fn plant(bug: Option<Bug>) {
        BUG.set(bug);
    }

    /// Whether that bug is planted.
    #[must_use]
    pub fn planted(bug: Bug) -> bool {
        BUG.get() == Some(bug)
    }
}

#[cfg(not(feature = "sim"))]
mod live {
    use super::{Bug, Mark};

    /// Notes nothing.
    #[inline]
    pub const fn mark(_: Mark) {}

    /// No.
    #[inline]
    #[must_use]
    pub const fn planted(_: Bug) -> bool {
        false
    }
}

pub use live::*;
