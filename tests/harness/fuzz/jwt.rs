//! JSON web tokens under arbitrary bytes: checking never panics, and what is let in was signed with
//! the key that is pinned, and holds no longer than it may.
//!
//! The bytes are taken twice: as the text of a token, and as header and claims, parted by the first
//! line end, which are then signed with the secret.

use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use throng_broker::app::App;
use throng_broker::app::keys::{Jwt, JwtKeys, Keys, PublicKey, TokenKey};
use throng_broker::limits::{TOKEN_LIFE_MAX_DEFAULT, TOKEN_SKEW_MAX};
use throng_broker::time::{Instant, Now, WallTime};
use throng_protocol::limits::SCOPES_MAX;

/// The secret that tokens are signed with here.
const SECRET: &str = "what a fuzzer is never told, or so";

/// The time of day here.
const NOW: Now = Now {
    instant: Instant::from_nanos(7_000_000_000),
    wall: WallTime::from_micros(1_795_000_000_000_000),
};

/// Bytes as a token.
///
/// # Panics
/// When somebody is let in who should not be.
pub fn jwt(input: &[u8]) {
    check(input);
    let cut = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (header, claims) = input.split_at(cut);
    let claims = claims.get(1..).unwrap_or_default();
    let [header, claims] = [header, claims].map(Base64UrlUnpadded::encode_string);
    let text = format!("{header}.{claims}");
    let code = Base64UrlUnpadded::encode_string(&code(text.as_bytes()));
    check(format!("{text}.{code}").as_bytes());
}

fn code(text: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes());
    let mac = mac.expect("HMAC takes secrets of any length").chain_update(text);
    mac.finalize().into_bytes().to_vec()
}

fn check(text: &[u8]) {
    let app = App::new("dev");
    let key = TokenKey { id: "fuzz".into(), secret: SECRET.into() };
    let public = PublicKey { id: "fuzz".into(), bytes: [7; 32] };
    let take = |keys| {
        let jwt = Jwt { keys, audience: None, issuer: None };
        app.check_token(&Keys { tokens: Vec::new(), jwt: Some(jwt) }, text, NOW)
    };
    assert!(take(JwtKeys::EdDsa(vec![public])).is_err(), "nobody has the secret half");
    let Ok(pass) = take(JwtKeys::Hs256(vec![key])) else { return };
    let place = text.iter().rposition(|byte| *byte == b'.').expect("it has three parts");
    let signed = Base64UrlUnpadded::encode_string(&code(&text[..place]));
    assert_eq!(&text[place + 1..], signed.as_bytes(), "it was let in and not signed");
    let left = pass.grant.left(NOW.instant);
    assert!(left > Duration::ZERO && left <= TOKEN_LIFE_MAX_DEFAULT + TOKEN_SKEW_MAX);
    assert!(
        pass.grant.scopes.len() <= SCOPES_MAX
            && app.check_token(&Keys::default(), text, NOW).is_err()
    );
}
