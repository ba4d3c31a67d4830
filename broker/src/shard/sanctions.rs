//! Bans and mutes of whole apps (spec 7).
//!
//! The app's home keeps the list; whoever is on it is known as such at its own home, too, where all
//! its sessions come and all its messages pass. So one shard has to heed a ban or a mute before it
//! is answered, and nothing is asked of another shard for a message.

use throng_protocol::frame::FromBroker;
use throng_protocol::push::Notice;
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{
    Departure, IdList, Moderation, NoticeKind, Role, Sanction as SanctionKind,
};

use crate::envelope::{Ack, Answer, AppRuling, Envelope, Ticket, UserSanction};
use crate::id::{AppId, ConnectionId};
use crate::probe::{self, Bug, Mark};
use crate::room::sanctioned;
use crate::sanctions::{Sanction, Sanctions, Until};
use crate::shard::Shard;
use crate::shard::users::UserName;

/// Bans and mutes of one app.
#[derive(Debug, Default)]
pub(super) struct AppSanctions {
    bans: Sanctions,
    mutes: Sanctions,
}

/// Those of all apps, as far as this shard has to know.
#[derive(Debug)]
pub(super) struct AllSanctions {
    /// Of the apps homed here: the whole lists.
    lists: Vec<AppSanctions>,
    /// Of users homed here: what holds against them.
    of_users: Vec<AppSanctions>,
}

impl AppSanctions {
    fn list(&mut self, kind: SanctionKind) -> Option<&mut Sanctions> {
        match kind {
            SanctionKind::Ban => Some(&mut self.bans),
            SanctionKind::Mute => Some(&mut self.mutes),
            _ => None,
        }
    }

    fn record(
        &mut self,
        action: Moderation,
        user: &str,
        sanction: Sanction,
        now: crate::time::Now,
    ) {
        match action {
            Moderation::Ban => self.bans.record_as(user, sanction, now.instant),
            Moderation::Mute => self.mutes.record_as(user, sanction, now.instant),
            Moderation::Unban => self.bans.lift(user),
            Moderation::Unmute => self.mutes.lift(user),
            _ => {}
        }
    }
}

impl AllSanctions {
    pub(super) fn new(apps: usize) -> Self {
        let none = || (0..apps).map(|_| AppSanctions::default()).collect();
        Self { lists: none(), of_users: none() }
    }
}

impl Shard {
    /// At the app's home: puts users on a list, or takes them off, and has their homes heed it.
    pub(super) fn on_app_ruling(&mut self, ruling: AppRuling) {
        let AppRuling { ticket, app, ruling } = ruling;
        let done = Answer::Results(vec![Code::NONE; ruling.users.len()]);
        let homes = if probe::planted(Bug::SanctionAnsweredEarly) {
            self.answer(ticket, done);
            // Nobody waits for this number.
            Some(Ack { shard: self.settings.id, number: 0 })
        } else {
            self.answer_once_heeded(ticket, done, ruling.users.len())
        };
        let Some(ack) = homes else { return };
        for user in ruling.users {
            let until = Until::of(ruling.term, self.now.instant);
            let sanction = Sanction { until, since: self.now.wall, actor: "".into() };
            let (action, term, now) = (ruling.action, ruling.term, self.now);
            let list = &mut self.sanctions.lists[usize::from(app.0)];
            list.record(action, &user, sanction.clone(), now);
            let home = self.homes.of_user(app, false, &user);
            let telling = ruling.telling.clone();
            let heed = UserSanction { app, user, action, term, sanction, telling, ack };
            self.post.tell(home, Envelope::SanctionUser(Box::new(heed)));
        }
    }

    /// At the app's home: tells a page of a list.
    pub(super) fn on_sanctions_asked(
        &mut self,
        ticket: Ticket,
        (app, kind): (AppId, SanctionKind),
        (cursor, limit): (&[u8], u16),
    ) {
        let now = self.now.instant;
        let list = self.sanctions.lists[usize::from(app.0)].list(kind);
        let page = list.and_then(|list| list.page(kind, (cursor, limit), now));
        let invalid = Refusal::new(Code::INVALID_ARGUMENT).because("cursor");
        let answer =
            page.map_or(Answer::Refused(invalid), |page| Answer::SanctionsPage(Box::new(page)));
        self.answer(ticket, answer);
    }

    /// At the user's home: heeds it, tells the user's sessions, and cuts them off for a ban.
    pub(super) fn on_user_sanction(&mut self, heed: &UserSanction) {
        let UserSanction { app, user, action, sanction, ack, .. } = heed;
        let now = self.now;
        let own = &mut self.sanctions.of_users[usize::from(app.0)];
        own.record(*action, user, sanction.clone(), now);
        let who = UserName { app: *app, server: false, name: user };
        if let Some(handle) = self.users.find(who) {
            let sessions = self.users.get(handle).map(|own| own.sessions.clone());
            for connection in sessions.unwrap_or_default() {
                self.tell_sanction(connection, heed);
                if *action == Moderation::Ban {
                    probe::mark(Mark::BannedFromApp);
                    let code = Code::BANNED_FROM_APP;
                    let refusal = sanctioned(code, sanction.until, now.instant);
                    self.dismiss_for(connection, refusal, Departure::Banned);
                }
            }
            if *action == Moderation::Ban {
                self.forfeit_all(handle, Departure::Banned);
            }
        }
        self.heed(*ack);
    }

    fn tell_sanction(&mut self, connection: ConnectionId, heed: &UserSanction) {
        let what = match heed.action {
            Moderation::Ban => NoticeKind::UsersBanned,
            Moderation::Unban => NoticeKind::UsersUnbanned,
            Moderation::Mute => NoticeKind::UsersMuted,
            _ => NoticeKind::UsersUnmuted,
        };
        if heed.telling.quiet {
            return;
        }
        let mut bytes = Vec::new();
        IdList::write([&*heed.user], &mut bytes);
        let notice = Notice {
            at: self.now.wall.as_micros(),
            what,
            users: IdList::parse(&bytes).expect("one id"),
            term: heed.term,
            extension: &heed.telling.extension,
            ..Notice::default()
        };
        self.queue(connection, &FromBroker::Push(notice.into()));
    }

    /// Whether a user may speak as far as its app is concerned.
    ///
    /// # Errors
    /// How much longer it may not.
    pub(super) fn check_muted_in_app(
        &self,
        app: AppId,
        user: &str,
        role: Role,
    ) -> Result<(), Refusal<'static>> {
        let mutes = &self.sanctions.of_users[usize::from(app.0)].mutes;
        if mutes.is_empty() || role == Role::Server {
            return Ok(());
        }
        let now = self.now.instant;
        mutes.until(user, now).map_or(Ok(()), |until| {
            probe::mark(Mark::MutedInApp);
            Err(sanctioned(Code::MUTED_IN_APP, until, now))
        })
    }

    /// How much longer a user is muted in its app.
    pub(super) fn mute_in_app(&self, app: AppId, user: &str) -> Option<Until> {
        self.sanctions.of_users[usize::from(app.0)].mutes.until(user, self.now.instant)
    }

    /// Whether a user may be let in as far as its app is concerned.
    ///
    /// # Errors
    /// How much longer it may not.
    pub(super) fn check_banned_from_app(
        &self,
        app: AppId,
        user: &str,
        role: Role,
    ) -> Result<(), Refusal<'static>> {
        let bans = &self.sanctions.of_users[usize::from(app.0)].bans;
        let now = self.now.instant;
        match bans.until(user, now).filter(|_| role != Role::Server) {
            Some(until) => {
                probe::mark(Mark::BannedFromApp);
                Err(sanctioned(Code::BANNED_FROM_APP, until, now))
            }
            None => Ok(()),
        }
    }
}
