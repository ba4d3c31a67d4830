//! Tokens over real sockets: one test for each promise about who is let in, for how long and how far,
//! and that nothing crosses from one app into another.
//!
//! Most begin in a hall whose app has keys: its own server comes by the development secret, everybody
//! else by a token made of the time of day.

mod apart;
mod ending;
mod entry;
mod minted;
mod renewing;
mod scopes;

use throng_broker::app::App;
use throng_broker::app::keys::Keys;
use throng_broker::config::Config;
use throng_broker::io::choice::Wanted;
use throng_broker::rate::QuotaLimits;
use throng_harness::passes::{Key, Pass, now_ms};

use crate::rooms;

/// The key of the app beside the development app.
pub(crate) const OTHER_APP: &str = "other";

/// The key that tokens are signed with; of the other app, and of nobody.
pub(crate) fn key() -> Key {
    Key::numbered(0)
}

pub(crate) fn other_key() -> Key {
    Key::numbered(1)
}

pub(crate) fn nobodys_key() -> Key {
    Key::numbered(2)
}

/// Two apps that take tokens, without limits on rates.
pub(crate) fn config(io: Wanted) -> Config {
    let mut config = rooms::config(io);
    config.apps[0].anonymous = true;
    config.apps[0].create_on_join = true;
    config.apps[0].keys = Keys { tokens: vec![key().live()], jwt: None };
    let mut other = App::new(OTHER_APP);
    other.create_on_join = true;
    other.rates = config.apps[0].rates;
    other.quota = QuotaLimits::UNLIMITED;
    other.keys = Keys { tokens: vec![other_key().live()], jwt: None };
    config.apps.push(other);
    config
}

/// A user's token for everything, made now.
pub(crate) fn pass(user: &str) -> Pass {
    Pass::new(&key(), (user, "phone"), now_ms())
}

/// The same in the other app.
pub(crate) fn other_pass(user: &str) -> Pass {
    Pass { app: OTHER_APP.to_owned(), key: other_key(), ..pass(user) }
}

/// A server's token.
pub(crate) fn server_pass(credential: &str) -> Pass {
    Pass::server(&key(), credential, now_ms())
}
