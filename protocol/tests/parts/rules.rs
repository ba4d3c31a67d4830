//! Makers of the frames about lists of names, limits and counters.

use throng_protocol::reply::{Counters, Limits, ListChanged, ListEntries, RoomLimitsSet};
use throng_protocol::request::{ChangeList, QueryCounters, QueryLimits, QueryList, SetRoomLimits};
use throng_protocol::value::{Allowance, Counts, LimitSetting, ListChange, ListName};

use super::{Frame, Parts};

impl Parts {
    /// A limit as it is set, of each of the forms.
    pub(super) fn setting(&self, place: usize) -> LimitSetting {
        match self.ints[place] {
            u32::MAX => LimitSetting::Keep,
            0xffff_fffe => LimitSetting::Inherit,
            0xffff_fffd => LimitSetting::Unlimited,
            limit => LimitSetting::Limit(limit),
        }
    }

    fn name_of_list(&self) -> ListName {
        ListName::from_byte(self.bytes[0])
    }

    pub(super) fn change_list(&self) -> Frame<'_> {
        self.request(ChangeList {
            list: self.name_of_list(),
            room: &self.texts[0],
            change: ListChange::from_byte(self.bytes[1]),
            entries: self.list(),
            extensions: self.grown(),
        })
    }

    pub(super) fn query_list(&self) -> Frame<'_> {
        let (list, room) = (self.name_of_list(), &self.texts[0]);
        self.request(QueryList { list, room, extensions: self.grown() })
    }

    pub(super) fn set_room_limits(&self) -> Frame<'_> {
        self.request(SetRoomLimits {
            room: &self.texts[0],
            high_only: self.setting(0),
            shared: self.setting(1),
            protected: self.setting(2),
            slow_mode_ms: self.setting(3),
            ring_messages: self.setting(4),
            ring_bytes: self.setting(5),
            extensions: self.grown(),
        })
    }

    pub(super) fn query_limits(&self) -> Frame<'_> {
        self.request(QueryLimits { room: &self.texts[0], extensions: self.grown() })
    }

    pub(super) fn query_counters(&self) -> Frame<'_> {
        self.request(QueryCounters { extensions: self.grown() })
    }

    pub(super) fn list_changed(&self) -> Frame<'_> {
        self.reply(ListChanged { size: self.ints[0], extensions: self.grown() })
    }

    pub(super) fn list_entries(&self) -> Frame<'_> {
        self.reply(ListEntries { entries: self.list(), extensions: self.grown() })
    }

    pub(super) fn room_limits_set(&self) -> Frame<'_> {
        self.reply(RoomLimitsSet { extensions: self.grown() })
    }

    pub(super) fn limits(&self) -> Frame<'_> {
        let [a, b, c, d, e, f] = self.ints;
        let allowance = |limit, left| Allowance { limit, window_ms: c, left, retry_after_ms: d };
        self.reply(Limits {
            messages: allowance(a, b),
            requests: allowance(b, a),
            room_high_only: allowance(e, f),
            room_shared: allowance(f, e),
            room_protected: allowance(a, f),
            slow_mode_ms: e,
            slow_mode_wait_ms: f,
            ring_messages: a,
            ring_bytes: b,
            extensions: self.grown(),
        })
    }

    pub(super) fn counters(&self) -> Frame<'_> {
        let counts = Counts::parse(&self.rows.counts).expect("they were written by us");
        self.reply(Counters { counts, extensions: self.grown() })
    }
}
