//! Tokens that others minted: JSON web tokens of both kinds, and tokens of scripts in another language.

use std::process::Command;

use base64ct::{Base64UrlUnpadded, Encoding};
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair};
use throng_broker::app::keys::{Jwt, JwtKeys, PublicKey};
use throng_broker::config::Config;
use throng_broker::io::choice::Wanted;
use throng_client::blocking::Client;
use throng_client::{Code, Config as ClientConfig, Credentials, Error, Reason, Role};
use throng_harness::broker::Broker;
use throng_harness::client::APP;
use throng_harness::passes::{Key, now_ms};
use throng_harness::tools;

use super::{config, key};
use crate::both::on_both;

on_both! {
    a_json_web_token_of_hs256_lets_in_whom_it_names
    a_json_web_token_of_eddsa_lets_in_whom_it_names
    a_json_web_token_that_is_no_good_lets_nobody_in
    the_pinned_algorithm_is_the_only_one
    a_script_of_the_document_mints_a_token_that_is_taken
    what_pyjwt_mints_is_taken
}

/// The example of `docs/protocol.md`, which is run as it stands there.
const DOCUMENT: &str = include_str!("../../../docs/protocol.md");

/// The secret half of the EdDSA key of these tests.
const SEED: [u8; 32] = [7; 32];

fn jwt(io: Wanted, keys: JwtKeys) -> Config {
    let mut config = config(io);
    let issuer = Some("https://id.example".into());
    config.apps[0].keys.jwt = Some(Jwt { keys, audience: Some("throng".into()), issuer });
    config
}

fn hs256(io: Wanted) -> Config {
    jwt(io, JwtKeys::Hs256(vec![key().live()]))
}

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&SEED).expect("any 32 bytes are a seed")
}

fn eddsa(io: Wanted) -> Config {
    let bytes = pair().public_key().as_ref().try_into().expect("32 bytes");
    jwt(io, JwtKeys::EdDsa(vec![PublicKey { id: key().id.as_str().into(), bytes }]))
}

/// The claims of a good token, with something before them that takes their place or adds to them.
fn claims(more: &str) -> String {
    let now = now_ms() / 1_000;
    let good = [
        ("sub", r#""ann""#.to_owned()),
        ("iss", r#""https://id.example""#.to_owned()),
        ("aud", r#"["throng", "mail"]"#.to_owned()),
        ("iat", now.to_string()),
        ("exp", (now + 60).to_string()),
    ];
    let good = good.iter().filter(|(name, _)| !more.contains(&format!("\"{name}\"")));
    let good: Vec<String> = good.map(|(name, value)| format!("\"{name}\": {value}")).collect();
    format!("{{{more}{}}}", good.join(", "))
}

/// Header and claims, as they are signed.
fn unsigned(alg: &str, claims: &str) -> String {
    let header = format!(r#"{{"alg": "{alg}", "kid": "{}"}}"#, key().id);
    let [header, claims] = [&header[..], claims].map(|part| encoded(part.as_bytes()));
    format!("{header}.{claims}")
}

fn encoded(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn signed_hs256(key: &Key, claims: &str) -> String {
    let text = unsigned("HS256", claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.secret.as_bytes());
    let code = hmac::sign(&key, text.as_bytes());
    format!("{text}.{}", encoded(code.as_ref()))
}

fn signed_eddsa(claims: &str) -> String {
    let text = unsigned("EdDSA", claims);
    let signature = pair().sign(text.as_bytes());
    format!("{text}.{}", encoded(signature.as_ref()))
}

fn connect(broker: &Broker, token: &str) -> Result<Client, Error> {
    let token = Credentials::token(token);
    let config = ClientConfig::new(broker.address.to_string()).app(APP).credentials(token);
    Client::connect(config).map(|(client, _)| client)
}

fn assert_refused(broker: &Broker, token: &str, why: &str) {
    match connect(broker, token) {
        Err(Error::Connect(Reason::SentAway { refused, .. })) => {
            assert_eq!(refused.code, Code::UNAUTHORIZED, "{why}");
        }
        other => panic!("{why}: {:?}", other.map(|_| "it is let in")),
    }
}

/// Whoever it names is in, may go where it says and nowhere else.
fn assert_taken(broker: &Broker, mint: impl Fn(&str) -> String) {
    let ann =
        connect(broker, &mint(&claims(r#""rooms": ["lobby", "eu-*"], "#))).expect("it is good");
    let welcome = ann.welcome().expect("it is in");
    assert_eq!((welcome.user.as_str(), welcome.role), ("ann", Role::Client));
    for room in ["lobby", "eu-1"] {
        ann.join(room).expect("it reaches that");
    }
    assert_eq!(crate::state::refused(ann.join("attic")), Code::OUT_OF_SCOPE);
    let server = connect(broker, &mint(&claims(r#""role": "server", "app": "dev", "#)));
    server.expect("it is good").create_room("made").expect("a server creates rooms");
}

fn a_json_web_token_of_hs256_lets_in_whom_it_names(io: Wanted) {
    let broker = Broker::start(&hs256(io));
    assert_taken(&broker, |claims| signed_hs256(&key(), claims));
}

fn a_json_web_token_of_eddsa_lets_in_whom_it_names(io: Wanted) {
    let broker = Broker::start(&eddsa(io));
    assert_taken(&broker, signed_eddsa);
}

fn a_json_web_token_that_is_no_good_lets_nobody_in(io: Wanted) {
    let broker = Broker::start(&hs256(io));
    let now = now_ms() / 1_000;
    for (why, claims) in [
        ("another app", claims(r#""app": "other", "#)),
        ("another audience", claims(r#""aud": "mail", "#)),
        ("another issuer", claims(r#""iss": "https://else.example", "#)),
        ("over", claims(&format!(r#""iat": {}, "exp": {now}, "#, now - 60))),
        ("not yet", claims(&format!(r#""iat": {}, "exp": {}, "#, now + 90, now + 99))),
        ("not before", claims(&format!(r#""nbf": {}, "#, now + 90))),
        ("for too long", claims(&format!(r#""exp": {}, "#, now + 24 * 60 * 60 + 60))),
        ("nobody", claims(r#""sub": "", "#)),
        ("no such role", claims(r#""role": "owner", "#)),
        ("no rooms at all", claims(r#""rooms": [], "#)),
    ] {
        assert_refused(&broker, &signed_hs256(&key(), &claims), why);
    }
    let good = claims("");
    assert_refused(&broker, &signed_hs256(&Key::numbered(9), &good), "another secret");
    assert_refused(&broker, &format!("{}.", unsigned("none", &good)), "no signature");
    assert_refused(&broker, &format!("{}.", unsigned("HS256", &good)), "an empty signature");
    connect(&broker, &signed_hs256(&key(), &good)).expect("and this one is good");
}

fn the_pinned_algorithm_is_the_only_one(io: Wanted) {
    let broker = Broker::start(&eddsa(io));
    let public = pair().public_key().as_ref().to_vec();
    let text = unsigned("HS256", &claims(""));
    let code = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &public), text.as_bytes());
    let confused = format!("{text}.{}", encoded(code.as_ref()));
    assert_refused(&broker, &confused, "the public key is no secret");
    assert_refused(&broker, &signed_hs256(&key(), &claims("")), "another algorithm");
    let broker = Broker::start(&hs256(io));
    assert_refused(&broker, &signed_eddsa(&claims("")), "another algorithm");
}

/// What a Python script prints; nothing if there is no Python.
fn python(modules: &str, script: &str) -> Option<String> {
    let python = tools::python();
    if !tools::has(&python, &["-c", &format!("import {modules}")]) {
        return None;
    }
    let output = Command::new(python).args(["-c", script]).output().expect("it ran before");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("a token is ASCII").trim().to_owned())
}

fn a_script_of_the_document_mints_a_token_that_is_taken(io: Wanted) {
    let begin = "<!-- token.py -->\n```python\n";
    let (_, example) = DOCUMENT.split_once(begin).expect("the document has the example");
    let (example, _) = example.split_once("```").expect("it ends");
    let (Key { id, secret }, made) = (key(), now_ms());
    let script = format!(
        "{example}\nprint(mint(b'{secret}', '{id}', '{APP}', 'ann', 'phone', {made}, {made} + 60000))"
    );
    let Some(token) = python("hmac", &script) else { return };
    let broker = Broker::start(&config(io));
    let ann = connect(&broker, &token).expect("it is good");
    assert_eq!(ann.welcome().expect("it is in").user.as_str(), "ann");
}

fn what_pyjwt_mints_is_taken(io: Wanted) {
    let (Key { id, secret }, claims) = (key(), claims(""));
    let script = format!(
        "import json, jwt\nclaims = json.loads('{claims}')\n\
         print(jwt.encode(claims, '{secret}', algorithm='HS256', headers={{'kid': '{id}'}}))"
    );
    let Some(token) = python("jwt", &script) else { return };
    let broker = Broker::start(&hs256(io));
    let ann = connect(&broker, &token).expect("it is good");
    assert_eq!(ann.welcome().expect("it is in").user.as_str(), "ann");
}
