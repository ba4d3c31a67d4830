//! Opening the listeners of a node: one per worker, all on one address, so that each worker
//! accepts for itself and the kernel spreads the connections.
//!
//! Called once at start. Owns nothing afterwards: each listener goes to its worker's back end.
//! What is set on a listener here is inherited by what it accepts, which saves three system
//! calls per connection.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

use super::{Entrance, Listening};

/// Connections the kernel may hold for a listener until they are accepted; the kernel clamps it
/// to its own maximum (`net.core.somaxconn`, usually 4096).
const BACKLOG: i32 = 4096;

/// Bytes of a connection that the kernel takes before they are sent (it doubles this for its own
/// overhead). Bounds what a dead reader costs: 4.3 MB by default, under 200 KB like this.
const SEND_BUFFER_BYTES: usize = 64 * 1024;

/// A socket counts as full while this many bytes are not yet on the wire, whatever the buffer.
const NOTSENT_BYTES_MAX: u32 = 16 * 1024;

/// The listeners of a node.
#[derive(Debug)]
pub struct Listeners {
    /// Where they listen, with the port that the kernel chose if none was asked for.
    pub address: SocketAddr,
    /// One for each worker.
    pub sockets: Vec<TcpListener>,
}

impl Listeners {
    /// The listeners, each with what is spoken on its connections.
    pub fn listening(self, entrance: Entrance) -> impl Iterator<Item = Listening> {
        self.sockets.into_iter().map(move |socket| Listening { socket, entrance })
    }
}

/// Opens `count` listeners on one address. Port 0 lets the kernel choose.
///
/// Sockets that share a port would share it with a second broker too, without a word. So the
/// port is first bound by a socket that does not share: that fails if anyone listens there. It
/// keeps the port until the others are bound.
///
/// # Errors
/// [`io::ErrorKind::AddrInUse`] if another program listens there; otherwise what the kernel
/// says. The address is in the message.
pub fn open(address: SocketAddr, count: usize) -> io::Result<Listeners> {
    let named = |error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => io::Error::new(
            error.kind(),
            format!("cannot listen on {address}: another program, or another broker, does"),
        ),
        kind => io::Error::new(kind, format!("cannot listen on {address}: {error}")),
    };
    bind_and_listen(address, count).map_err(named)
}

fn bind_and_listen(address: SocketAddr, count: usize) -> io::Result<Listeners> {
    let first = socket(address)?;
    first.bind(&address.into())?;
    let address =
        first.local_addr()?.as_socket().ok_or_else(|| io::Error::other("no internet address"))?;
    if count == 1 {
        first.listen(BACKLOG)?;
        return Ok(Listeners { address, sockets: vec![first.into()] });
    }
    let mut sockets = Vec::with_capacity(count);
    for _ in 0..count {
        let socket = socket(address)?;
        socket.set_reuse_port(true)?;
        socket.bind(&address.into())?;
        sockets.push(socket);
    }
    drop(first);
    for socket in &sockets {
        socket.listen(BACKLOG)?;
    }
    Ok(Listeners { address, sockets: sockets.into_iter().map(Into::into).collect() })
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Lets a broker start again while connections of the one before are still winding down. It
    // does not allow two that listen.
    socket.set_reuse_address(true)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_notsent_lowat(NOTSENT_BYTES_MAX)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream};

    use socket2::SockRef;

    use super::*;

    const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

    #[test]
    fn options_of_the_listener_are_in_force_on_what_it_accepts() {
        let listeners = open(ANY_PORT, 2).unwrap();
        let _clients: Vec<_> =
            (0..16).map(|_| TcpStream::connect(listeners.address).unwrap()).collect();
        let mut accepted = 0;
        for listener in &listeners.sockets {
            listener.set_nonblocking(true).unwrap();
            while let Ok((stream, _)) = listener.accept() {
                accepted += 1;
                let socket = SockRef::from(&stream);
                assert!(socket.tcp_nodelay().unwrap());
                assert_eq!(socket.tcp_notsent_lowat().unwrap(), NOTSENT_BYTES_MAX);
                assert_eq!(socket.send_buffer_size().unwrap(), 2 * SEND_BUFFER_BYTES);
            }
        }
        assert_eq!(accepted, 16);
    }

    #[test]
    fn a_second_broker_on_the_port_is_refused_whatever_the_numbers_of_workers() {
        for (ours, theirs) in [(1, 1), (1, 4), (4, 1), (4, 4)] {
            let listeners = open(ANY_PORT, ours).unwrap();
            let error = open(listeners.address, theirs).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
            assert!(error.to_string().contains(&listeners.address.to_string()), "{error}");
        }
    }

    #[test]
    fn the_port_is_free_again_at_once_although_connections_wind_down() {
        let listeners = open(ANY_PORT, 2).unwrap();
        let client = TcpStream::connect(listeners.address).unwrap();
        drop(listeners.sockets);
        drop(client);
        assert_eq!(open(listeners.address, 2).unwrap().address, listeners.address);
    }

    #[test]
    fn any_number_of_workers_listens_on_one_chosen_port() {
        for count in [1, 2, 64] {
            let listeners = open(ANY_PORT, count).unwrap();
            assert_ne!(listeners.address.port(), 0);
            assert_eq!(listeners.sockets.len(), count);
            for socket in &listeners.sockets {
                assert_eq!(socket.local_addr().unwrap(), listeners.address);
            }
        }
    }
}
