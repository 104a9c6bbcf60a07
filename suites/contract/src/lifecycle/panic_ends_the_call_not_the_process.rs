use crate::declare::requirement;
use crate::observed::not_aperios;
use bytes::Bytes;
use host::CallEnd;
use prost::Message;
use proto::aperio::plugin::v1 as api;
use runner::Case;
use std::collections::HashMap;
use terms::{Finding, Judgement, Place, Verdict};
use tonic::Request;

const SERVICE: &str = "aperio.plugin.v1.PluginService";

requirement! {
    /// A panic ends the call, not the process.
    ///
    /// A panic or an exception in a handler ends that call with INTERNAL; the process stays up, and with it every other call.
    ///
    /// ## How it is judged
    ///
    /// Hand-written odd requests, one after another in one launch: unknown enum numbers, missing messages, huge numbers, text with NUL and line breaks, empty keys. Each must be replied to, and the process must live. Generated requests belong to the property suites.
    ///
    /// ## Usual causes
    ///
    /// A table lookup by a number from the wire; a message field that is taken to be there.
    "LIFE-013", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    if !case.plugin().is_aperio() {
        return Ok(not_aperios());
    }
    let mut session = case.launch(&case.base()).await?;
    let mut findings = Vec::new();
    for (method, what, request) in odd_requests() {
        let method = format!("{SERVICE}/{method}");
        let end = session.caller().raw(&method, Request::new(request)).await;
        let end = session.settle(end).await;
        let seen = match end {
            CallEnd::Answer(()) | CallEnd::Refused(_) => continue,
            CallEnd::Died(exit) => format!("the process ended: {exit}"),
            end => end.to_string(),
        };
        findings.push(
            Finding::new(format!("{what} ended more than the call"))
                .at(Place::Call { method })
                .expected("an answer or a status, and a process that goes on")
                .actual(seen)
                .with(session.evidence()),
        );
        break;
    }
    session.finish().await;
    Ok(Verdict::of(findings))
}

fn odd_requests() -> Vec<(&'static str, &'static str, Bytes)> {
    let bytes = |message: &dyn Fn() -> Vec<u8>| Bytes::from(message());
    let config = |key: &str, value: &str| HashMap::from([(key.to_owned(), value.to_owned())]);
    let validate = |kind: i32, config: HashMap<String, String>| {
        let request = api::ValidateConfigRequest {
            kind,
            config,
            ..api::ValidateConfigRequest::default()
        };
        bytes(&|| request.encode_to_vec())
    };
    let describe = api::DescribeRequest {
        host_interface_version: Some(api::InterfaceVersion {
            major: u32::MAX,
            minor: u32::MAX,
        }),
        host_version: "\u{0}\n\u{202e}".to_owned(),
    };
    vec![
        ("Describe", "a description without a version", Bytes::new()),
        (
            "Describe",
            "a version of 4294967295",
            bytes(&|| describe.encode_to_vec()),
        ),
        (
            "ValidateConfig",
            "a kind of number 99",
            validate(99, HashMap::new()),
        ),
        (
            "ValidateConfig",
            "a negative kind",
            validate(-1, HashMap::new()),
        ),
        (
            "ValidateConfig",
            "an empty key",
            validate(1, config("", "")),
        ),
        (
            "ValidateConfig",
            "a key with NUL and a line break",
            validate(2, config("\u{0}\n", "\u{0}")),
        ),
        (
            "ValidateConfig",
            "a value of 64 KiB",
            validate(3, config("key", &"x".repeat(64 << 10))),
        ),
        ("CheckHealth", "a health request", Bytes::new()),
        ("Attach", "an empty Attach", Bytes::new()),
    ]
}
