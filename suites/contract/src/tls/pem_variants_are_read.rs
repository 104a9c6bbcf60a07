use super::announced::{Form, launch_with};
use crate::declare::requirement;
use crate::observed::{stderr, why_not_up};
use host::Mode;
use runner::Case;
use terms::{Finding, Judgement, Verdict};

requirement! {
    /// PEM variants are read.
    ///
    /// Other hosts write PEM with CRLF, without the last newline, or with a blank line before it.
    ///
    /// ## How it is judged
    ///
    /// One AutoMTLS launch for each variant must come up as with the usual text.
    ///
    /// ## Usual causes
    ///
    /// PEM that is cut into lines by hand; a comparison with the text that the own library writes.
    "TLS-020", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    if !case.came_up(Mode::AutoMtls) {
        return Ok(Verdict::not_claimed("AutoMTLS does not come up"));
    }
    let variants: [Form; 3] = [
        ("with CRLF", |pem| {
            pem.replace("\r\n", "\n").replace('\n', "\r\n")
        }),
        ("without the last newline", |pem| pem.trim_end().to_owned()),
        ("after a blank line", |pem| format!("\n{pem}")),
    ];
    let mut findings = Vec::new();
    for (variant, write) in variants {
        match case.attempt(&launch_with(write)?).await? {
            Ok(session) => {
                session.stop().await;
            }
            Err(record) => findings.push(
                Finding::new(format!("a host certificate {variant} is not read"))
                    .expected("a channel, as with the usual text")
                    .actual(why_not_up(&record))
                    .with(stderr(&record)),
            ),
        }
    }
    Ok(Verdict::of(findings))
}
