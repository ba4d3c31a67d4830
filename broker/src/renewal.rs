//! What a running node takes in anew: the keys of its apps, and its certificate.
//!
//! A [`Renewal`] is a handle for another thread, such as the one that obeys signals. It leaves new
//! keys where the workers look once a turn, and wakes them; the certificate is read again here and
//! shown from the next handshake on. Reads no configuration: whoever calls it has read that.

use std::sync::Arc;

use crate::app::keys::Keys;
use crate::io::certificates::Certificates;
use crate::mesh::Doorbell;
use crate::worker::Orders;

/// Renews a node.
#[derive(Debug, Clone)]
pub struct Renewal {
    orders: Arc<Orders>,
    bells: Arc<[Arc<Doorbell>]>,
    certificates: Option<Arc<Certificates>>,
}

impl Renewal {
    pub(crate) const fn new(
        orders: Arc<Orders>,
        bells: Arc<[Arc<Doorbell>]>,
        certificates: Option<Arc<Certificates>>,
    ) -> Self {
        Self { orders, bells, certificates }
    }

    /// Reads the certificate and its key again, from the files the node was started with. Does
    /// nothing for a node without TLS.
    ///
    /// # Errors
    /// Why they cannot be used, in a sentence; then the old ones are still shown.
    pub fn certificates(&self) -> Result<(), String> {
        let Some(certificates) = &self.certificates else { return Ok(()) };
        certificates.renew().map_err(|error| error.to_string())
    }

    /// Replaces the keys of all apps: those of each app, in the order of the configuration.
    pub fn keys(&self, keys: Vec<Keys>) {
        self.orders.replace_keys(keys);
        for bell in self.bells.iter() {
            bell.ring();
        }
    }
}
