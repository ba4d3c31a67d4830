//! Apps of the file: what they may be, how their keys are read and which are refused.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::super::effective::to_toml;
use super::super::{Sources, secret};
use super::{TestFile, errors_of, from_file, nothing};
use crate::app::keys::JwtKeys;
use crate::limits::TOKEN_LIFE_MAX_DEFAULT;

/// What `throng token secret` might print.
pub(super) const GOOD: &str = "9c1185a5c5e9fc54612808977ee8f548b2258d31a3f5e0c1d7b60d2c4f9be873";
pub(super) const OTHER: &str = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945";

/// An Ed25519 key as `openssl pkey -pubout` writes it (that of RFC 8410), and its 32 bytes.
const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
                   MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
                   -----END PUBLIC KEY-----\n";
const RAW: &str = "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE";

/// An app with one key, and lines of its own before it.
pub(super) fn app(key: &str, lines: &str) -> String {
    format!(
        "[[app]]\nkey = \"{key}\"\n{lines}[[app.token_keys]]\nid = \"k1\"\nsecret = \"{GOOD}\"\n"
    )
}

fn with_key(lines: &str) -> String {
    format!("[[app]]\nkey = \"a\"\n[[app.token_keys]]\nid = \"k\"\n{lines}")
}

fn with_jwt(lines: &str) -> String {
    app("a", "") + lines
}

#[test]
fn an_app_has_what_the_development_app_has_and_takes_its_place() {
    let file = app(
        "game",
        "anonymous = true\ntoken_life_max = \"2h\"\n[app.rooms]\ngrace = \"1m\"\n[app.limits]\nrequests_per_second = 7\n",
    ) + &app("stage", "");
    let config = from_file(&file).unwrap().config;
    let [game, stage] = config.apps.as_slice() else { panic!("two apps, and no other") };
    assert_eq!((&*game.key, &*stage.key), ("game", "stage"));
    assert!(game.anonymous && game.development_secret.is_none());
    assert_eq!((game.token_life_max.as_secs(), game.rooms.grace.as_secs()), (7200, 60));
    assert_eq!(game.rates.requests.map(u32::from), Some(7));
    assert_eq!((stage.token_life_max, stage.create_on_join), (TOKEN_LIFE_MAX_DEFAULT, false));
    assert_eq!(game.keys.tokens[0].secret.expose(), GOOD);
}

#[test]
fn the_development_app_stays_beside_others_only_if_that_is_said() {
    let file = "[development]\nenabled = true\n".to_owned() + &app("game", "");
    let config = from_file(&file).unwrap().config;
    assert_eq!(config.apps.len(), 2);
    assert_eq!(config.development().map(|app| &*app.key), Some("dev"));
    assert_eq!(
        errors_of(&("[development]\nkey = \"mine\"\n".to_owned() + &app("game", ""))),
        ["2:7: development.key: there is no development app, as there is an [[app]]: take this \
          out, or set development.enabled to true"]
    );
    assert_eq!(
        errors_of("[development]\nenabled = false\n"),
        ["2:11: development.enabled: there is no app: the development app is off, and there is \
          no [[app]]"]
    );
}

#[test]
fn everyone_is_served_as_long_as_nobody_can_be_anyone() {
    let listen = "[node]\nlisten = \"0.0.0.0:7400\"\n";
    from_file(&(listen.to_owned() + &app("game", ""))).unwrap();
    let with = listen.to_owned() + "[development]\nenabled = true\n" + &app("game", "");
    assert!(errors_of(&with)[0].contains("can be reached from other machines"));
}

#[test]
fn all_that_is_wrong_with_apps_is_said_at_once_in_its_place() {
    let file = "[[app]]\nkey = \"a b\"\nroms = 1\n[app.limits]\nrequests_per_second = 0\n\
                [[app]]\ntoken_life_max = \"91d\"\n[[app.token_keys]]\nfil = \"x\"\n\
                [[app.token_keys]]\nid = \"k/\"\nfile = \"/no/such\"\n[[app.token_keys]]\nid = \"3\"\n\
                [[app]]\nkey = \"b\"\nsecret = \"x\"\n[app.jwt]\nalgorithm = \"HS512\"\naudience = 5\n\
                [[app]]\nkey = \"b\"\n[[app.jwt_keys]]\nid = \"k\"\n";
    let errors = errors_of(file);
    let begins = [
        "1:1: app: nobody can come in without keys: write [[app.token_keys]]",
        "2:7: app.key: \"a b\" is not an app key",
        "3:1: there is no setting \"app.roms\"; did you mean app.rooms?",
        "5:23: app.limits.requests_per_second: 0 is neither",
        "6:1: app: it has no key",
        "7:18: app.token_life_max: \"91d\" is not between 1s and 90d",
        "8:1: app.token_keys: the key has no id",
        "8:1: app.token_keys: a key has either a file or a secret",
        "9:1: there is no setting \"app.token_keys.fil\"; did you mean app.token_keys.file?",
        "11:6: app.token_keys.id: \"k/\" is not an id",
        "12:8: app.token_keys.file: cannot read /no/such: No such file",
        "13:1: app.token_keys: there are 3 keys; 2 are allowed",
        "17:1: there is no setting \"app.secret\"; did you mean",
        "18:6: app.jwt: there is no key: write [[app.jwt_keys]]",
        "19:13: app.jwt.algorithm: \"HS512\" is none of HS256, EdDSA",
        "20:12: app.jwt.audience: 5 is not a text",
        "22:7: app.key: there is another app \"b\"",
        "23:1: app.jwt_keys: keys without [app.jwt]",
    ];
    for (error, begin) in errors.iter().zip(begins) {
        assert!(error.starts_with(begin), "{error}\n{begin}");
    }
    assert_eq!(errors.len(), begins.len(), "{errors:#?}");
}

#[test]
fn a_list_is_not_a_table_and_a_table_is_not_a_list() {
    let cases = [
        ("[app]\nkey = \"a\"\n", "1:2: app is a list of tables: write [[app]] for each"),
        ("app = 3\n", "1:1: app is a list of tables: write [[app]] for each"),
        ("app = [1]\n", "1:1: app is a list of tables: write [[app]] for each"),
    ];
    for (text, expected) in cases {
        assert_eq!(errors_of(text), [expected]);
    }
    let errors = errors_of(&app("a", "[[app.rooms]]\ngrace = \"1s\"\n"));
    assert_eq!(errors, ["3:7: app.rooms is a table: write [app.rooms]"]);
}

#[test]
fn a_secret_that_could_be_guessed_is_refused_and_not_shown() {
    let hex: String = (0..32).map(|byte| format!("{byte:02x}")).collect();
    let bad = [
        ("q7w9e2r4t6", "has 10 bytes; 32 to 1024 are allowed"),
        (&GOOD.repeat(17), "has 1088 bytes"),
        (&"changeme".repeat(4), "has fewer than 8 different bytes"),
        (&"throng-development".repeat(2), "is a well-known one"),
        ("a-string-SECRET-at-least-256-bits-long", "is a well-known one"),
        (&"w8Xq2LmP".repeat(4), "follows a pattern"),
        ("abcdefghijklmnopqrstuvwxyz0123456789", "follows a pattern"),
        (&hex, "follows a pattern"),
        ("9c1185a5c5e9fc54612808977ee8f548\\u0007", "holds control characters"),
    ];
    for (text, reason) in bad {
        let errors = errors_of(&with_key(&format!("secret = \"{text}\"\n")));
        assert_eq!(errors.len(), 1, "{errors:#?}");
        assert!(errors[0].starts_with("5:10: app.token_keys.secret: the secret "), "{errors:?}");
        assert!(errors[0].contains(reason) && !errors[0].contains(text), "{errors:?}");
    }
    let errors = errors_of(&with_key("secret = 123456\n"));
    assert!(!errors[0].contains("123456"), "{errors:?}");
    for good in [GOOD, OTHER, "Tr0ub4dor&3 correct horse battery staple"] {
        secret::checked(good).unwrap();
    }
}

#[test]
fn a_file_with_a_secret_is_one_that_not_everyone_can_read() {
    let key = TestFile::new(format!("{GOOD}\n").as_bytes());
    let config = with_key(&format!("file = {:?}\n", key.0));
    for mode in [0o600, 0o640, 0o400] {
        fs::set_permissions(&key.0, Permissions::from_mode(mode)).unwrap();
        assert_eq!(from_file(&config).unwrap().config.apps[0].keys.tokens[0].secret.expose(), GOOD);
    }
    fs::set_permissions(&key.0, Permissions::from_mode(0o604)).unwrap();
    assert!(errors_of(&config)[0].contains("can be read by everyone on this machine: chmod o-r"));
    let wrong = |path: &str| errors_of(&with_key(&format!("file = {path:?}\n"))).remove(0);
    assert!(wrong("/dev").ends_with("/dev is no file"), "{}", wrong("/dev"));
    assert!(wrong("/dev/zero").ends_with("/dev/zero is no file"));
    assert!(wrong("").ends_with("it is empty"));
    for (bytes, reason) in [
        (vec![b'k'; 5000], "has more than 4096 bytes"),
        (vec![0xff; 32], "is not UTF-8: write the key as text, in hex"),
        (format!("{GOOD}\n\n").into_bytes(), "control characters"),
    ] {
        let key = TestFile::new(&bytes);
        let errors = errors_of(&with_key(&format!("file = {:?}\n", key.0)));
        assert!(errors[0].contains(reason), "{errors:?}");
    }
}

#[test]
fn a_secret_stands_in_the_configuration_only_if_not_everyone_can_read_that() {
    let file = TestFile::new(app("a", "").as_bytes());
    fs::set_permissions(&file.0, Permissions::from_mode(0o644)).unwrap();
    let sources = Sources { file: Some(file.0.clone()), ..nothing() };
    let text = sources.read().unwrap_err().to_string();
    assert!(text.contains(":5:10: app.token_keys.secret: everyone on this machine"), "{text}");
    assert!(!text.contains(GOOD));
}

#[test]
fn a_relative_path_starts_where_the_configuration_is() {
    let key = TestFile::new(GOOD.as_bytes());
    let name = key.0.file_name().unwrap();
    let loaded = from_file(&with_key(&format!("file = {name:?}\n"))).unwrap();
    assert_eq!(loaded.apps[0].token_keys[0].file.as_deref(), Some(&*key.0));
}

#[test]
fn a_public_key_is_read_from_pem_and_from_base64url() {
    let file = TestFile::new(PEM.as_bytes());
    fs::set_permissions(&file.0, Permissions::from_mode(0o644)).unwrap();
    let text = "[app.jwt]\nalgorithm = \"EdDSA\"\n[[app.jwt_keys]]\nid = \"k\"\n";
    let by_file = from_file(&with_jwt(&format!("{text}file = {:?}\n", file.0))).unwrap();
    let in_place = from_file(&with_jwt(&format!("{text}public_key = \"{RAW}\"\n"))).unwrap();
    assert_eq!(by_file.config, in_place.config);
    let Some(JwtKeys::EdDsa(keys)) = by_file.config.apps[0].keys.jwt.clone().map(|jwt| jwt.keys)
    else {
        panic!("an Ed25519 key")
    };
    assert_eq!((&*keys[0].id, keys[0].bytes[..2].to_vec()), ("k", vec![0x19, 0xbf]));
    for (bad, reason) in [
        (PEM.replace("MCowBQYDK2VwAyEA", "MCowBQYDK2VuAyEA"), "not one of Ed25519"),
        (PEM.replace("PUBLIC KEY", "CERTIFICATE"), "there is no PUBLIC KEY in it"),
        (format!("{RAW}A"), "neither PEM"),
        (RAW[1..].to_owned(), "neither PEM"),
    ] {
        assert!(secret::public_key(&bad).unwrap_err().contains(reason), "{bad}");
    }
    let errors = errors_of(&with_jwt(&format!("{text}secret = \"{GOOD}\"\n")));
    assert!(errors[0].contains("keys of this algorithm have a public_key"), "{errors:?}");
}

#[test]
fn what_check_prints_of_apps_means_the_same() {
    let key = TestFile::new(GOOD.as_bytes());
    let second = format!("[[app.token_keys]]\nid = \"k2\"\nfile = {:?}\n", key.0);
    let jwt = "[app.jwt]\nalgorithm = \"EdDSA\"\naudience = \"throng\"\nissuer = \"https://x\"\n";
    let public = format!("[[app.jwt_keys]]\nid = \"p\"\npublic_key = \"{RAW}\"\n");
    let hs256 = format!(
        "[app.jwt]\nalgorithm = \"HS256\"\n[[app.jwt_keys]]\nid = \"h\"\nsecret = \"{OTHER}\"\n"
    );
    let settings =
        "low_kinds = \"like\"\ntoken_life_max = \"5m\"\n[app.rooms]\npresence = \"full\"\n";
    let file = [app("one", settings), second, jwt.to_owned(), public, app("two", ""), hs256];
    for begin in ["", "[development]\nenabled = true\nanonymous = true\n"] {
        let loaded = from_file(&(begin.to_owned() + &file.concat())).unwrap();
        let printed = to_toml(&loaded);
        let again = from_file(&printed).unwrap_or_else(|wrong| panic!("{wrong}\n{printed}"));
        assert_eq!(again.config, loaded.config, "{printed}");
        assert_eq!(
            printed,
            to_toml(&again).lines().zip(printed.lines()).fold(
                String::new(),
                |all, (again, line)| {
                    assert_eq!(again.split(" # ").next(), line.split(" # ").next());
                    all + line + "\n"
                }
            )
        );
        assert!(printed.contains(&format!("file = {:?}", key.0)), "{printed}");
    }
}

#[test]
fn more_apps_than_a_node_has_are_refused() {
    let file: String = (0..1001).map(|number| format!("[[app]]\nkey = \"a{number}\"\n")).collect();
    let errors = errors_of(&file);
    assert_eq!(errors, ["2001:1: app: there are 1001 apps; 1000 are allowed"]);
}

#[test]
fn tls_is_an_address_a_certificate_and_a_key_that_not_everyone_can_read() {
    let (certificate, key) = (TestFile::new(b"certificate"), TestFile::new(b"key"));
    let listen = "[node]\ntls_listen = \"127.0.0.1:7443\"\n";
    let files = |certificate: &PathBuf, key: &PathBuf| {
        format!("tls_certificate = {certificate:?}\ntls_key = {key:?}\n")
    };
    let files = files(&certificate.0, &key.0);
    let tls = from_file(&format!("{listen}listen = \"off\"\n{files}")).unwrap().config;
    assert_eq!((tls.listen, tls.tls.map(|tls| tls.key)), (None, Some(key.0.clone())));
    fs::set_permissions(&certificate.0, Permissions::from_mode(0o644)).unwrap();
    from_file(&format!("{listen}{files}")).unwrap();
    let cases = [
        (listen.to_owned(), "2:14: node.tls_listen: TLS needs a tls_certificate, too"),
        (format!("[node]\n{files}"), "2:19: node.tls_certificate: nothing listens for TLS"),
        (
            format!("{listen}listen = \"127.0.0.1:7443\"\n{files}"),
            "2:14: node.tls_listen: 127.0.0.1:7443 is taken",
        ),
        ("[node]\nlisten = \"off\"\n".to_owned(), "2:10: node.listen: it listens nowhere"),
        (
            format!("{listen}{files}").replace("127.0.0.1", "0.0.0.0"),
            "2:14: node.tls_listen: 0.0.0.0:7443 can be",
        ),
        (
            format!("{listen}{files}").replace(key.0.to_str().unwrap(), "/no/such"),
            "4:11: node.tls_key: cannot read /no/such",
        ),
    ];
    for (text, begin) in cases {
        let errors = errors_of(&text);
        assert!(errors.len() == 1 && errors[0].starts_with(begin), "{errors:#?}\n{begin}");
    }
    fs::set_permissions(&key.0, Permissions::from_mode(0o644)).unwrap();
    assert!(errors_of(&format!("{listen}{files}"))[0].contains("can be read by everyone"));
}
