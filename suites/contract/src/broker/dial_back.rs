//! What a plugin does when it is handed the host's services: seen once a run
//! and mode, and read by every check of the dial-back.

use crate::observed::{blocked_by, not_aperios};
use crate::operation::Operation;
use host::call::code_name;
use host::services::{Connection, HostServer, Listen};
use host::session::ATTACH;
use host::{Launch, Mode, Session};
use proto::aperio::plugin::v1 as api;
use runner::Case;
use std::sync::Arc;
use std::time::Duration;
use terms::{Evidence, Lost, Stopped, Verdict};

/// When an advertisement is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advertised {
    /// Before the Attach call.
    Before,
    /// A second after it.
    After,
}

/// One Attach and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// OK, or the refusal in words.
    pub(crate) attached: Result<(), String>,
    /// Whether the plugin serves no broker to be told through.
    pub(crate) no_broker: bool,
    /// What reached the host's server.
    pub(crate) connections: Vec<Connection>,
    /// What was seen around it.
    pub(crate) evidence: Evidence,
}

impl Attempt {
    /// Whether a connection stood.
    pub(crate) fn connected(&self) -> bool {
        self.connections
            .iter()
            .any(|connection| connection.refused.is_none())
    }
}

/// The attempts of one mode.
#[derive(Debug, Clone)]
pub(crate) struct DialBack {
    /// Advertised before Attach.
    pub(crate) early: Attempt,
    /// Advertised a second after, tried where the early one did not connect.
    pub(crate) late: Option<Attempt>,
}

impl DialBack {
    /// What was seen in this mode; none where the plugin is not Aperio's or
    /// the mode does not come up.
    pub(crate) async fn seen(case: &Case, mode: Mode) -> Result<Option<Arc<Self>>, Stopped> {
        if !case.plugin().is_aperio() || !case.came_up(mode) {
            return Ok(None);
        }
        let name = match mode {
            Mode::Plain => "dial-back, plain",
            Mode::AutoMtls => "dial-back, AutoMTLS",
        };
        let launch = Launch::of(mode);
        let seen = case
            .lend(name, async |case| {
                let early = attempt(case, &launch, &Listen::Loopback, Advertised::Before).await?;
                let late = if early.connected() || early.attached.is_ok() {
                    None
                } else {
                    Some(attempt(case, &launch, &Listen::Loopback, Advertised::After).await?)
                };
                Ok(DialBack { early, late })
            })
            .await?;
        Ok(Some(seen))
    }

    /// Why a check of the dial-back has nothing to look at: the plugin does
    /// not dial, or another breach keeps it from doing so.
    pub(crate) fn out_of_reach(&self) -> Option<Verdict> {
        if self.early.connected() {
            return None;
        }
        if self.early.attached.is_ok() {
            return Some(Verdict::not_claimed(
                "the plugin does not dial its host's services",
            ));
        }
        Some(blocked_by(match &self.late {
            _ if self.early.no_broker => "BRK-001",
            Some(late) if late.connected() => "BRK-006",
            _ if self.early.connections.is_empty() => "BRK-003",
            _ if self.host_was_refused() => "BRK-012",
            _ => "BRK-011",
        }))
    }

    /// Whether the plugin refused the host's certificate, which it tells by
    /// an alert.
    pub(crate) fn host_was_refused(&self) -> bool {
        self.early
            .connections
            .iter()
            .filter_map(|connection| connection.refused.as_ref())
            .any(|refusal| refusal.by_plugin)
    }
}

/// One launch, one Attach with an advertisement of this kind, one light
/// operation.
pub(crate) async fn attempt(
    case: &Case,
    launch: &Launch,
    listen: &Listen,
    advertised: Advertised,
) -> Result<Attempt, Stopped> {
    let mut session = case.launch(launch).await?;
    let server = open(&session, listen).await?;
    let id = session.next_broker_id();
    let request = session.attach_request(id).await?;
    if advertised == Advertised::Before {
        session.advertise(id, &server).await;
    }
    let caller = session.caller();
    let calling = tokio::spawn(async move {
        caller
            .unary::<_, api::AttachResponse>(ATTACH, request)
            .await
    });
    if advertised == Advertised::After {
        tokio::time::sleep(Duration::from_secs(1)).await;
        session.advertise(id, &server).await;
    }
    let end = calling
        .await
        .map_err(|error| terms::Trouble::harness(error.to_string()))?;
    let reply = session.replied(ATTACH, end)?;
    if reply.is_ok() {
        provoke(&mut session, &server).await?;
    }
    let no_broker = session
        .broker()
        .is_some_and(|broker| broker.state().is_missing());
    let attempt = Attempt {
        no_broker,
        attached: reply
            .map(|_| ())
            .map_err(|status| format!("{} {:?}", code_name(status.code()), status.message())),
        connections: server.connections(),
        evidence: session.evidence(),
    };
    session.stop().await;
    Ok(attempt)
}

/// A light operation: some dial at their first callback, and in the background.
pub(crate) async fn provoke(session: &mut Session, server: &HostServer) -> Result<(), Lost> {
    let Some(operation) = Operation::of(session).await? else {
        return Ok(());
    };
    let end = operation.call(&session.caller()).await;
    let _ = session.replied(operation.method(), end)?;
    let limit = session.limits().advertise;
    server
        .wait_for(limit, |server| !server.connections().is_empty())
        .await;
    Ok(())
}

/// A server of this session's host.
pub(crate) async fn open(session: &Session, listen: &Listen) -> Result<HostServer, Stopped> {
    session
        .serve_host(listen, None)
        .await
        .map_err(|error| terms::Trouble::infrastructure(error).into())
}

/// A live session that is attached to a server; the verdict where it cannot
/// be had.
pub(crate) async fn attached(
    case: &Case,
    launch: &Launch,
) -> Result<Result<(Session, HostServer, Operation), Verdict>, Stopped> {
    let Some(seen) = DialBack::seen(case, launch.mode()).await? else {
        return Ok(Err(not_aperios()));
    };
    if let Some(verdict) = seen.out_of_reach() {
        return Ok(Err(verdict));
    }
    let mut session = case.launch(launch).await?;
    let Some(operation) = Operation::of(&mut session).await? else {
        session.stop().await;
        return Ok(Err(Verdict::not_claimed(
            "the plugin has no light operation",
        )));
    };
    match session.attach().await? {
        Ok(server) => Ok(Ok((session, server, operation))),
        Err(status) => {
            session.stop().await;
            Ok(Err(Verdict::vacuous(format!(
                "a second Attach of the same kind was refused: {}",
                status.message()
            ))))
        }
    }
}
