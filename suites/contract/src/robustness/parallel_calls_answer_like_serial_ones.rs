use crate::declare::requirement;
use crate::observed::reason;
use bytes::Bytes;
use futures::future::join_all;
use host::call::{HEALTH, code_name};
use host::session::{DESCRIBE, describe_request};
use host::{CallEnd, Caller, Session};
use prost::Message;
use proto::aperio::plugin::v1 as api;
use runner::Case;
use std::collections::HashMap;
use std::fmt::{self, Debug, Write};
use std::hash::{DefaultHasher, Hash, Hasher};
use terms::{Finding, Judgement, Lost, Place, Verdict};
use tonic::Request;

/// How often the calls are made one after another.
const SERIAL: usize = 3;
/// How often all of them are made at once.
const ROUNDS: usize = 10;
/// Characters of an answer that are shown.
const SHOWN: usize = 200;
const VALIDATE: &str = "aperio.plugin.v1.PluginService/ValidateConfig";
const ACTIONS: &str = "aperio.plugin.v1.RemediationService/ListActions";
const NOTHING: &str = "plugin.Nobody/Nothing";

requirement! {
    /// Parallel calls answer like serial ones.
    ///
    /// What another call asks, on the same connection or another one, changes no answer.
    ///
    /// ## How it is judged
    ///
    /// Health of several names and an unknown method, and for Aperio's plugins Describe, ListActions and ValidateConfig with different kinds and keys: first one after another, three times, then all at once on two connections, ten times. Code, reason and response must stay the same. A call whose answers differ one after another is left out.
    ///
    /// ## Usual causes
    ///
    /// A handler that keeps its request in a field of the server; a buffer or a client that calls share without a lock.
    "ROB-001", Must, since "1.0", launches
}

/// One call whose answer others might change.
#[derive(Debug, Clone)]
enum Call {
    Health(&'static str),
    Nothing,
    Describe,
    Actions,
    Validate(i32, &'static str),
}

/// What a plugin says to one call.
#[derive(Debug, Clone, PartialEq)]
enum Said {
    Health(i32),
    Nothing,
    Answered(Answer),
    /// The code, and the reason where there is one.
    Refused(&'static str, Option<String>),
}

/// A response in so few bytes that many can be kept.
#[derive(Debug, Clone, PartialEq)]
struct Answer {
    digest: u64,
    begins: String,
}

impl Answer {
    fn of(response: &(impl Message + Debug)) -> Said {
        // None of them holds a map, so equal ones are equal bytes.
        let mut hasher = DefaultHasher::new();
        response.encode_to_vec().hash(&mut hasher);
        Said::Answered(Answer {
            digest: hasher.finish(),
            begins: short(response),
        })
    }
}

async fn judge(case: &mut Case) -> Judgement {
    let mut session = case.launch(&case.base()).await?;
    let mut callers = vec![session.caller()];
    // Whether a second connection is served at all is told by RPC-002.
    if let Ok(second) = session.another_connection().await
        && Call::Health("plugin").make(&second).await.replied()
    {
        callers.push(second);
    }
    let mut calls = calls(session.plugin().is_aperio());
    // An unknown method that ends its connection is told by VER-007.
    if let Ok(trial) = session.another_connection().await
        && !Call::Nothing.make(&trial).await.replied()
    {
        calls.retain(|call| !matches!(call, Call::Nothing));
    }
    let mut steady = Vec::new();
    for call in calls {
        let mut answers = Vec::new();
        for _ in 0..SERIAL {
            let end = call.make(&callers[0]).await;
            answers.push(said(&mut session, &call, end).await?);
        }
        if answers.windows(2).all(|pair| pair[0] == pair[1]) {
            steady.extend(answers.pop().map(|answer| (call, answer)));
        }
    }
    if steady.is_empty() {
        session.stop().await;
        return Ok(Verdict::vacuous("no call is answered twice alike"));
    }
    let mut findings = Vec::new();
    let mut differing = 0;
    for _ in 0..ROUNDS {
        let at_once: Vec<_> = callers
            .iter()
            .flat_map(|caller| steady.iter().map(move |one| (caller, one)))
            .map(async |(caller, (call, alone))| (call, alone, call.make(caller).await))
            .collect();
        let mut differs = false;
        for (call, alone, end) in join_all(at_once).await {
            let together = said(&mut session, call, end).await?;
            differs |= together != *alone;
            if together != *alone && findings.is_empty() {
                findings.push((call, alone.shown(), together.shown()));
            }
        }
        differing += usize::from(differs);
    }
    let evidence = session.evidence();
    session.stop().await;
    Ok(Verdict::of(
        findings
            .into_iter()
            .map(|(call, alone, together)| {
                Finding::new("a call is answered otherwise when others are made at the same time")
                    .at(Place::Call {
                        method: call.method().to_owned(),
                    })
                    .expected(format!("{alone}, as alone"))
                    .actual(format!("{together}; {differing} of {ROUNDS} rounds differ"))
                    .with(evidence.clone())
            })
            .collect(),
    ))
}

fn calls(is_aperio: bool) -> Vec<Call> {
    let mut calls = vec![
        Call::Health("plugin"),
        Call::Health("nobody"),
        Call::Health("plugin"),
        Call::Nothing,
    ];
    if is_aperio {
        calls.extend([Call::Describe, Call::Actions]);
        for kind in 0..=3 {
            calls.push(Call::Validate(kind, "first"));
            calls.push(Call::Validate(kind, "second"));
        }
    }
    calls
}

impl Said {
    fn shown(&self) -> String {
        match self {
            Said::Answered(answer) => answer.begins.clone(),
            said => short(said),
        }
    }
}

impl Call {
    fn method(&self) -> &'static str {
        match self {
            Call::Health(_) => HEALTH,
            Call::Nothing => NOTHING,
            Call::Describe => DESCRIBE,
            Call::Actions => ACTIONS,
            Call::Validate(..) => VALIDATE,
        }
    }

    async fn make(&self, caller: &Caller) -> CallEnd<Said> {
        match self {
            Call::Health(service) => caller.health(service).await.map(Said::Health),
            Call::Nothing => {
                let end = caller.raw(NOTHING, Request::new(Bytes::new())).await;
                end.map(|()| Said::Nothing)
            }
            Call::Describe => {
                let end: CallEnd<api::DescribeResponse> =
                    caller.unary(DESCRIBE, describe_request()).await;
                end.map(|response| Answer::of(&response))
            }
            Call::Actions => {
                let end: CallEnd<api::ListActionsResponse> =
                    caller.unary(ACTIONS, api::ListActionsRequest {}).await;
                end.map(|response| Answer::of(&response))
            }
            Call::Validate(kind, key) => {
                let request = api::ValidateConfigRequest {
                    kind: *kind,
                    config: HashMap::from([((*key).to_owned(), "value".to_owned())]),
                    ..api::ValidateConfigRequest::default()
                };
                let end: CallEnd<api::ValidateConfigResponse> =
                    caller.unary(VALIDATE, request).await;
                end.map(|response| Answer::of(&response))
            }
        }
    }
}

async fn said(session: &mut Session, call: &Call, end: CallEnd<Said>) -> Result<Said, Lost> {
    let end = session.settle(end).await;
    let reply = session.replied(call.method(), end)?;
    Ok(match reply {
        Ok(said) => said,
        Err(status) => Said::Refused(code_name(status.code()), reason(&status)),
    })
}

/// What is shown of a value.
fn short(said: &impl Debug) -> String {
    let mut shown = Shown(String::new());
    let _ = write!(shown, "{said:?}");
    shown.0
}

/// Takes so many characters, and ends the writing behind them.
struct Shown(String);

impl Write for Shown {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = SHOWN.saturating_sub(self.0.chars().count());
        self.0.extend(text.chars().take(room));
        if text.chars().nth(room).is_some() {
            return Err(fmt::Error);
        }
        Ok(())
    }
}
