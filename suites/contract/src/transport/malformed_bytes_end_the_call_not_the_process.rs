use crate::declare::requirement;
use bytes::Bytes;
use host::CallEnd;
use host::call::HEALTH;
use host::session::DESCRIBE;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};
use tonic::{Code, Request};

requirement! {
    /// Malformed bytes end the call, not the process.
    ///
    /// A request that is no protobuf message ends with INTERNAL, as gRPC's list of codes has it, or with INVALID_ARGUMENT.
    ///
    /// ## How it is judged
    ///
    /// Health checks, and for Aperio's plugins Describe, with bytes that are no message: a length beyond the end, an unfinished number, a field of number 0. Each must end with one of the two codes, and the process must live.
    ///
    /// ## Usual causes
    ///
    /// A decoder that is trusted to succeed; a runtime that tells every exception as UNKNOWN; protobufjs on Node, which reads a string that was cut as a shorter one and carries the request out.
    "RPC-005", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mut methods = vec![HEALTH];
    if case.plugin().is_aperio() {
        methods.push(DESCRIBE);
    }
    let mut session = case.launch(&case.base()).await?;
    let mut findings = Vec::new();
    'calls: for method in methods {
        for (what, bytes) in malformed() {
            let end = session.caller().raw(method, Request::new(bytes)).await;
            let end = session.settle(end).await;
            if matches!(end.code(), Some(Code::Internal | Code::InvalidArgument)) {
                continue;
            }
            let lost = matches!(
                end,
                CallEnd::Died(_) | CallEnd::Broken(_) | CallEnd::Silent(_)
            );
            findings.push(
                Finding::new(format!("{what} does not end the call as it should"))
                    .at(Place::Call {
                        method: method.to_owned(),
                    })
                    .expected("INTERNAL or INVALID_ARGUMENT")
                    .actual(end.to_string())
                    .with(session.evidence()),
            );
            if lost {
                break 'calls;
            }
            // What a runtime makes of one it mostly makes of all: one is told.
            break;
        }
    }
    session.finish().await;
    Ok(Verdict::of(findings))
}

fn malformed() -> [(&'static str, Bytes); 3] {
    [
        (
            "a length beyond the end",
            Bytes::from_static(b"\x0a\x7fplugin"),
        ),
        ("an unfinished number", Bytes::from_static(b"\x08\xff\xff")),
        ("a field of number 0", Bytes::from_static(b"\x02\x01x")),
    ]
}
