//! What a room says of itself (spec 3), and how a member shows itself in it (spec 2). Owned texts;
//! their bounds are checked before they come here. Knows no sibling.

use bytes::Bytes;
use throng_protocol::value::{About as WireAbout, Profile as WireProfile, RoomFields};

/// What a room says of itself: one piece of text and where each field ends in it, so that it is
/// shared with whoever is being told of it, and a room that says nothing keeps nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    text: Bytes,
    ends: [u32; 3],
}

impl About {
    /// Takes the texts out of a receive buffer.
    #[must_use]
    pub fn of(wire: WireAbout<'_>) -> Self {
        let WireAbout { title, announcement, live_url, extension } = wire;
        let end = |bytes: usize| u32::try_from(bytes).expect("texts fit a frame");
        let title_end = title.len();
        let announcement_end = title_end + announcement.len();
        let live_url_end = announcement_end + live_url.len();
        Self {
            text: [title, announcement, live_url, extension].concat().into(),
            ends: [end(title_end), end(announcement_end), end(live_url_end)],
        }
    }

    /// As it is told.
    #[must_use]
    pub fn on_wire(&self) -> WireAbout<'_> {
        let text = core::str::from_utf8(&self.text).expect("it was put together of texts");
        let [title, announcement, live_url] = self.ends.map(|end| end as usize);
        WireAbout {
            title: &text[..title],
            announcement: &text[title..announcement],
            live_url: &text[announcement..live_url],
            extension: &text[live_url..],
        }
    }

    /// The texts that are named, and nothing else.
    #[must_use]
    pub fn named(&self, fields: RoomFields) -> Self {
        Self::default().changed(fields, self)
    }

    /// The same with the named texts of another.
    #[must_use]
    pub fn changed(&self, fields: RoomFields, new: &Self) -> Self {
        let (own, new) = (self.on_wire(), new.on_wire());
        let choose = |field, new, own| if fields.has(field) { new } else { own };
        Self::of(WireAbout {
            title: choose(RoomFields::TITLE, new.title, own.title),
            announcement: choose(RoomFields::ANNOUNCEMENT, new.announcement, own.announcement),
            live_url: choose(RoomFields::LIVE_URL, new.live_url, own.live_url),
            extension: choose(RoomFields::EXTENSION, new.extension, own.extension),
        })
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
        let own = WireAbout { announcement: "聊天室", extension: "e", ..WireAbout::default() };
        let new = About::of(WireAbout { title: "t", announcement: "a", ..WireAbout::default() });
        let changed = About::of(own).changed(RoomFields::TITLE, &new);
        assert_eq!(changed.on_wire(), WireAbout { title: "t", ..own });
        let named = changed.named(RoomFields::EXTENSION);
        assert_eq!(named.on_wire(), WireAbout { extension: "e", ..WireAbout::default() });
        assert_eq!(About::default().on_wire(), WireAbout::default());
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
