//! What rooms and members say of themselves, in a form that can be kept.
//!
//! The texts are the application's and mean nothing to the broker. How long each may be is the
//! protocol's to say; the session checks it before anything is sent.

use throng_protocol::value as wire;

/// What a room says of itself. Made by whoever creates it, changed with
/// [`crate::ask::ChangeRoom`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// Its name for people, at most 128 characters.
    pub title: String,
    /// What its members shall read first, at most 4,096 characters.
    pub announcement: String,
    /// Where the stream is that it accompanies, at most 1,024 characters.
    pub live_url: String,
    /// What the app keeps with it, at most 4,096 characters.
    pub extension: String,
}

/// How a member shows itself in a room.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// Its name for people, at most 64 characters.
    pub nickname: String,
    /// Where its picture is, at most 1,024 characters.
    pub avatar: String,
    /// What the app keeps with it, at most 2,048 characters.
    pub extension: String,
}

impl About {
    pub(crate) fn from_wire(about: wire::About<'_>) -> Self {
        Self {
            title: about.title.to_owned(),
            announcement: about.announcement.to_owned(),
            live_url: about.live_url.to_owned(),
            extension: about.extension.to_owned(),
        }
    }

    pub(crate) fn wire(&self) -> wire::About<'_> {
        let Self { title, announcement, live_url, extension } = self;
        wire::About { title, announcement, live_url, extension }
    }
}

impl Profile {
    pub(crate) fn from_wire(profile: wire::Profile<'_>) -> Self {
        Self {
            nickname: profile.nickname.to_owned(),
            avatar: profile.avatar.to_owned(),
            extension: profile.extension.to_owned(),
        }
    }

    pub(crate) fn wire(&self) -> wire::Profile<'_> {
        let Self { nickname, avatar, extension } = self;
        wire::Profile { nickname, avatar, extension }
    }
}
