//! A whole broker inside a test, on a port of its own, over a back end of the test's choice.

use std::net::SocketAddr;
use std::num::NonZeroUsize;

use throng_broker::config::{Config, TlsSettings};
use throng_broker::io::choice::Wanted;
use throng_broker::node::Node;
use throng_broker::rate::QuotaLimits;

use crate::client::{APP, SECRET};
use crate::tls;

/// A broker that ends with its test.
#[derive(Debug)]
pub struct Broker {
    node: Option<Node>,
    /// Where it listens: without TLS, or else for TLS.
    pub address: SocketAddr,
    /// Where it listens for TLS, if it does.
    pub tls_address: Option<SocketAddr>,
}

/// The configuration of a broker in a test: two workers, any free port, the specified limits.
///
/// # Panics
/// Never: two is not zero.
#[must_use]
pub fn config(io: Wanted) -> Config {
    let mut config = Config::new(NonZeroUsize::new(2).expect("two is not zero"));
    config.io = io;
    config.listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    // Tests share the cores with their own clients and with each other.
    config.pin = false;
    config.apps[0].key = APP.into();
    config.apps[0].development_secret = Some(SECRET.into());
    config
}

/// The same without limits on rates: for tests that are about something else.
#[must_use]
pub fn config_unlimited(io: Wanted) -> Config {
    let mut config = config(io);
    let rates = &mut config.apps[0].rates;
    (rates.client_messages, rates.server_messages, rates.requests) = (None, None, None);
    rates.member_queries = None;
    config.apps[0].quota = QuotaLimits::UNLIMITED;
    config
}

/// Lets a broker listen for TLS, too, and show the first certificate.
pub fn with_tls(config: &mut Config) {
    config.tls = Some(TlsSettings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        certificate: tls::file("first.pem"),
        key: tls::file("first.key"),
    });
}

impl Broker {
    /// Starts one.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(config: &Config) -> Self {
        let node = Node::start(config).expect("the broker starts");
        let address = node.address();
        let tls_address = node.tls_address();
        Self { node: Some(node), address, tls_address }
    }

    /// Asks it to go down in good order.
    pub fn drain(&self) {
        if let Some(node) = &self.node {
            node.drain();
        }
    }

    /// Waits until it is down.
    ///
    /// # Panics
    /// When it did not go down in good order.
    pub fn join(mut self) {
        if let Some(node) = self.node.take() {
            node.join().expect("the broker ends in good order");
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let Some(node) = self.node.take() else { return };
        node.drain();
        let ended = node.join();
        if !std::thread::panicking() {
            ended.expect("the broker ends in good order");
        }
    }
}
