//! Tokens written without the crate's own code: base64url by hand, and the layout from
//! `docs/protocol.md`. Used to make such as `mint` never would, and to check those it makes.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64url without padding.
pub fn text_of(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let six = (bits >> (18 - 6 * place)) & 63;
            text.push(char::from(ALPHABET[six as usize]));
        }
    }
    text
}

/// The bytes of a text; bits that stand for nothing are not looked at.
pub fn bytes_of(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let six = ALPHABET.iter().position(|own| *own == letter).expect("it is base64url");
        bits = (bits << 6 | u32::try_from(six).expect("it is below 64")) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).expect("it was cut to a byte"));
        }
    }
    bytes
}

/// The bytes of a token without its code.
pub fn claims_of(text: &str) -> Vec<u8> {
    let mut bytes = bytes_of(text);
    bytes.truncate(bytes.len() - 32);
    bytes
}

/// The text of these bytes and a good code over them.
pub fn signed(raw: &[u8], secret: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length will do");
    let code = mac.chain_update(raw).finalize().into_bytes();
    text_of(&[raw, &code].concat())
}

/// Another text of the same bytes: its last character has a bit that stands for nothing.
pub fn not_canonical(text: &str) -> String {
    assert_ne!(text.len() % 4, 0, "it has no such bits");
    let (most, last) = text.split_at(text.len() - 1);
    let six = ALPHABET.iter().position(|own| *own == last.as_bytes()[0]).expect("it is base64url");
    format!("{most}{}", char::from(ALPHABET[six ^ 1]))
}
