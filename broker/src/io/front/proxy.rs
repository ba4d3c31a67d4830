//! The PROXY protocol, version 2: what a load balancer says first, of whom it speaks for.
//!
//! Pure: bytes in, an address out. Knows TCP over IPv4 and IPv6, and the balancer's own health
//! checks; whatever else a header may say ends the connection, and so does the first version,
//! which is text. Never asked about bytes of those that are no load balancers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What every header begins with.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// Bytes before the addresses: signature, version and command, family and protocol, length.
const FIXED_BYTES: usize = 16;

/// The longest header that is read: it fits into one TCP segment of any network, so balancers send
/// it at once. Without what they may add to the addresses it has 52 bytes at most.
pub(super) const HEADER_BYTES_MAX: usize = 536;

const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;
const TCP_OVER_IPV4: u8 = 0x11;
const TCP_OVER_IPV6: u8 = 0x21;

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Whom the balancer speaks for; nobody but itself if none.
    pub(super) source: Option<SocketAddr>,
    /// Bytes of the header; what follows is the connection's own.
    pub(super) bytes: usize,
}

/// There is no such header there, nor will there be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoHeader;

/// Reads the header at the beginning of a connection; none if more of it is to come.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Header>, NoHeader> {
    let known = bytes.len().min(SIGNATURE.len());
    if bytes[..known] != SIGNATURE[..known] {
        return Err(NoHeader);
    }
    let Some((fixed, rest)) = bytes.split_at_checked(FIXED_BYTES) else { return Ok(None) };
    let (command, family) = (fixed[12], fixed[13]);
    let length = usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    let needed = match (command, family) {
        (LOCAL, _) => 0,
        (PROXY, TCP_OVER_IPV4) => 12,
        (PROXY, TCP_OVER_IPV6) => 36,
        _ => return Err(NoHeader),
    };
    if length < needed || FIXED_BYTES + length > HEADER_BYTES_MAX {
        return Err(NoHeader);
    }
    let Some(addresses) = rest.get(..length) else { return Ok(None) };
    let source = (command == PROXY).then(|| source_of(addresses, needed));
    Ok(Some(Header { source, bytes: FIXED_BYTES + length }))
}

/// The source of `bytes` of addresses: both addresses, then both ports, the source's first.
fn source_of(addresses: &[u8], bytes: usize) -> SocketAddr {
    let port = bytes - 4;
    let port = u16::from_be_bytes([addresses[port], addresses[port + 1]]);
    let address: IpAddr = if let Ok(long) = <[u8; 16]>::try_from(&addresses[..(bytes - 4) / 2]) {
        Ipv6Addr::from(long).into()
    } else {
        let [a, b, c, d, ..] = *addresses else { unreachable!("the length was checked") };
        Ipv4Addr::new(a, b, c, d).into()
    };
    SocketAddr::new(address, port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([command, family]);
        bytes.extend(u16::try_from(addresses.len()).unwrap().to_be_bytes());
        bytes.extend(addresses);
        bytes
    }

    const SHORT: [u8; 12] = [203, 0, 113, 7, 10, 0, 0, 1, 0x1f, 0x90, 0x1c, 0xe8];

    #[test]
    fn a_source_is_read_however_the_header_is_split_and_what_follows_is_left() {
        let mut long = vec![0x20, 1, 0xd, 0xb8];
        long.extend([0; 11]);
        long.push(9);
        long.extend([0; 16]);
        long.extend([0, 80, 0, 90]);
        for (family, addresses, source) in [
            (TCP_OVER_IPV4, &SHORT[..], "203.0.113.7:8080"),
            (TCP_OVER_IPV6, &long[..], "[2001:db8::9]:80"),
        ] {
            // Extras of the balancer follow the addresses.
            for extras in [0, 7, 300] {
                let mut addresses = addresses.to_vec();
                addresses.resize(addresses.len() + extras, 3);
                let mut bytes = header(PROXY, family, &addresses);
                for end in 0..bytes.len() {
                    assert_eq!(read(&bytes[..end]), Ok(None), "{end} bytes");
                }
                let source = Some(source.parse().unwrap());
                let expected = Header { source, bytes: bytes.len() };
                assert_eq!(read(&bytes), Ok(Some(expected)));
                bytes.extend(b"the hello");
                assert_eq!(read(&bytes), Ok(Some(expected)));
            }
        }
    }

    #[test]
    fn a_check_of_the_balancer_itself_has_no_source() {
        for (family, addresses) in [(0, &[][..]), (TCP_OVER_IPV4, &SHORT), (0x31, &[1, 2, 3])] {
            let bytes = header(LOCAL, family, addresses);
            assert_eq!(read(&bytes), Ok(Some(Header { source: None, bytes: bytes.len() })));
        }
    }

    #[test]
    fn whatever_else_a_header_says_is_none() {
        let bad = [
            b"PROXY TCP4 203.0.113.7 10.0.0.1 8080 7400\r\n".to_vec(),
            b"\r\n\r\n\0\r\nQUIX".to_vec(),
            header(0x22, TCP_OVER_IPV4, &SHORT),
            header(0x11, TCP_OVER_IPV4, &SHORT),
            header(PROXY, 0x00, &SHORT),
            header(PROXY, 0x12, &SHORT),
            header(PROXY, 0x31, &[0; 216]),
            header(PROXY, TCP_OVER_IPV4, &SHORT[..11]),
            header(PROXY, TCP_OVER_IPV6, &SHORT),
            header(PROXY, TCP_OVER_IPV4, &[1; HEADER_BYTES_MAX - FIXED_BYTES + 1]),
        ];
        for bytes in bad {
            assert_eq!(read(&bytes), Err(NoHeader), "{bytes:?}");
        }
        let longest = header(PROXY, TCP_OVER_IPV4, &[1; HEADER_BYTES_MAX - FIXED_BYTES]);
        assert!(read(&longest).unwrap().is_some());
    }

    /// Headers with a few bytes changed, and what is none from the start.
    fn arbitrary(seed: u64) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 16).unwrap() % below
        };
        let commands = [LOCAL, PROXY, 0x22];
        let families = [0, TCP_OVER_IPV4, TCP_OVER_IPV6, 0x31];
        let addresses = (0..random(600)).map(|_| random(256).to_le_bytes()[0]).collect::<Vec<_>>();
        let mut bytes = header(commands[random(3)], families[random(4)], &addresses);
        for _ in 0..random(3) {
            let at = random(bytes.len());
            bytes[at] = random(256).to_le_bytes()[0];
        }
        bytes.resize(bytes.len() + random(40), b'x');
        bytes
    }

    #[test]
    fn whatever_comes_is_awaited_until_it_is_one_thing_and_stays_that() {
        let (mut headers, mut none) = (0, 0);
        for seed in 0..3_000 {
            let bytes = arbitrary(seed);
            let whole = read(&bytes);
            let mut decided = None;
            for end in 0..=bytes.len() {
                let so_far = read(&bytes[..end]);
                match decided {
                    Some(before) => assert_eq!(so_far, before, "seed {seed}, {end} bytes"),
                    None if so_far == Ok(None) => assert!(end < HEADER_BYTES_MAX, "seed {seed}"),
                    None => decided = Some(so_far),
                }
                if let Ok(Some(header)) = so_far {
                    assert!(header.bytes <= HEADER_BYTES_MAX && header.bytes <= end);
                }
            }
            assert_eq!(decided.unwrap_or(Ok(None)), whole, "seed {seed}");
            headers += usize::from(matches!(whole, Ok(Some(_))));
            none += usize::from(whole.is_err());
        }
        assert!(headers > 300 && none > 300, "{headers} headers, {none} of something else");
    }
}
