use crate::declare::requirement;
use crate::observed::stderr;
use host::certificate::public_key;
use host::handshake::Departure;
use host::{Launch, Mode};
use runner::Case;
use terms::{Finding, Judgement, Lost, Manner, Place, Verdict};

/// Launches that are compared.
const LAUNCHES: usize = 3;

requirement! {
    /// Every launch has a new key.
    ///
    /// A key that comes with the binary is everybody's key: whoever has the file can stand in for the plugin.
    ///
    /// ## How it is judged
    ///
    /// The public keys of field 6 in three AutoMTLS launches must differ. A field that needs padding in one of them only is told as TLS-003.
    ///
    /// ## Usual causes
    ///
    /// A key in the binary, in a file beside it, or from a seed that never changes.
    "TLS-013", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    if !case.came_up(Mode::AutoMtls) {
        return Ok(Verdict::not_claimed("AutoMTLS does not come up"));
    }
    let mut keys = Vec::new();
    for _ in 0..LAUNCHES {
        let mut start = case.start(&Launch::auto_mtls()).await?;
        let record = start.record().clone();
        start.finish().await;
        let padded = record
            .lints
            .iter()
            .find(|lint| lint.kind == Departure::CertificateEncoding);
        if let Some(lint) = padded {
            let finding = Finding::new(format!("{}, in some launches only", lint.text))
                .at(Place::Handshake { field: 6 })
                .expected("unpadded standard base64")
                .actual(lint.seen.clone())
                .with(stderr(&record));
            return Err(Lost {
                manner: Manner::Line,
                root: Some("TLS-003"),
                finding: Box::new(finding),
            }
            .into());
        }
        let der = record
            .line
            .as_ref()
            .and_then(|line| line.certificate.as_deref());
        keys.extend(der.and_then(public_key));
    }
    if keys.len() < LAUNCHES {
        return Ok(Verdict::vacuous("a launch announced no certificate"));
    }
    keys.sort();
    keys.dedup();
    if keys.len() == LAUNCHES {
        return Ok(Verdict::Pass);
    }
    Ok(Verdict::fail(
        Finding::new("launches share a key")
            .at(Place::Handshake { field: 6 })
            .expected(format!("{LAUNCHES} keys in {LAUNCHES} launches"))
            .actual(format!("{}", keys.len())),
    ))
}
