//! Connection tokens under arbitrary bytes: reading never panics, what verifies is what would be
//! minted of its claims, and there is no second text for the same token.
//!
//! The bytes are taken twice: as the text of a token, and as its inside, which is then signed with
//! the secret, because no fuzzer finds a code that is right.

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use throng_protocol::limits::{TOKEN_BYTES_MAX, TOKEN_RAW_BYTES_MAX};
use throng_protocol::token::{TokenError, Unverified, mint};

/// The secret that tokens are signed with here.
pub const SECRET: &[u8] = b"what a fuzzer is never told, or so";

/// A secret that signed none of them.
pub const OTHER_SECRET: &[u8] = b"what a fuzzer is never told, or sp";

/// Bytes as a token.
///
/// # Panics
/// When one text is good and its claims would be minted as another, or a token is good with a
/// secret that did not sign it.
pub fn token(input: &[u8]) {
    check(input);
    if input.len() <= TOKEN_RAW_BYTES_MAX {
        check(signed(input).as_bytes());
    }
}

/// The text of these bytes and a code over them that is right.
#[must_use]
pub fn signed(raw: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("HMAC takes secrets of any length");
    let code = mac.chain_update(raw).finalize().into_bytes();
    Base64UrlUnpadded::encode_string(&[raw, &code].concat())
}

fn check(text: &[u8]) {
    let Ok(token) = Unverified::read(text) else { return };
    assert!(text.len() <= TOKEN_BYTES_MAX);
    assert_eq!(token.verify(OTHER_SECRET), Err(TokenError::Forged), "another secret signs nothing");
    let Ok(claims) = token.verify(SECRET) else { return };
    assert_eq!((token.key_id(), token.app()), (claims.key_id, claims.app));
    let minted = mint(&claims, SECRET).expect("what was read can be written");
    assert_eq!(minted.as_bytes(), text, "one text for one token");
}
