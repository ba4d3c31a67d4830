//! The small values every frame is made of, one kind a file: texts, lists, names for bytes, sets
//! of bits, limits, and what rooms and members are made of.
//!
//! Values parse, they do not validate: a [`RoomId`] in hand is a good room id, and nothing after
//! that looks again. Frames carry the raw text, so that a bad id is a refusal with the request's
//! own number and not the end of the connection.

mod bits;
mod limit;
mod list;
mod names;
mod room;
mod room_names;
mod text;

pub use bits::{AppEvents, NoticeOptions, PublishOptions, RoomFields, RoomFlags};
pub use limit::{Allowance, LimitSetting, Term};
pub use list::{Element, Extensions, IdList, List};
pub use names::{Class, ClassHint, Counter, LagReason, ListChange, ListName, Role, ShedReason};
pub use room::{
    About, Attendances, Count, Counts, DestroyPolicy, FieldError, ItemResult, ItemResults, Member,
    Members, Profile, Sanctioned, SanctionedUsers, check_extension,
};
pub use room_names::{
    AppEventKind, Attendance, Departure, DestroyReason, KickReason, LeftReason, MemberFilter,
    MemberOrder, Moderation, NoticeKind, PolicyKind, RoomRole, Sanction, Switch,
};
pub use text::{AppKey, ClientName, DeviceId, Kind, ParseError, RoomId, UserId, check_characters};
