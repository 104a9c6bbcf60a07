//! One message on its way to one process, and what came back.

use super::files::Case;
use super::verdict::{self, Replayed};
use super::{Launcher, Served};
use compat::witness::{Call, Reproducer};
use host::call::{CallEnd, Replies};
use host::services::HostServer;
use host::{Session, session};
use tonic::metadata::{Ascii, MetadataKey, MetadataValue};
use tonic::{Code, Request};

/// Responses of a stream that are looked at.
const MOST: usize = 4;

/// What came back.
pub(super) struct Sent {
    /// The host's services could not be handed over first, and why.
    pub(super) unattached: Option<String>,
    pub(super) replies: Replies,
    /// How the plugin answers an empty message, where that tells something.
    pub(super) control: Option<CallEnd<()>>,
    /// The plugin's last lines of stderr, where it was lost.
    pub(super) stderr: Vec<String>,
}

/// Why a message is not sent to this plugin at all.
pub(super) fn skipped(launcher: &Launcher, reproducer: &Reproducer) -> Option<&'static str> {
    let Some(call) = reproducer.call() else {
        return Some("no method carries the message");
    };
    match (launcher.is_hosts(&call.service), call.request) {
        (true, true) => Some("the plugin writes it: a request of the host's own service"),
        (true, false) => {
            Some("the host writes it only when the plugin asks: it answers a callback")
        }
        (false, false) => Some("the plugin writes it: a response"),
        (false, true) => None,
    }
}

/// Sends one message to a process of its own; none where the run was ended
/// early.
pub(super) fn replay(launcher: &Launcher, case: &Case, served: &Served) -> Option<Replayed> {
    let call = case
        .reproducer
        .call()
        .expect("what no method carries is skipped");
    let sent = launcher.visit(async |session| send(session, &case.reproducer, &call).await);
    match sent {
        Ok(None) => None,
        Ok(Some(Ok(sent))) => Some(verdict::of(case, &call, sent, served)),
        Ok(Some(Err(why))) | Err(why) => Some(Replayed::unknown(case, why)),
    }
}

/// Hands the host's services over as a host does before it calls anything. What
/// comes back must live as long as the calls; the text says why the plugin
/// would not have them.
async fn attach(session: &mut Session) -> Result<(Option<HostServer>, Option<String>), String> {
    match session.attach().await {
        Ok(Ok(server)) => Ok((Some(server), None)),
        Ok(Err(status)) => {
            let refused = CallEnd::<()>::Refused(status);
            Ok((None, Some(refused.to_string())))
        }
        Err(_) => Err("the plugin was lost before the message was sent".to_owned()),
    }
}

async fn send(session: &mut Session, reproducer: &Reproducer, call: &Call) -> Result<Sent, String> {
    let method = format!("{}/{}", call.service, call.method);
    // These come before Attach.
    let is_first = method == session::ATTACH || method == session::DESCRIBE;
    let (server, unattached) = if session.plugin().is_aperio() && !is_first {
        attach(session).await?
    } else {
        (None, None)
    };
    let mut request = Request::new(call.message.clone().into());
    for (key, value) in &reproducer.metadata {
        let key = key.parse::<MetadataKey<Ascii>>();
        let value = value.parse::<MetadataValue<Ascii>>();
        if let (Ok(key), Ok(value)) = (key, value) {
            request.metadata_mut().insert(key, value);
        }
    }
    let mut replies = session.caller().send(&method, request, MOST).await;
    replies.end = session.settle(replies.end).await;
    let control = if needs_control(&replies) {
        let empty = Request::new(Vec::new().into());
        let control = session.caller().send(&method, empty, MOST).await;
        let end = if control.opened {
            CallEnd::Answer(())
        } else {
            control.end
        };
        Some(session.settle(end).await)
    } else {
        None
    };
    drop(server);
    let is_lost = matches!(
        replies.end,
        CallEnd::Died(_) | CallEnd::Broken(_) | CallEnd::Silent(_)
    );
    Ok(Sent {
        unattached,
        replies,
        control,
        stderr: if is_lost {
            session.evidence().stderr
        } else {
            Vec::new()
        },
    })
}

/// Whether it must be told apart from what the plugin says to every message.
fn needs_control(replies: &Replies) -> bool {
    match &replies.end {
        CallEnd::Refused(status) => {
            matches!(status.code(), Code::Internal | Code::Unknown) && !verdict::is_decoding(status)
        }
        CallEnd::Silent(_) => !replies.opened,
        _ => false,
    }
}
