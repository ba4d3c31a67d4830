//! What a token promises, on tokens that are made here.

use super::*;

const SECRET: &[u8] = b"a secret of thirty-two bytes, or";

const ANN: Claims<'static> = Claims {
    role: Role::Client,
    made: 1_793_500_000_000,
    expires: 1_793_503_600_000,
    key_id: "2026-11",
    app: "game",
    user: "ann",
    device: "phone",
    scopes: Scopes::of(&["lobby", "eu-*"]),
};

/// Why raw bytes, signed with the secret, are no token.
fn refused(raw: &[u8]) -> TokenError {
    let mac = signed(raw, SECRET).unwrap().finalize().into_bytes();
    let text = Base64UrlUnpadded::encode_string(&[raw, &mac].concat());
    Unverified::read(text.as_bytes()).expect_err("it is no token")
}

/// The bytes of a good token, its code left away.
fn raw() -> Vec<u8> {
    let mut raw = Base64UrlUnpadded::decode_vec(&mint(&ANN, SECRET).unwrap()).unwrap();
    raw.truncate(raw.len() - TOKEN_MAC_BYTES);
    raw
}

#[test]
fn what_was_minted_is_verified_with_the_same_claims() {
    let text = mint(&ANN, SECRET).unwrap();
    let token = Unverified::read(text.as_bytes()).unwrap();
    assert_eq!((token.key_id(), token.app()), ("2026-11", "game"));
    assert_eq!(token.verify(SECRET), Ok(ANN));
    assert_eq!(token.verify(b"another secret of thirty-two byt"), Err(TokenError::Forged));
}

#[test]
fn a_short_secret_signs_nothing_and_verifies_nothing() {
    let short = &SECRET[..TOKEN_SECRET_BYTES_MIN - 1];
    assert_eq!(mint(&ANN, short), Err(TokenError::Secret));
    let text = mint(&ANN, SECRET).unwrap();
    assert_eq!(Unverified::read(text.as_bytes()).unwrap().verify(b""), Err(TokenError::Secret));
}

#[test]
fn the_largest_token_fits_its_text_and_one_byte_more_does_not() {
    let (id, scope) = ("a".repeat(64), format!("{}*", "s".repeat(63)));
    let scopes = [&*scope; 16];
    let (app, user, device) = (&*id, &*id, &*id);
    let largest = Claims { key_id: &id[..32], app, user, device, ..ANN };
    let largest = Claims { scopes: Scopes::of(&scopes), ..largest };
    let text = mint(&largest, SECRET).unwrap();
    assert_eq!(text.len(), (TOKEN_RAW_BYTES_MAX * 4).div_ceil(3));
    assert_eq!(Unverified::read(text.as_bytes()).unwrap().verify(SECRET), Ok(largest));
    let more = format!("{text}AA");
    assert_eq!(Unverified::read(more.as_bytes()).err(), Some(TokenError::TooLong));
    let more = "A".repeat(TOKEN_BYTES_MAX + 1);
    assert_eq!(Unverified::read(more.as_bytes()).err(), Some(TokenError::TooLong));
}

#[test]
fn claims_outside_their_bounds_are_not_signed() {
    let long = "a".repeat(65);
    let bad = [
        ("role", Claims { role: Role::Unknown(3), ..ANN }),
        ("key_id", Claims { key_id: "", ..ANN }),
        ("key_id", Claims { key_id: &long[..33], ..ANN }),
        ("app", Claims { app: "", ..ANN }),
        ("app", Claims { app: "a/b", ..ANN }),
        ("user", Claims { user: "", ..ANN }),
        ("user", Claims { user: &long, ..ANN }),
        ("user", Claims { role: Role::Server, user: "", ..ANN }),
        ("user", Claims { role: Role::Anonymous, ..ANN }),
        ("device", Claims { device: "", ..ANN }),
        ("device", Claims { role: Role::Server, device: "a b", ..ANN }),
        ("scopes", Claims { scopes: Scopes::of(&["a*b"]), ..ANN }),
        ("scopes", Claims { scopes: Scopes::of(&["a"; 17]), ..ANN }),
    ];
    for (claim, claims) in bad {
        assert_eq!(mint(&claims, SECRET), Err(TokenError::Claim(claim)), "{claims:?}");
    }
    let visitor = Claims { role: Role::Anonymous, user: "", device: "", ..ANN };
    let server = Claims { role: Role::Server, device: "", ..ANN };
    assert!(mint(&visitor, SECRET).is_ok() && mint(&server, SECRET).is_ok());
}

#[test]
fn bytes_that_are_signed_are_no_token_unless_they_are_exactly_one() {
    let good = raw();
    assert_eq!(Unverified::read(b"").err(), Some(TokenError::Truncated));
    assert_eq!(refused(&[&[2], &good[1..]].concat()), TokenError::Version(2));
    assert_eq!(refused(&[&[1, 3], &good[2..]].concat()), TokenError::Claim("role"));
    assert_eq!(refused(&[&good[..], &[0]].concat()), TokenError::Trailing);
    // All shorter ones read on into the code, and find too little of it or no claim.
    for cut in 1..good.len() {
        refused(&good[..cut]);
    }
    let user = good.windows(3).position(|bytes| bytes == b"ann").unwrap();
    let mut bad = good;
    bad[user] = 0xff;
    assert_eq!(refused(&bad), TokenError::Claim("user"));
}

#[test]
fn there_is_one_way_to_write_a_token() {
    let text = mint(&ANN, SECRET).unwrap();
    let read = |text: &str| Unverified::read(text.as_bytes()).map(|_| ()).unwrap_err();
    // The last character of a text that is no multiple of four has bits that stand for nothing.
    assert_ne!(text.len() % 4, 0, "the vector must have such bits");
    let (most, last) = text.split_at(text.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let next = alphabet.chars().nth(alphabet.find(last).unwrap() + 1).unwrap();
    assert_eq!(read(&format!("{most}{next}")), TokenError::Base64);
    for odd in ["=", "==", " ", "\n", "\r\n", "\0", "+", "/", "."] {
        assert!(matches!(read(&format!("{text}{odd}")), TokenError::Base64), "{odd:?}");
        assert!(matches!(read(&format!("{odd}{text}")), TokenError::Base64), "{odd:?}");
    }
}

#[test]
fn what_is_shown_in_logs_lets_nobody_in() {
    let text = mint(&ANN, SECRET).unwrap();
    let shown = format!("{:?}", Unverified::read(text.as_bytes()).unwrap());
    assert!(shown.contains("ann") && !shown.contains("raw"), "{shown}");
}
