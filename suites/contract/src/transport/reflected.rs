//! What a plugin tells of itself through reflection, for both promises on it.

use crate::observed::blocked_by;
use host::reflection::{self, Failure, METHODS, Reflected};
use host::{CallEnd, Session};
use terms::{Finding, Lost, Place, Verdict};

/// What is told; or why it is not, as a verdict on the promise that it is
/// complete.
pub(super) async fn reflected(
    session: &mut Session,
) -> Result<Result<Box<Reflected>, Verdict>, Lost> {
    let failure = match reflection::read(&session.caller()).await {
        Ok(reflected) => return Ok(Ok(Box::new(reflected))),
        Err(failure) => failure,
    };
    let wrong = |actual: String, session: &Session| {
        Verdict::fail(
            Finding::new("reflection breaks off")
                .at(place(METHODS[0]))
                .expected("the services, and the files that declare them")
                .actual(actual)
                .with(session.evidence()),
        )
    };
    Ok(Err(match failure {
        Failure::NotOffered => Verdict::not_claimed("the plugin offers no reflection"),
        Failure::Wrong(text) => wrong(text, session),
        Failure::TooMuch(text) => Verdict::vacuous(format!("more is told than is read: {text}")),
        Failure::Ended(CallEnd::Refused(status)) => {
            wrong(CallEnd::<()>::Refused(status).to_string(), session)
        }
        Failure::Ended(end) => {
            let end = session.settle(end).await;
            match session.replied(METHODS[0], end)? {
                Ok(()) => Verdict::vacuous("the stream ended without an answer"),
                Err(status) => wrong(CallEnd::<()>::Refused(status).to_string(), session),
            }
        }
    }))
}

/// The same verdict where another promise is judged.
pub(super) fn elsewhere(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Fail { .. } => blocked_by("RPC-010"),
        verdict => verdict,
    }
}

/// Where the reader of a finding looks.
pub(super) fn place(method: &str) -> Place {
    Place::Call {
        method: method.to_owned(),
    }
}
