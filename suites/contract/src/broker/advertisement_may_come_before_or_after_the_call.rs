use super::dial_back::{Advertised, DialBack, attempt};
use crate::declare::requirement;
use crate::observed::not_aperios;
use host::services::Listen;
use host::session::ATTACH;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// An advertisement may come before or after the call.
    ///
    /// The broker stream and the call travel side by side; either may arrive first.
    ///
    /// ## How it is judged
    ///
    /// Two launches: one advertises right before Attach, one a second after the call began. Both must end with a connection.
    ///
    /// ## Usual causes
    ///
    /// A table of ids that is made in the handler; announcements that are read only while somebody waits.
    "BRK-006", Must, since "1.0", waits
}

async fn judge(case: &mut Case) -> Judgement {
    let Some(seen) = DialBack::seen(case, case.base().mode()).await? else {
        return Ok(not_aperios());
    };
    let lost = match (&seen.late, seen.out_of_reach()) {
        (Some(late), Some(_)) if late.connected() => ("before", seen.early.clone()),
        (_, Some(verdict)) => return Ok(verdict),
        (_, None) => {
            let late = attempt(case, &case.base(), &Listen::Loopback, Advertised::After).await?;
            if late.connected() {
                return Ok(Verdict::Pass);
            }
            ("a second after", late)
        }
    };
    let (when, attempt) = lost;
    let said = attempt
        .attached
        .err()
        .unwrap_or_else(|| "OK, without a connection".to_owned());
    Ok(Verdict::fail(
        Finding::new(format!(
            "an advertisement sent {when} the Attach call was lost"
        ))
        .at(Place::Call {
            method: ATTACH.to_owned(),
        })
        .expected("a connection to the advertised address")
        .actual(said)
        .with(attempt.evidence),
    ))
}
