use crate::declare::requirement;
use host::Session;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Hclog fields are strings.
    ///
    /// A go-plugin host panics over a JSON log line whose `@message`, `@level` or `@timestamp` is no string.
    ///
    /// ## How it is judged
    ///
    /// Every JSON object on stderr up to now.
    "LOG-008", Must, since "1.0", session
}

async fn judge(session: &mut Session) -> Judgement {
    session.health("plugin").await;
    let mut findings = Vec::new();
    for line in session.stderr().lines() {
        let Ok(serde_json::Value::Object(entry)) = serde_json::from_slice(&line.bytes) else {
            continue;
        };
        for name in ["@message", "@level", "@timestamp"] {
            if let Some(value) = entry.get(name).filter(|value| !value.is_string()) {
                findings.push(
                    Finding::new(format!("{name} of a log line is no string"))
                        .at(Place::Output { stream: "stderr".to_owned(), line: line.number })
                        .expected("a string")
                        .actual(value.to_string()),
                );
            }
        }
    }
    Ok(Verdict::of(findings))
}
