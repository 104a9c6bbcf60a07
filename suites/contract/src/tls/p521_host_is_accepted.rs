use crate::declare::requirement;
use crate::observed::{stderr, why_not_up};
use host::Launch;
use host::identity::Curve;
use host::launch::Tls;
use runner::Case;
use terms::{Finding, Judgement, Verdict};

requirement! {
    /// A P-521 host is accepted.
    ///
    /// Every go-plugin host presents an ECDSA P-521 certificate, and nothing configures another curve. A TLS stack without that curve never meets one.
    ///
    /// ## How it is judged
    ///
    /// An AutoMTLS launch with a host certificate like go-plugin's. Where it brings no channel, one more with a P-256 certificate tells whether the curve is the cause; that launch explains, it turns no verdict to a pass.
    ///
    /// ## Usual causes
    ///
    /// BoringSSL, which grpcio carries: it neither offers nor accepts ecdsa_secp521r1_sha512.
    "TLS-014", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    if !case.plugin().auto_mtls {
        return Ok(Verdict::not_claimed("AutoMTLS is declared away"));
    }
    let refused = match case.attempt(&Launch::auto_mtls()).await? {
        Ok(session) => {
            session.stop().await;
            return Ok(Verdict::Pass);
        }
        Err(record) => record,
    };
    let smaller = Launch {
        tls: Tls::Auto(Curve::P256),
        ..Launch::default()
    };
    let Ok(session) = case.attempt(&smaller).await? else {
        // Another breach keeps every AutoMTLS host out, and is told by its own.
        return Ok(Verdict::vacuous(
            "no AutoMTLS launch came up, with neither curve",
        ));
    };
    session.stop().await;
    Ok(Verdict::fail(
        Finding::new("works with a P-256 host, not with go-plugin's P-521")
            .expected("a channel to a host with a P-521 certificate")
            .actual(why_not_up(&refused))
            .hint(
                "the plugin's TLS stack does not support P-521 client certificates (BoringSSL, as in grpcio): terminate TLS with OpenSSL",
            )
            .with(stderr(&refused)),
    ))
}
