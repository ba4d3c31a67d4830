//! A message to be published, borrowed until it is encoded.
//!
//! Nothing is checked here: the session parses room and kind, and knows how large a payload the
//! broker takes.

use throng_protocol::value::{ClassHint, PublishOptions};

/// A message to be published, and how.
///
/// ```
/// use throng_client::Publish;
///
/// let plain = Publish::new("lobby", "text", "hello");
/// let mine_too = Publish::new("lobby", "text", "hello").echo();
/// let once = Publish::new("lobby", "text", "hello").message_id("1f0c.3");
/// let to_two = Publish::new("lobby", "text", "psst").to_users(&["ann", "bob"]);
/// # let _ = (plain, mine_too, once, to_two);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publish<'a> {
    pub(crate) room: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) payload: &'a [u8],
    pub(crate) options: PublishOptions,
    pub(crate) class: ClassHint,
    pub(crate) message_id: &'a str,
    pub(crate) users: &'a [&'a str],
}

impl<'a> Publish<'a> {
    /// A message of this kind to this room; the payload is opaque to the broker.
    #[must_use]
    pub fn new(room: &'a str, kind: &'a str, payload: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        let (options, class) = (PublishOptions::default(), ClassHint::Default);
        let payload = payload.as_ref();
        Self { room, kind, payload, options, class, message_id: "", users: &[] }
    }

    /// Deliver it to this session, too (if it is a member). Off by default.
    #[must_use]
    pub const fn echo(mut self) -> Self {
        self.options = self.options.with(PublishOptions::ECHO);
        self
    }

    /// Drop it early when there is too much: it is of class low, unless its kind or its sender is
    /// protected.
    #[must_use]
    pub const fn low(mut self) -> Self {
        self.class = ClassHint::Low;
        self
    }

    /// Later questions for history shall not find it.
    #[must_use]
    pub const fn no_store(mut self) -> Self {
        self.options = self.options.with(PublishOptions::NO_STORE);
        self
    }

    /// Publish it once, however often it is asked for: within two minutes another publish of this
    /// user to this room with the same id gets the answer of the first, also on another connection
    /// or device. So after [`crate::Error::ConnectionLost`] the same can be asked again. The id is
    /// 1-64 bytes of `A-Z a-z 0-9 + = - _ . : @`, and empty for none.
    #[must_use]
    pub const fn message_id(mut self, id: &'a str) -> Self {
        self.message_id = id;
        self
    }

    /// Deliver it to these members only, at most 100. It has no place in the room's order and is
    /// never stored. Nobody named is everyone.
    #[must_use]
    pub const fn to_users(mut self, users: &'a [&'a str]) -> Self {
        self.users = users;
        self
    }
}

/// `(room, kind, payload)`.
impl<'a, P: AsRef<[u8]> + ?Sized> From<(&'a str, &'a str, &'a P)> for Publish<'a> {
    fn from((room, kind, payload): (&'a str, &'a str, &'a P)) -> Self {
        Self::new(room, kind, payload)
    }
}
