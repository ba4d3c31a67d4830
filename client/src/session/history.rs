//! Pages of history: the reply says how many messages follow it, and the page is whole, and the
//! request answered, when they are there.
//!
//! Right behind the reply the broker sends them as the frames they were when they were new. They are
//! told from what is new by that alone, and are no events.

use throng_protocol::push::Push;
use throng_protocol::reply as wire;

use crate::error::{ProtocolError, check_extensions};
use crate::event::{Message, Tombstone};
use crate::reply::{HistoryEntry, HistoryPage};

use super::Session;
use super::pending::Asked;

/// A page of history of which some entries are still to come.
#[derive(Debug)]
pub(super) struct Collecting {
    number: u32,
    page: HistoryPage,
    awaited: usize,
}

impl Session {
    /// The reply to the request of that number. It is answered when the entries are there, too.
    pub(super) fn read_history_page(
        &mut self,
        number: u32,
        page: wire::HistoryPage<'_>,
    ) -> Result<(), ProtocolError> {
        check_extensions(page.extensions)?;
        if self.collecting.is_some() {
            return Err(ProtocolError::Unexpected);
        }
        let (page, awaited) = HistoryPage::from_wire(page)?;
        self.collecting = Some(Collecting { number, page, awaited });
        self.settle_history();
        Ok(())
    }

    /// Keeps an entry of the page that is under way. Says whether the push was one.
    pub(super) fn read_history_entry(&mut self, push: &Push<'_>) -> Result<bool, ProtocolError> {
        let Some(Collecting { page, awaited, .. }) = &mut self.collecting else {
            return Ok(false);
        };
        let entry = match *push {
            Push::Deliver(it) if it.epoch == page.epoch => {
                HistoryEntry::Message(Message::from_wire(it)?)
            }
            Push::Tombstone(it) if it.epoch == page.epoch => {
                HistoryEntry::Tombstone(Tombstone::from_wire(it)?)
            }
            _ => return Ok(false),
        };
        page.entries.push(entry);
        *awaited -= 1;
        self.settle_history();
        Ok(true)
    }

    fn settle_history(&mut self) {
        if let Some(Collecting { number, page, .. }) =
            self.collecting.take_if(|collecting| collecting.awaited == 0)
        {
            self.settle(number, Asked::For(HistoryPage::TAG), Ok(page.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use throng_protocol::frame::FromBroker;
    use throng_protocol::push::{self, AreYouThere, Deliver};
    use throng_protocol::reply;

    use super::*;
    use crate::ask::QueryHistory;
    use crate::error::{Failure, Reason};
    use crate::event::Event;
    use crate::reply::Reply;
    use crate::script::{MESSAGE, NONE, WELCOME, at, bytes, config, push, reply};
    use crate::session::SessionEvent;

    /// A session that asked for history, and the number of that.
    fn asking() -> (Session, u32) {
        let mut session = Session::new(&config(), at(0));
        session.handle_bytes(at(0), &bytes(&[FromBroker::Welcome(WELCOME)]));
        assert!(matches!(session.poll_event(), Some(SessionEvent::Opened(_))));
        let number = session.ask_for(&QueryHistory::newest("lobby")).unwrap();
        (session, number)
    }

    fn page(entries: u32, cursor: &[u8]) -> reply::HistoryPage<'_> {
        reply::HistoryPage { epoch: 1, entries, cursor, extensions: NONE }
    }

    fn message(seq: u64) -> FromBroker<'static> {
        push(Deliver { seq, ..MESSAGE })
    }

    fn stone(seq: u64) -> FromBroker<'static> {
        push(push::Tombstone { room: "lobby", epoch: 1, seq, ..push::Tombstone::default() })
    }

    fn seqs(event: Option<SessionEvent>) -> Vec<u64> {
        let Some(SessionEvent::Done(_, Ok(Reply::HistoryPage(page)))) = event else {
            panic!("{event:?}");
        };
        page.entries.iter().map(|entry| entry.position().seq).collect()
    }

    #[test]
    fn what_follows_a_page_is_its_entries_and_what_comes_then_is_new() {
        let (mut session, number) = asking();
        let frames = [reply(number, page(2, b"more")), message(9), stone(8), message(10)];
        for byte in bytes(&frames) {
            session.handle_bytes(at(0), &[byte]);
        }
        assert_eq!(seqs(session.poll_event()), [9, 8]);
        let told = session.poll_event();
        assert!(matches!(told, Some(SessionEvent::Told(Event::Message(it))) if it.seq == 10));
        assert_eq!(session.poll_event(), None);
    }

    #[test]
    fn a_page_of_nothing_is_whole_at_once() {
        let (mut session, number) = asking();
        session.handle_bytes(at(0), &bytes(&[reply(number, page(0, b""))]));
        assert_eq!(seqs(session.poll_event()), []);
    }

    #[test]
    fn what_is_no_entry_of_the_page_is_told_as_ever() {
        let (mut session, number) = asking();
        let elsewhere = push(Deliver { room: "attic", epoch: 2, seq: 5, ..MESSAGE });
        let question = push(AreYouThere { extensions: NONE });
        let frames = [reply(number, page(1, b"")), elsewhere, question, message(9)];
        session.handle_bytes(at(0), &bytes(&frames));
        let told = session.poll_event();
        assert!(matches!(told, Some(SessionEvent::Told(Event::Message(it))) if it.seq == 5));
        assert_eq!(seqs(session.poll_event()), [9]);
    }

    #[test]
    fn a_page_that_is_cut_off_has_lost_the_connection() {
        let (mut session, number) = asking();
        session.handle_bytes(at(0), &bytes(&[reply(number, page(2, b"")), message(9)]));
        assert_eq!(session.poll_event(), None);
        session.end(Reason::ClosedHere);
        let lost = SessionEvent::Done(number, Err(Failure::ConnectionLost));
        assert_eq!(session.poll_event(), Some(lost));
    }

    #[test]
    fn a_page_of_more_than_may_be_is_refused_before_it_comes() {
        let (mut session, number) = asking();
        session.handle_bytes(at(0), &bytes(&[reply(number, page(101, b""))]));
        assert!(session.is_ended());
    }
}
