//! Forged tokens by the million: none may be accepted.
//!
//! Every kind of forgery is drawn from a seed, so that the same seed tries the same. Before each,
//! the token that it is made from is shown to be good: whoever sees nothing accepts nothing either.
//! Called by the example `forge-tokens` and, for fewer, by the test `wire`.

use base64ct::{Base64UrlUnpadded, Encoding};
use throng_protocol::limits::{TOKEN_BYTES_MAX, TOKEN_MAC_BYTES, TOKEN_RAW_BYTES_MAX};
use throng_protocol::token::{Claims, Scopes, Unverified, mint};
use throng_protocol::value::Role;

use crate::random::Random;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const IDS: &[u8; 69] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+=-_.:@";

/// How long a secret is, in bytes.
const SECRET_BYTES: usize = 32;

/// After how many forgeries the claims and the secret change.
const FORGERIES_EACH: u64 = 500;

/// A way of forging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgery {
    /// Characters of the alphabet.
    RandomText,
    /// Any bytes, as text.
    RandomBytes,
    /// Good claims, and a code at random.
    RandomCode,
    /// One to four bits of the text.
    FlippedText,
    /// One to four bits of the bytes.
    FlippedBytes,
    /// Signed with a secret that differs in a bit.
    NearSecret,
    /// Signed with another secret.
    OtherSecret,
    /// Other claims before a code that was right.
    OtherClaims,
    /// Too short.
    Cut,
    /// Too long.
    Longer,
    /// The same bytes, written in a way that is not the one.
    NotCanonical,
}

impl Forgery {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::RandomText,
        Self::RandomBytes,
        Self::RandomCode,
        Self::FlippedText,
        Self::FlippedBytes,
        Self::NearSecret,
        Self::OtherSecret,
        Self::OtherClaims,
        Self::Cut,
        Self::Longer,
        Self::NotCanonical,
    ];
}

/// What was tried of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How many were shown.
    pub tried: u64,
    /// How many of them could be read at all, so that only their code spoke against them.
    pub read: u64,
    /// How many were accepted.
    pub accepted: u64,
}

/// A run: so many forgeries of all kinds by turns.
///
/// # Panics
/// When a token that nobody touched is refused.
#[must_use]
pub fn forge(seed: u64, forgeries: u64) -> [(Forgery, Tally); Forgery::ALL.len()] {
    let mut random = Random::new(seed, 1);
    let mut tallies = Forgery::ALL.map(|kind| (kind, Tally::default()));
    let mut genuine = Genuine::draw(&mut random);
    for round in 0..forgeries {
        if round % FORGERIES_EACH == 0 {
            genuine = Genuine::draw(&mut random);
        }
        let at = usize::try_from(round % Forgery::ALL.len() as u64).expect("there are few");
        let (kind, tally) = &mut tallies[at];
        let text = genuine.forged(*kind, &mut random);
        assert_ne!(text, genuine.text.as_bytes(), "a forgery is another text");
        tally.tried += 1;
        if let Ok(token) = Unverified::read(&text) {
            tally.read += 1;
            tally.accepted += u64::from(token.verify(&genuine.secret).is_ok());
        }
    }
    tallies
}

/// A token that is good, and what it is made of.
struct Genuine {
    secret: Vec<u8>,
    text: String,
    raw: Vec<u8>,
}

impl Genuine {
    fn draw(random: &mut Random) -> Self {
        let secret = bytes(random, SECRET_BYTES);
        let text = draw_token(random, &secret);
        let token = Unverified::read(text.as_bytes()).expect("what was minted is read");
        assert!(token.verify(&secret).is_ok(), "a token that nobody touched is good");
        let raw = raw_of(&text);
        Self { secret, text, raw }
    }

    fn forged(&self, kind: Forgery, random: &mut Random) -> Vec<u8> {
        let signed = self.raw.len() - TOKEN_MAC_BYTES;
        match kind {
            Forgery::RandomText => {
                let length = 1 + random.below(TOKEN_BYTES_MAX);
                letters(random, ALPHABET, length).into_bytes()
            }
            Forgery::RandomBytes => {
                let length = 1 + random.below(TOKEN_RAW_BYTES_MAX);
                text_of(&bytes(random, length))
            }
            Forgery::RandomCode => {
                text_of(&[&self.raw[..signed], &bytes(random, TOKEN_MAC_BYTES)].concat())
            }
            Forgery::FlippedText => flipped(self.text.as_bytes(), random),
            Forgery::FlippedBytes => text_of(&flipped(&self.raw, random)),
            Forgery::NearSecret => {
                let near = flipped(&self.secret, random);
                self.resigned(&near)
            }
            Forgery::OtherSecret => self.resigned(&bytes(random, SECRET_BYTES)),
            Forgery::OtherClaims => {
                let other = raw_of(&draw_token(random, &self.secret));
                let claims = &other[..other.len() - TOKEN_MAC_BYTES];
                text_of(&[claims, &self.raw[signed..]].concat())
            }
            Forgery::Cut => self.text.as_bytes()[..random.below(self.text.len())].to_vec(),
            Forgery::Longer => {
                let length = 1 + random.below(8);
                [self.text.as_bytes(), letters(random, ALPHABET, length).as_bytes()].concat()
            }
            Forgery::NotCanonical => {
                let odd = *b"= \n\t+/.\0".get(random.below(8)).expect("there are eight");
                let mut text = self.text.clone().into_bytes();
                text.insert(random.below(text.len() + 1), odd);
                text
            }
        }
    }

    /// The same claims under another secret.
    fn resigned(&self, secret: &[u8]) -> Vec<u8> {
        let token = Unverified::read(self.text.as_bytes()).expect("it was read before");
        let claims = token.verify(&self.secret).expect("it is good");
        mint(&claims, secret).expect("the claims are good").into_bytes()
    }
}

fn draw_token(random: &mut Random, secret: &[u8]) -> String {
    let mut id = |most: usize| {
        let length = 1 + random.below(most);
        letters(random, IDS, length)
    };
    let (key_id, app, user, device) = (id(32), id(64), id(64), id(64));
    let scopes: Vec<String> = (0..random.below(4)).map(|_| letters(random, IDS, 8) + "*").collect();
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let role = [Role::Client, Role::Anonymous, Role::Server][random.below(3)];
    let claims = Claims {
        role,
        made: random.draw(),
        expires: random.draw(),
        key_id: &key_id,
        app: &app,
        user: if role == Role::Anonymous { "" } else { &user },
        device: &device,
        scopes: Scopes::of(&scopes),
    };
    mint(&claims, secret).expect("the claims are good")
}

fn bytes(random: &mut Random, length: usize) -> Vec<u8> {
    (0..length).map(|_| random.draw().to_le_bytes()[0]).collect()
}

fn letters(random: &mut Random, alphabet: &[u8], length: usize) -> String {
    (0..length).map(|_| char::from(alphabet[random.below(alphabet.len())])).collect()
}

/// The bytes with one to four different bits of them turned over.
fn flipped(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    let mut places: Vec<usize> = Vec::new();
    for _ in 0..=random.below(4) {
        let place = random.below(8 * bytes.len());
        if !places.contains(&place) {
            places.push(place);
            flipped[place / 8] ^= 1 << (place % 8);
        }
    }
    flipped
}

fn text_of(raw: &[u8]) -> Vec<u8> {
    Base64UrlUnpadded::encode_string(raw).into_bytes()
}

fn raw_of(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text).expect("it was minted")
}
