use super::multiplexed_dial::{Visit, is_unannounced, out_of_reach};
use crate::declare::requirement;
use crate::observed::blocked_by;
use crate::operation::Operation;
use host::multiplex::{Answer, Sight};
use host::session::KnockEnd;
use host::{CallEnd, Mode};
use runner::Case;
use std::time::Duration;
use terms::{Finding, Judgement, Stopped, Verdict};

/// How long a plugin may wait for an answer.
const LIMIT: Duration = Duration::from_secs(10);
/// An id that no server of a plugin has.
const NOBODY: u32 = 0x7fff_0009;

requirement! {
    /// Knocks are answered.
    ///
    /// Over a multiplexed connection no address is advertised. Whoever dials knocks for an id, waits for the answer, and opens a stream only after an acknowledgement without error; go-plugin gives up after 5 s. Whoever is knocked for acknowledges what it serves and nothing else.
    ///
    /// ## How it is judged
    ///
    /// Launches with PLUGIN_MULTIPLEX_GRPC=true, in each mode in which the plugin dials its host without it. Attach must succeed by a knock for the id it names. In the first such mode, a knock that the host refuses, and one that it leaves unanswered, must be followed by no stream, and Attach must end within 10 s. The plugin must acknowledge no knock that was not sent, and none for an id that nobody serves; it may refuse such a knock or pass over it. Servers of the plugin's own behind the broker are not judged, since the interface names none.
    ///
    /// ## Usual causes
    ///
    /// A knock that is awaited without a limit; an answer whose error field nobody reads.
    "BRK-009", Must, since "1.0", waits long
}

async fn judge(case: &mut Case) -> Judgement {
    let (mut findings, mut reached) = (Vec::new(), None);
    let mut unreached = Verdict::not_claimed("no mode comes up");
    for mode in [Mode::Plain, Mode::AutoMtls] {
        if !case.came_up(mode) {
            continue;
        }
        if let Some(verdict) = out_of_reach(case, mode).await? {
            unreached = verdict;
            continue;
        }
        match acknowledged(case, mode, reached.is_none()).await? {
            Ok(found) => findings.extend(found),
            Err(verdict) => {
                unreached = verdict;
                continue;
            }
        }
        reached.get_or_insert(mode);
    }
    let Some(mode) = reached else {
        return Ok(unreached);
    };
    if findings.is_empty() {
        let refusal = Answer::No("the host serves nothing here".to_owned());
        findings.extend(denied(case, mode, refusal, "was refused").await?);
        findings.extend(denied(case, mode, Answer::Silence, "was not answered").await?);
    }
    Ok(Verdict::of(findings))
}

/// A host that acknowledges, and then knocks itself where `knocks` says so.
async fn acknowledged(
    case: &Case,
    mode: Mode,
    knocks: bool,
) -> Result<Result<Vec<Finding>, Verdict>, Stopped> {
    let mut visit = Visit::begin(case, mode).await?;
    let end = visit.attach(LIMIT).await?;
    if let (CallEnd::Answer(()), Some(operation)) = (&end, Operation::of(&mut visit.session).await?)
    {
        operation.call(&visit.session.caller()).await;
        // Some dial in the background.
        let limit = visit.session.limits().multiplex;
        visit
            .server
            .wait_for(limit, |server| !server.connections().is_empty())
            .await;
    }
    let (asked, id) = (visit.knocks(), visit.id);
    let mut findings = Vec::new();
    if let Some(other) = asked.iter().find(|&&other| other != id) {
        findings.push(
            visit
                .finding("the plugin knocks for another id than it was given")
                .expected(format!("a knock for {id}"))
                .actual(format!("a knock for {other}")),
        );
    } else if asked.is_empty() && visit.count(is_unannounced) > 0 {
        visit.session.stop().await;
        return Ok(Err(blocked_by("BRK-010")));
    } else if !matches!(end, CallEnd::Answer(())) {
        findings.push(
            visit
                .finding("the host's services are out of reach over a multiplexed connection")
                .expected("OK from Attach, as without multiplexing")
                .actual(format!("{end}, after {} knocks", asked.len())),
        );
    } else if asked.is_empty() {
        visit.session.stop().await;
        return Ok(Err(Verdict::not_claimed(
            "the plugin does not dial its host over a multiplexed connection",
        )));
    }
    if visit.count(|sight| matches!(sight, Sight::Acknowledgement { .. })) > 0 {
        findings.push(
            visit
                .finding("the plugin acknowledges a knock that nobody sent")
                .expected("no acknowledgement")
                .actual("an acknowledgement"),
        );
    }
    if knocks && findings.is_empty() {
        findings.extend(knocked_for_nobody(&mut visit).await);
    }
    visit.session.stop().await;
    Ok(Ok(findings))
}

/// A knock of the host for an id that nobody serves.
async fn knocked_for_nobody(visit: &mut Visit) -> Option<Finding> {
    let seen = match visit.session.knock(NOBODY).await {
        KnockEnd::Refused(_) | KnockEnd::Silence => return None,
        KnockEnd::OtherId(other) => format!("an answer for {other}"),
        KnockEnd::Acknowledged => {
            let on_the_stream = match visit.session.dial_knocked().await {
                Ok(caller) => caller.health("").await.to_string(),
                Err(failure) => failure.text,
            };
            format!("an acknowledgement; health on the stream that followed: {on_the_stream}")
        }
    };
    Some(
        visit
            .finding("a knock for an id that nobody serves is answered wrongly")
            .expected(format!("no answer, or a refusal for {NOBODY}"))
            .actual(seen),
    )
}

/// A host that does not acknowledge.
async fn denied(
    case: &Case,
    mode: Mode,
    answer: Answer,
    text: &str,
) -> Result<Vec<Finding>, Stopped> {
    let mut visit = Visit::begin(case, mode).await?;
    visit.porch.answer(answer);
    let end = visit.attach(LIMIT).await?;
    if let (CallEnd::Answer(()), Some(operation)) = (&end, Operation::of(&mut visit.session).await?)
    {
        operation.call(&visit.session.caller()).await;
    }
    let mut findings = Vec::new();
    if let CallEnd::Silent(limit) = end {
        findings.push(
            visit
                .finding("Attach waits for the answer to a knock that does not come")
                .expected("an end within 10 s")
                .actual(format!("nothing after {} s", limit.as_secs())),
        );
    }
    if visit.count(|sight| matches!(sight, Sight::Stream { .. })) > 0 {
        findings.push(
            visit
                .finding(&format!(
                    "the plugin opens a stream although its knock {text}"
                ))
                .expected("no stream")
                .actual("a stream"),
        );
    }
    visit.session.finish().await;
    Ok(findings)
}
