//! Replies of several kinds as they went over the wire: seen once a run and
//! mode, and read by every check of their form.

use crate::health_call::check;
use crate::observed::blocked_by;
use bytes::Bytes;
use host::call::HEALTH;
use host::session::{ATTACH, DESCRIBE};
use host::wire::{NoReply, Question, Reply};
use host::{Launch, Mode};
use prost::Message;
use proto::aperio::plugin::v1 as api;
use runner::Case;
use std::sync::Arc;
use terms::{Evidence, Finding, Judgement, Place, Stopped, Verdict};

/// What a check says of one reply.
pub(super) enum Look {
    /// As it should be.
    Fine,
    /// In breach, in a few words.
    Wrong(String),
    /// Without what the check is about.
    Aside,
}

/// One call and its reply.
#[derive(Debug)]
struct Exchange {
    what: &'static str,
    method: &'static str,
    reply: Result<Reply, NoReply>,
}

/// The exchanges of one mode; none where no further connection was to be had.
#[derive(Debug)]
struct Replies(Vec<Exchange>);

impl Replies {
    async fn seen(case: &Case, mode: Mode) -> Result<Arc<Self>, Stopped> {
        let name = match mode {
            Mode::Plain => "replies, plain",
            Mode::AutoMtls => "replies, AutoMTLS",
        };
        case.lend(name, async |case| {
            let session = case.launch(&Launch::of(mode)).await?;
            let mut exchanges = Vec::new();
            if let Ok(mut wire) = session.wire().await {
                for (what, method, message) in calls(case.plugin().is_aperio()) {
                    let reply = wire.ask(&Question::new(method, message)).await;
                    let silent = matches!(reply, Err(NoReply::Silent(_)));
                    exchanges.push(Exchange {
                        what,
                        method,
                        reply,
                    });
                    if silent {
                        break;
                    }
                }
            }
            session.finish().await;
            Ok(Replies(exchanges))
        })
        .await
    }

    /// What was seen, a line for each call.
    fn evidence(&self) -> Evidence {
        let line = |exchange: &Exchange| match &exchange.reply {
            Ok(reply) => format!("{}: {reply}", exchange.what),
            Err(none) => format!("{}: {none}", exchange.what),
        };
        Evidence {
            excerpt: self.0.iter().map(line).collect(),
            ..Evidence::default()
        }
    }
}

/// What is called. The last is more than some plugins survive.
fn calls(aperio: bool) -> Vec<(&'static str, &'static str, Bytes)> {
    let (major, minor) = proto::INTERFACE_VERSION;
    let describe = api::DescribeRequest {
        host_interface_version: Some(api::InterfaceVersion { major, minor }),
        host_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut calls = vec![
        ("health of the plugin", HEALTH, check("plugin")),
        ("health of the server", HEALTH, check("")),
        ("health of an unknown service", HEALTH, check("nonesuch")),
        ("an unknown service", "nope.Nope/Nope", Bytes::new()),
        (
            "an unknown method",
            "grpc.health.v1.Health/Nope",
            Bytes::new(),
        ),
    ];
    if aperio {
        calls.push((
            "a description",
            DESCRIBE,
            Bytes::from(describe.encode_to_vec()),
        ));
        calls.push(("an empty Attach", ATTACH, Bytes::new()));
    }
    calls.push((
        "a request that does not parse",
        HEALTH,
        Bytes::from_static(b"\x0a\x7f"),
    ));
    calls
}

/// Looks at every reply of every mode that came up.
pub(super) async fn each(case: &Case, expected: &str, look: fn(&Reply) -> Look) -> Judgement {
    let (mut findings, mut looked, mut open) = (Vec::new(), false, false);
    let mut told = Vec::new();
    for mode in [Mode::Plain, Mode::AutoMtls] {
        if !case.came_up(mode) {
            continue;
        }
        let replies = Replies::seen(case, mode).await?;
        open |= replies.0.iter().any(|exchange| exchange.reply.is_ok());
        for exchange in &replies.0 {
            let Ok(reply) = &exchange.reply else { continue };
            let wrong = match look(reply) {
                Look::Aside => continue,
                Look::Fine => None,
                Look::Wrong(text) => Some(text),
            };
            looked = true;
            // Most plugins reply alike in both modes.
            if let Some(text) = wrong
                && !told.contains(&exchange.what)
            {
                told.push(exchange.what);
                findings.push(
                    Finding::new(format!("the reply to {}: {text}", exchange.what))
                        .at(Place::Call {
                            method: exchange.method.to_owned(),
                        })
                        .expected(expected)
                        .actual(reply.to_string())
                        .with(replies.evidence()),
                );
            }
        }
    }
    Ok(match (open, looked) {
        (false, _) => blocked_by("RPC-002"),
        (true, false) => Verdict::vacuous("no reply of that kind came"),
        (true, true) => Verdict::of(findings),
    })
}
