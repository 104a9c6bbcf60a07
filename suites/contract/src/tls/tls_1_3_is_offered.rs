use crate::declare::requirement;
use crate::observed::{blocked_by, stderr};
use host::LaunchRecord;
use terms::{Finding, Judgement, Verdict};

requirement! {
    /// TLS 1.3 is offered.
    ///
    /// Hosts offer 1.2 and 1.3. TLS 1.2 with P-521 certificates has known faults in several stacks.
    ///
    /// ## How it is judged
    ///
    /// The version that an AutoMTLS launch settles on with a host that offers both must be 1.3. What a plugin would do below 1.2 cannot be seen: the host's TLS stack speaks nothing older.
    ///
    /// ## Usual causes
    ///
    /// A server whose highest version is set to 1.2; an old TLS library.
    "TLS-016", Should, since "1.0", record over tls
}

fn judge(record: &LaunchRecord) -> Judgement {
    let Some(Ok(facts)) = &record.channel else {
        return Ok(blocked_by("TLS-005"));
    };
    let seen = facts
        .tls_version
        .clone()
        .unwrap_or_else(|| "none".to_owned());
    if seen == "TLSv1_3" {
        return Ok(Verdict::Pass);
    }
    Ok(Verdict::fail(
        Finding::new("the plugin does not offer TLS 1.3")
            .expected("TLSv1_3")
            .actual(seen)
            .with(stderr(record)),
    ))
}
