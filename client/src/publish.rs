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
/// # let _ = (plain, mine_too);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publish<'a> {
    pub(crate) room: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) payload: &'a [u8],
    pub(crate) options: PublishOptions,
    pub(crate) class: ClassHint,
}

impl<'a> Publish<'a> {
    /// A message of this kind to this room; the payload is opaque to the broker.
    #[must_use]
    pub fn new(room: &'a str, kind: &'a str, payload: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        let (options, class) = (PublishOptions::default(), ClassHint::Default);
        Self { room, kind, payload: payload.as_ref(), options, class }
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

    /// Do not keep it in stored history.
    #[must_use]
    pub const fn no_store(mut self) -> Self {
        self.options = self.options.with(PublishOptions::NO_STORE);
        self
    }
}

/// `(room, kind, payload)`.
impl<'a, P: AsRef<[u8]> + ?Sized> From<(&'a str, &'a str, &'a P)> for Publish<'a> {
    fn from((room, kind, payload): (&'a str, &'a str, &'a P)) -> Self {
        Self::new(room, kind, payload)
    }
}
