//! What an operator can rely on: what is made is good, and what is not good is said to be so.

use super::*;
use crate::app::keys::TokenKey;

const GOOD: &str = "9c1185a5c5e9fc54612808977ee8f548b2258d31a3f5e0c1d7b60d2c4f9be873";

fn config() -> Config {
    let mut config = Config::new(std::num::NonZeroUsize::MIN);
    let mut app = App::new("game");
    app.keys.tokens = vec![TokenKey { id: "k1".into(), secret: GOOD.into() }];
    config.apps = vec![app];
    config
}

fn asked() -> Mint {
    Mint {
        secret: SecretOf::default(),
        app: "game".to_owned(),
        role: Role::Client,
        user: "ann".to_owned(),
        device: "phone".to_owned(),
        rooms: vec!["lobby".to_owned(), "eu-*".to_owned()],
        expires_in: Duration::from_secs(3600),
    }
}

#[test]
fn what_is_made_is_good_and_says_what_was_asked() {
    let config = config();
    let token = mint(&asked(), Some(&config)).unwrap();
    let said = verify(&format!("{token}\n"), &SecretOf::default(), Some(&config)).unwrap();
    let words = ["game", "k1", "client", "ann", "phone", "lobby eu-*", "(in 59m 59s)"];
    for word in words {
        let also = if word.starts_with('(') { "(in 1h)" } else { word };
        assert!(said.contains(word) || said.contains(also), "{said}");
    }
}

#[test]
fn what_the_app_would_not_take_is_not_made() {
    let config = config();
    let wrong = |asked: Mint| mint(&asked, Some(&config)).unwrap_err();
    let day = Duration::from_secs(24 * 3600 + 1);
    assert!(matches!(wrong(Mint { expires_in: day, ..asked() }), Wrong::Life { .. }));
    let visitor = Mint { role: Role::Anonymous, user: String::new(), ..asked() };
    assert_eq!(wrong(visitor), Wrong::Anonymous);
    assert_eq!(wrong(Mint { app: "x".to_owned(), ..asked() }), Wrong::App("x".to_owned()));
    let secret = SecretOf { key_id: Some("k2".to_owned()), file: None };
    assert_eq!(wrong(Mint { secret, ..asked() }), Wrong::Key("k2".to_owned()));
    let no_user = Mint { user: String::new(), ..asked() };
    assert_eq!(wrong(no_user), Wrong::Token(TokenError::Claim("user")));
}

#[test]
fn what_is_not_good_is_said_to_be_so() {
    let config = config();
    let now = now().unwrap();
    let claims = |made, expires| Claims {
        role: Role::Client,
        made,
        expires,
        key_id: "k1",
        app: "game",
        user: "ann",
        device: "phone",
        scopes: Scopes::EVERY_ROOM,
    };
    let wrong = |text: &str| verify(text, &SecretOf::default(), Some(&config)).unwrap_err();
    let signed = |claims: &Claims<'_>| token::mint(claims, GOOD.as_bytes()).unwrap();
    assert!(matches!(wrong(&signed(&claims(now - 2000, now - 1000))), Wrong::Expired(_)));
    assert!(matches!(wrong(&signed(&claims(now + 90_000, now + 99_000))), Wrong::Future(_)));
    assert!(matches!(wrong(&signed(&claims(0, now + 1000))), Wrong::Life { .. }));
    let forged = token::mint(&claims(now, now + 1000), &[7; 32]).unwrap();
    assert_eq!(wrong(&forged), Wrong::Token(TokenError::Forged));
    assert_eq!(wrong("a.b.c"), Wrong::Jwt);
    assert_eq!(wrong("nonsense!"), Wrong::Token(TokenError::Base64));
}

#[test]
fn a_new_secret_is_one_that_the_configuration_takes_and_never_the_same() {
    let (one, other) = (new_secret().unwrap(), new_secret().unwrap());
    assert!(one.len() == 64 && one != other);
    secret::checked(&one).unwrap();
}
