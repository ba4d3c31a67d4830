//! Tokens that another implementation minted, and what is changed in them.

use super::*;

const SECRET: &str = "an old secret, of thirty-two bytes or more";
const NOW: WallTime = WallTime::from_micros(1_795_000_000_000_000);

/// Of the key whose seed is the bytes from 0 to 31.
const PUBLIC_KEY: [u8; 32] = [
    0x03, 0xa1, 0x07, 0xbf, 0xf3, 0xce, 0x10, 0xbe, 0x1d, 0x70, 0xdd, 0x18, 0xe7, 0x4b, 0xc0, 0x99,
    0x67, 0xe4, 0xd6, 0x30, 0x9b, 0xa5, 0x0d, 0x5f, 0x1d, 0xdc, 0x86, 0x64, 0x12, 0x55, 0x31, 0xb8,
];

fn minted(name: &str) -> &'static str {
    let lines = include_str!("minted.txt").lines();
    let found = lines.filter_map(|line| line.split_once(' ')).find(|(own, _)| *own == name);
    found.expect("it is in the file").1
}

fn hs256(id: &str, secret: &str) -> Jwt {
    let keys = vec![
        TokenKey { id: "other".into(), secret: "another secret of thirty-two bytes".into() },
        TokenKey { id: id.into(), secret: secret.into() },
    ];
    Jwt { keys: JwtKeys::Hs256(keys), audience: None, issuer: None }
}

fn eddsa() -> Jwt {
    let keys = vec![PublicKey { id: "old".into(), bytes: PUBLIC_KEY }];
    Jwt { keys: JwtKeys::EdDsa(keys), audience: None, issuer: None }
}

fn check_in(jwt: &Jwt, text: &str) -> Result<Told, Cause> {
    check(jwt, "game", text.as_bytes(), NOW)
}

/// A token of these claims, signed as it must be.
fn signed(header: &str, claims: &str) -> String {
    let encoded = |part: &[u8]| Base64UrlUnpadded::encode_string(part);
    let text = format!("{}.{}", encoded(header.as_bytes()), encoded(claims.as_bytes()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = hmac::sign(&key, text.as_bytes());
    format!("{text}.{}", encoded(signature.as_ref()))
}

#[test]
fn tokens_of_another_implementation_are_read() {
    for (jwt, name) in [(hs256("old", SECRET), "hs256"), (eddsa(), "eddsa")] {
        let told = check_in(&jwt, minted(name)).unwrap();
        let alice = Told {
            key: KeyName::Jwt("old".into()),
            made: 1_795_000_000_000,
            expires: 1_795_000_060_000,
            user: "alice".into(),
            device: "phone".into(),
            role: Role::Client,
            scopes: ["lobby".into(), "eu-*".into()].into(),
        };
        assert_eq!(told, alice, "{name}");
    }
}

#[test]
fn a_token_that_names_no_key_and_no_device_is_tried_with_all_and_gets_one() {
    let told = check_in(&hs256("old", SECRET), minted("hs256-bare")).unwrap();
    assert_eq!((&*told.user, &*told.device, told.role), ("bob", "default", Role::Client));
    assert!(told.scopes.is_empty());
}

#[test]
fn the_algorithm_is_the_apps_and_never_the_tokens() {
    for (name, cause) in [
        ("none", Cause::Key),
        ("hs512", Cause::Key),
        ("eddsa", Cause::Key),
        ("crit", Cause::Malformed),
    ] {
        assert_eq!(check_in(&hs256("old", SECRET), minted(name)), Err(cause), "{name}");
    }
    for name in ["hs256", "hs256-by-public-key", "none"] {
        assert_eq!(check_in(&eddsa(), minted(name)), Err(Cause::Key), "{name}");
    }
}

#[test]
fn a_token_is_good_with_its_own_key_alone() {
    let token = minted("hs256");
    assert_eq!(check_in(&hs256("new", SECRET), token), Err(Cause::Key));
    let wrong = "a wrong secret, of thirty-two bytes or more";
    assert_eq!(check_in(&hs256("old", wrong), token), Err(Cause::Signature));
    let bare = minted("hs256-bare");
    assert_eq!(check_in(&hs256("old", wrong), bare), Err(Cause::Signature));
}

#[test]
fn a_token_with_one_bit_changed_is_no_good() {
    for (jwt, name) in [(hs256("old", SECRET), "hs256"), (eddsa(), "eddsa")] {
        let token = minted(name).as_bytes();
        for bit in 0..token.len() * 8 {
            let mut flipped = token.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(check(&jwt, "game", &flipped, NOW).is_err(), "bit {bit} of {name}");
        }
    }
}

#[test]
fn who_made_it_and_for_whom_is_asked_where_the_app_says_so() {
    let with = |audience: Option<&str>, issuer: Option<&str>| Jwt {
        audience: audience.map(Box::from),
        issuer: issuer.map(Box::from),
        ..hs256("old", SECRET)
    };
    let made_by = "https://id.example";
    for (jwt, verdict) in [
        (with(Some("throng"), None), Ok(())),
        (with(Some("web"), Some(made_by)), Ok(())),
        (with(Some("thron"), None), Err(Cause::Parties)),
        (with(None, Some("https://id.example.org")), Err(Cause::Parties)),
    ] {
        assert_eq!(check_in(&jwt, minted("hs256")).map(|_| ()), verdict, "{jwt:?}");
    }
    let bare = check_in(&with(Some("throng"), None), minted("hs256-bare"));
    assert_eq!(bare.map(|_| ()), Err(Cause::Parties), "who names nobody is for nobody");
}

#[test]
fn claims_that_are_not_what_they_should_be_open_nothing() {
    const HEADER: &str = r#"{"alg":"HS256"}"#;
    let good = r#""sub":"a","iat":1795000000,"exp":1795000060"#;
    let jwt = hs256("old", SECRET);
    let claims = |more: &str| signed(HEADER, &format!("{{{good}{more}}}"));
    for more in [
        "",
        r#","other":{"a":[1]}"#,
        r#","role":"server""#,
        r#","rooms":["*"]"#,
        r#","nbf":1795000000"#,
    ] {
        assert_eq!(check_in(&jwt, &claims(more)).map(|_| ()), Ok(()), "{more}");
    }
    for (more, cause) in [
        (r#","role":"admin""#, Cause::Malformed),
        (r#","role":1"#, Cause::Malformed),
        (r#","rooms":[]"#, Cause::Malformed),
        (r#","rooms":["a*b"]"#, Cause::Malformed),
        (r#","rooms":"lobby""#, Cause::Malformed),
        (r#","app":"other""#, Cause::OtherApp),
        (r#","nbf":1795000001"#, Cause::Early),
        (r#","sub":"b""#, Cause::Malformed),
    ] {
        assert_eq!(check_in(&jwt, &claims(more)), Err(cause), "{more}");
    }
    for bad in [
        r#"{"sub":"a","iat":1795000000}"#,
        r#"{"sub":"a","exp":1795000060}"#,
        r#"{"sub":"a","iat":1795000000,"exp":"1795000060"}"#,
        r#"{"sub":"a","iat":1795000000,"exp":1795000060.5}"#,
        r#"{"sub":"a","iat":1795000000,"exp":-1}"#,
        r#"{"sub":"a","iat":1795000000,"exp":18446744073709551615}"#,
        "[]",
        "",
    ] {
        assert_eq!(check_in(&jwt, &signed(HEADER, bad)), Err(Cause::Malformed), "{bad}");
    }
    for bad in ["{}", "[]", "", r#"{"alg":1}"#] {
        let token = signed(bad, &format!("{{{good}}}"));
        assert_eq!(check_in(&jwt, &token), Err(Cause::Malformed), "{bad}");
    }
}
