//! May this message into this room? One function, top to bottom; each no has its own code.
//!
//! It changes nothing. After it said yes, nothing refuses any more.

use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::Role;

/// What admission needs to know of a message and its sender.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// The role of the sender's connection.
    pub role: Role,
    /// Whether the sender is a member of the room.
    pub member: bool,
    /// Whether the app lets users publish without joining.
    pub publish_without_join: bool,
}

/// Whether the message may in (spec 2 and 5).
///
/// # Errors
/// The first reason that speaks against it.
pub fn check(facts: &Facts) -> Result<(), Refusal<'static>> {
    if facts.role == Role::Anonymous {
        return Err(Refusal::new(Code::NOT_ALLOWED));
    }
    if !facts.member && facts.role != Role::Server && !facts.publish_without_join {
        return Err(Refusal::new(Code::NOT_A_MEMBER));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_who_may_publish_holds() {
        let may = |role, member, publish_without_join| {
            check(&Facts { role, member, publish_without_join }).map_err(|refusal| refusal.code)
        };
        assert_eq!(may(Role::Client, true, false), Ok(()));
        assert_eq!(may(Role::Client, false, false), Err(Code::NOT_A_MEMBER));
        assert_eq!(may(Role::Client, false, true), Ok(()));
        assert_eq!(may(Role::Server, false, false), Ok(()));
        assert_eq!(may(Role::Anonymous, true, true), Err(Code::NOT_ALLOWED));
    }
}
