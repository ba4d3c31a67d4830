//! Every promise holds on both back ends.

use throng_broker::io::RingSize;
use throng_broker::io::choice::{self, Wanted};

/// Declares tests that take a back end, once for each.
macro_rules! on_both {
    ($($name:ident)+) => {
        mod on_uring {
            $(#[test]
            fn $name() {
                if $crate::both::uring_works() {
                    super::$name(throng_broker::io::choice::Wanted::Uring);
                }
            })+
        }
        mod on_epoll {
            $(#[test]
            fn $name() {
                super::$name(throng_broker::io::choice::Wanted::Epoll);
            })+
        }
    };
}
pub(crate) use on_both;

/// Whether this machine allows io_uring; many containers do not. Where it must be there (CI sets
/// `THRONG_REQUIRE_URING`), its absence is a failure.
pub(crate) fn uring_works() -> bool {
    let works = choice::choose(Wanted::Uring, RingSize::default());
    if let Err(error) = &works {
        let required = std::env::var_os("THRONG_REQUIRE_URING").is_some();
        assert!(!required, "THRONG_REQUIRE_URING is set: {error}");
        println!("skipped: {error}");
    }
    works.is_ok()
}
