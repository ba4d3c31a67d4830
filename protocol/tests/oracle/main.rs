//! The second implementation of the layout: wincode writes the same bytes as we do, and each
//! reads what the other wrote.
//!
//! Every frame has a mirror here: a plain struct of its whole body, tag and all, with owned
//! fields and derived by wincode. The day bincode has to go, this is what shows that the new
//! code speaks the same.

#[path = "../parts/mod.rs"]
mod parts;

mod mirror;
mod people;
mod rooms;
mod rules;
mod state;
mod talk;
mod tokens;

use parts::parts;
use proptest::prelude::*;

use mirror::Look;

/// What wincode writes for the frame that `look` is at, after it read what we wrote.
fn mirrored(look: &Look<'_>) -> Vec<u8> {
    let tag = look.ours[0];
    let mirrors = [
        talk::mirrored,
        tokens::mirrored,
        rules::mirrored,
        rooms::mirrored,
        people::mirrored,
        state::mirrored,
    ];
    let theirs = mirrors.iter().find_map(|mirrored| mirrored(tag, look));
    theirs.unwrap_or_else(|| panic!("tag {tag} has no mirror"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn wincode_writes_what_we_write_and_each_reads_the_other(parts in parts()) {
        let frame = parts.frame();
        let ours = frame.bytes();
        let theirs = mirrored(&Look { parts: &parts, ours: &ours[4..] });
        prop_assert_eq!(&theirs[..], &ours[4..]);
        prop_assert_eq!(frame.decode_alike(&theirs), Ok(frame));
    }
}
