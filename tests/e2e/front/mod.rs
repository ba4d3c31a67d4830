//! What stands before the protocol: TLS, headers of load balancers, caps for each address.

mod caps;
mod renewing;
mod tls;
