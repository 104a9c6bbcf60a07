use super::dial_back::DialBack;
use crate::declare::requirement;
use host::Mode;
use host::session::ATTACH;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// The dial-back presents the plugin's certificate.
    ///
    /// Under AutoMTLS the host's services take one client: the plugin, known by the certificate of its handshake line.
    ///
    /// ## How it is judged
    ///
    /// An AutoMTLS launch attaches; the host's server asks for the certificate in field 6 and takes no other.
    ///
    /// ## Usual causes
    ///
    /// A dial-back in plain text, or with a configuration that holds no certificate.
    "BRK-011", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let Some(seen) = DialBack::seen(case, Mode::AutoMtls).await? else {
        return Ok(Verdict::not_claimed(
            "not Aperio's, or AutoMTLS does not come up",
        ));
    };
    let refused = seen
        .early
        .connections
        .iter()
        .find_map(|connection| connection.refused.clone());
    match refused {
        Some(refusal) if !seen.host_was_refused() => Ok(Verdict::fail(
            Finding::new("the plugin did not prove who it is when it dialled back")
                .at(Place::Call {
                    method: ATTACH.to_owned(),
                })
                .expected("TLS with the certificate of field 6")
                .actual(refusal.text)
                .with(seen.early.evidence.clone()),
        )),
        _ => Ok(seen.out_of_reach().unwrap_or(Verdict::Pass)),
    }
}
