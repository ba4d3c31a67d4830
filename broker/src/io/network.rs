//! A network: an address and how many of its first bits count. Of which peers something holds,
//! such as that they are load balancers, is said in networks.
//!
//! An IPv4 address written as an IPv6 one (`::ffff:10.0.0.1`) is the IPv4 address: a socket that
//! takes both shows IPv4 peers that way. A plain value; the configuration makes it, whoever accepts
//! connections asks it.

use core::fmt;
use core::str::FromStr;
use std::net::{IpAddr, Ipv6Addr};

/// The addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// Its first address: no bit is set beyond the prefix.
    address: IpAddr,
    /// How many bits count; at most 32 of an IPv4 address, 128 of an IPv6 one.
    prefix: u8,
}

/// Why a text is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// It does not begin with an address.
    #[error("is neither an IP address nor a network such as 10.1.0.0/16")]
    Address,
    /// What follows the slash is no number of bits of such an address.
    #[error("has a prefix that is not a number from 0 to {0}")]
    Prefix(u8),
    /// Bits are set beyond the prefix: either address or prefix is a slip.
    #[error("has bits set beyond its prefix; the network is {0}")]
    Beyond(Network),
}

impl Network {
    /// The network of that address and so many bits; of a mapped IPv4 address, the IPv4 network.
    ///
    /// # Errors
    /// When the address has fewer bits, or has bits set beyond them.
    pub fn new(address: IpAddr, prefix: u8) -> Result<Self, NetworkError> {
        let (address, prefix) = match (address, address.to_canonical()) {
            (IpAddr::V6(_), IpAddr::V4(mapped)) if prefix >= MAPPED_BITS => {
                (IpAddr::V4(mapped), prefix - MAPPED_BITS)
            }
            _ => (address, prefix),
        };
        let bits = bits_of(address);
        if prefix > bits {
            return Err(NetworkError::Prefix(bits));
        }
        let first = masked(address, prefix);
        let network = Self { address: first, prefix };
        if first == address { Ok(network) } else { Err(NetworkError::Beyond(network)) }
    }

    /// Whether that address is one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let same_kind = address.is_ipv4() == self.address.is_ipv4();
        same_kind && masked(address, self.prefix) == self.address
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    /// Reads `10.0.0.5`, `10.1.0.0/16`, `2001:db8::/32`.
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) =
            text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Address)?;
        let bits = bits_of(address);
        let prefix = match prefix {
            None => bits,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| NetworkError::Prefix(bits))?
            }
            Some(_) => return Err(NetworkError::Prefix(bits)),
        };
        Self::new(address, prefix)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, prefix } = self;
        if *prefix == bits_of(*address) {
            return address.fmt(f);
        }
        write!(f, "{address}/{prefix}")
    }
}

/// Bits of a mapped address that come before the IPv4 address in it.
const MAPPED_BITS: u8 = 96;

const fn bits_of(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// The address with all bits beyond the prefix cleared.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    let beyond = u32::from(bits_of(address).saturating_sub(prefix));
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(beyond).unwrap_or(0);
            IpAddr::V4((address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(beyond).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    fn contains(text: &str, address: &str) -> bool {
        network(text).contains(address.parse().unwrap())
    }

    #[test]
    fn an_address_is_in_a_network_if_the_first_bits_are_the_same() {
        assert!(contains("10.0.0.5", "10.0.0.5") && !contains("10.0.0.5", "10.0.0.4"));
        assert!(contains("10.1.0.0/16", "10.1.255.255") && !contains("10.1.0.0/16", "10.2.0.0"));
        assert!(contains("10.1.2.0/23", "10.1.3.9") && !contains("10.1.2.0/23", "10.1.4.0"));
        assert!(contains("0.0.0.0/0", "255.1.2.3") && contains("::/0", "2001:db8::1"));
        assert!(contains("2001:db8::/33", "2001:db8:7fff::1"));
        assert!(!contains("2001:db8::/33", "2001:db8:8000::1"));
    }

    #[test]
    fn an_ipv4_address_is_the_same_however_it_is_written() {
        assert!(contains("10.1.0.0/16", "::ffff:10.1.2.3"));
        assert!(contains("::ffff:10.1.0.0/112", "10.1.2.3"));
        assert_eq!(network("::ffff:10.1.0.0/112"), network("10.1.0.0/16"));
        assert!(!contains("::/0", "10.1.2.3") && !contains("0.0.0.0/0", "::1"));
    }

    #[test]
    fn what_is_no_network_is_refused_with_the_reason() {
        let wrong = |text: &str| text.parse::<Network>().unwrap_err();
        for text in ["", "/8", "10.1/16", "host", "10.0.0.1:80", "[::1]", " 10.0.0.1"] {
            assert_eq!(wrong(text), NetworkError::Address, "{text:?}");
        }
        for text in ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/999", "10.0.0.0/8/8"] {
            assert_eq!(wrong(text), NetworkError::Prefix(32), "{text:?}");
        }
        assert_eq!(wrong("::/129"), NetworkError::Prefix(128));
        assert_eq!(wrong("10.1.0.1/16"), NetworkError::Beyond(network("10.1.0.0/16")));
    }

    #[test]
    fn what_is_shown_reads_back() {
        for text in ["10.0.0.5", "10.1.0.0/16", "0.0.0.0/0", "::1", "2001:db8::/32"] {
            assert_eq!(network(text).to_string(), text);
        }
    }
}
