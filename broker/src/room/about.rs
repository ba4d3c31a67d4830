//! What a room says of itself (spec 3), and how a member shows itself in it (spec 2). Owned texts;
//! their bounds are checked before they come here. Knows no sibling.

use std::sync::Arc;

use throng_protocol::value::{About as WireAbout, Profile as WireProfile, RoomFields};

/// What a room says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    title: Box<str>,
    announcement: Box<str>,
    live_url: Box<str>,
    extension: Box<str>,
}

impl About {
    /// Takes the texts out of a receive buffer.
    #[must_use]
    pub fn of(wire: WireAbout<'_>) -> Self {
        Self {
            title: wire.title.into(),
            announcement: wire.announcement.into(),
            live_url: wire.live_url.into(),
            extension: wire.extension.into(),
        }
    }

    /// As it is told.
    #[must_use]
    pub fn on_wire(&self) -> WireAbout<'_> {
        WireAbout {
            title: &self.title,
            announcement: &self.announcement,
            live_url: &self.live_url,
            extension: &self.extension,
        }
    }
}

/// The texts of a room, shared with whoever is being told of them; nothing for a room that says
/// nothing.
#[derive(Debug, Clone, Default)]
pub struct Texts(Option<Arc<About>>);

impl Texts {
    /// The texts of a room that begins with these.
    #[must_use]
    pub fn new(about: About) -> Self {
        Self((about != About::default()).then(|| Arc::new(about)))
    }

    /// As they are told.
    #[must_use]
    pub fn on_wire(&self) -> WireAbout<'_> {
        self.0.as_ref().map_or_else(WireAbout::default, |about| about.on_wire())
    }

    /// The texts that are named, and nothing else.
    #[must_use]
    pub fn named(&self, fields: RoomFields) -> About {
        let mut named = Self::default();
        named.record(fields, self.0.as_deref().unwrap_or(&About::default()));
        named.0.as_deref().cloned().unwrap_or_default()
    }

    /// Takes the texts that are named; the others stay.
    pub fn record(&mut self, fields: RoomFields, new: &About) {
        let mut about = self.0.as_deref().cloned().unwrap_or_default();
        for (field, own, new) in [
            (RoomFields::TITLE, &mut about.title, &new.title),
            (RoomFields::ANNOUNCEMENT, &mut about.announcement, &new.announcement),
            (RoomFields::LIVE_URL, &mut about.live_url, &new.live_url),
            (RoomFields::EXTENSION, &mut about.extension, &new.extension),
        ] {
            if fields.has(field) {
                own.clone_from(new);
            }
        }
        *self = Self::new(about);
    }
}

/// How a member shows itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    nickname: Box<str>,
    avatar: Box<str>,
    extension: Box<str>,
}

impl Profile {
    /// Takes the texts out of a receive buffer; nothing if they are all empty.
    #[must_use]
    pub fn of(wire: WireProfile<'_>) -> Option<Box<Self>> {
        (wire != WireProfile::default()).then(|| {
            Box::new(Self {
                nickname: wire.nickname.into(),
                avatar: wire.avatar.into(),
                extension: wire.extension.into(),
            })
        })
    }

    /// As it is told.
    #[must_use]
    pub fn on_wire(&self) -> WireProfile<'_> {
        WireProfile { nickname: &self.nickname, avatar: &self.avatar, extension: &self.extension }
    }

    /// Takes what is not empty of another.
    pub fn fill_in(&mut self, other: Self) {
        for (own, other) in [
            (&mut self.nickname, other.nickname),
            (&mut self.avatar, other.avatar),
            (&mut self.extension, other.extension),
        ] {
            if !other.is_empty() {
                *own = other;
            }
        }
    }
}

/// A profile that may be missing, as it is told.
#[must_use]
pub fn shown(profile: Option<&Profile>) -> WireProfile<'_> {
    profile.map_or_else(WireProfile::default, Profile::on_wire)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_takes_the_named_texts_and_leaves_the_others() {
        let mut texts = Texts::default();
        let new = About::of(WireAbout { title: "t", announcement: "a", ..WireAbout::default() });
        texts.record(RoomFields::TITLE, &new);
        assert_eq!(texts.on_wire(), WireAbout { title: "t", ..WireAbout::default() });
        texts.record(RoomFields::TITLE, &About::default());
        assert!(texts.0.is_none(), "a room that says nothing keeps nothing");
    }

    #[test]
    fn what_is_empty_stays_as_it_was() {
        let named = |nickname, avatar| {
            *Profile::of(WireProfile { nickname, avatar, extension: "" }).unwrap()
        };
        let mut own = named("Ann", "a.png");
        own.fill_in(named("Anne", ""));
        assert_eq!(own, named("Anne", "a.png"));
        assert_eq!(Profile::of(WireProfile::default()), None);
    }
}
