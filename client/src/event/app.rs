//! What a server is told of its app.

use throng_protocol::Code;
use throng_protocol::push as wire;
use throng_protocol::value::{AppEventKind, Departure, DestroyReason, Role};

use crate::error::{ProtocolError, check_extensions};
use crate::id::Id;
use crate::reply::id;

/// Something happened in the app. Which fields mean something depends on `what`; the others are
/// empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppEvent {
    /// What happened.
    pub what: AppEventKind,
    /// When, microseconds since the Unix epoch.
    pub at: u64,
    /// In which room.
    pub room: Id,
    /// The room's epoch.
    pub epoch: u64,
    /// Who joined, left, came or went.
    pub user: Id,
    /// The device of a session that came or went.
    pub device: Id,
    /// The role of that session's connection.
    pub role: Role,
    /// Why a room was destroyed.
    pub destroyed: DestroyReason,
    /// Why somebody is a member no longer.
    pub departure: Departure,
    /// Why a session was sent away; [`Code::NONE`] if it was not.
    pub code: Code,
}

impl AppEvent {
    pub(crate) fn from_wire(event: wire::AppEvent<'_>) -> Result<Self, ProtocolError> {
        check_extensions(event.extensions)?;
        Ok(Self {
            what: event.what,
            at: event.at,
            room: id("room", event.room)?,
            epoch: event.epoch,
            user: id("user", event.user)?,
            device: id("device", event.device)?,
            role: event.role,
            destroyed: event.destroyed,
            departure: event.departure,
            code: event.code,
        })
    }
}
