use super::announced::{Form, launch_with};
use crate::declare::requirement;
use crate::observed::{blocked_by, stderr};
use host::Mode;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// PLUGIN_CLIENT_CERT is read as PEM text.
    ///
    /// The variable holds the host's certificate as PEM with its line breaks: neither base64 of it, nor one line, nor a path.
    ///
    /// ## How it is judged
    ///
    /// Where the usual AutoMTLS launch does not come up, others announce the certificate as base64 of PEM, of DER, and as one line: if one of these comes up, the breach is found.
    ///
    /// ## Usual causes
    ///
    /// A habit of passing PEM in one line, as base64: the variable holds it with its line breaks.
    "TLS-019", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    if !case.plugin().auto_mtls {
        return Ok(Verdict::not_claimed("AutoMTLS is declared away"));
    }
    if case.came_up(Mode::AutoMtls) {
        return Ok(Verdict::Pass);
    }
    let forms: [Form; 3] = [
        ("base64 of PEM text", |pem| base64(pem.as_bytes())),
        ("base64 of DER", |pem| {
            pem.lines()
                .filter(|line| !line.starts_with("-----"))
                .collect()
        }),
        ("one line", |pem| {
            pem.lines().collect::<Vec<_>>().join("\\n")
        }),
    ];
    for (form, write) in forms {
        if let Ok(mut session) = case.attempt(&launch_with(write)?).await? {
            let record = session.record().clone();
            session.stop().await;
            return Ok(Verdict::fail(
                Finding::new(format!("PLUGIN_CLIENT_CERT is read as {form}"))
                    .at(Place::Process)
                    .expected("PEM text with line breaks")
                    .actual(format!("AutoMTLS comes up with {form} alone"))
                    .with(stderr(&record)),
            ));
        }
    }
    Ok(match case.failed(Mode::AutoMtls) {
        Some(root) => blocked_by(root),
        None => Verdict::vacuous("AutoMTLS comes up with no form of the certificate"),
    })
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
