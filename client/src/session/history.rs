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
