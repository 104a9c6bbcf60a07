use crate::declare::requirement;
use crate::health_call::{check, seen};
use crate::observed::blocked_by;
use bytes::Bytes;
use host::call::HEALTH;
use host::session::DESCRIBE;
use host::wire::Question;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Unknown metadata is ignored.
    ///
    /// Hosts, proxies and tracing libraries add headers that a plugin has never heard of.
    ///
    /// ## How it is judged
    ///
    /// A health check, and for Aperio's plugins Describe, with a dozen headers nobody knows: text, binary, empty, long, twice the same. The code must be the one of the same call without them.
    ///
    /// ## Usual causes
    ///
    /// An interceptor that reads every header and expects one form of value.
    "ROB-005", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mut calls = vec![(HEALTH, check("plugin"))];
    if case.plugin().is_aperio() {
        calls.push((DESCRIBE, Bytes::new()));
    }
    let mut session = case.launch(&case.base()).await?;
    let Ok(mut wire) = session.wire().await else {
        session.finish().await;
        return Ok(blocked_by("RPC-002"));
    };
    let (mut findings, mut compared) = (Vec::new(), false);
    for (method, message) in calls {
        let mut question = Question::new(method, message);
        let Ok(without) = wire.ask(&question).await else {
            continue;
        };
        question.headers.extend(unknown());
        let with = wire.ask(&question).await;
        compared = true;
        if with
            .as_ref()
            .is_ok_and(|with| with.code() == without.code())
        {
            continue;
        }
        let seen = seen(&mut session, &with).await;
        findings.push(
            Finding::new("a call with unknown metadata ends otherwise")
                .at(Place::Call {
                    method: method.to_owned(),
                })
                .expected(without.to_string())
                .actual(seen)
                .with(session.evidence()),
        );
        break;
    }
    session.finish().await;
    Ok(if compared {
        Verdict::of(findings)
    } else {
        Verdict::vacuous("no call was replied to without them")
    })
}

fn unknown() -> Vec<(String, String)> {
    let long = "x".repeat(1 << 10);
    let headers = [
        ("x-aperio-nonesuch", "1"),
        ("x-aperio-nonesuch", "2"),
        ("x-aperio-empty", ""),
        ("x-aperio-long", &long),
        ("x-aperio-odd", "%00 = \"; ,\\"),
        ("x-aperio-nonesuch-bin", "AAECA/8"),
        ("x-request-id", "7f6b2a34-0d0c-4c39-9f57-0b8f0e3f3f01"),
        ("x-b3-traceid", "80f198ee56343ba864fe8b2a57d3eff7"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        ("baggage", "key=value"),
        ("forwarded", "for=192.0.2.60;proto=http"),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    headers.into_iter().map(owned).collect()
}
