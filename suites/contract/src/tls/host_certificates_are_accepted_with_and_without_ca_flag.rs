use crate::declare::requirement;
use crate::observed::stderr;
use host::identity::{Curve, HostIdentity, Kind};
use host::launch::Tls;
use host::{Launch, Mode};
use runner::Case;
use std::sync::Arc;
use terms::{Finding, Judgement, Trouble, Verdict};

requirement! {
    /// Host certificates are accepted with and without CA flag.
    ///
    /// go-plugin's are authorities of their own; those of other hosts are plain leaves. Either is the one certificate the plugin was told to trust.
    ///
    /// ## How it is judged
    ///
    /// AutoMTLS launches with a P-521 host certificate whose basic constraints say `CA:TRUE` (the usual launch) and `CA:FALSE`.
    "TLS-015", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    if !case.came_up(Mode::AutoMtls) {
        return Ok(Verdict::not_claimed("AutoMTLS does not come up"));
    }
    let kind = Kind {
        authority: false,
        ..Kind::default()
    };
    let identity = HostIdentity::issue(Curve::P521, kind).map_err(Trouble::harness)?;
    let announced = identity.pem.clone();
    let launch = Launch {
        tls: Tls::As {
            identity: Arc::new(identity),
            announced,
        },
        ..Launch::default()
    };
    match case.attempt(&launch).await? {
        Ok(session) => {
            session.stop().await;
            Ok(Verdict::Pass)
        }
        Err(record) => Ok(Verdict::fail(
            Finding::new("a host certificate without the CA flag is refused")
                .expected("a channel, as with the flag")
                .actual(match &record.channel {
                    Some(Err(failure)) => failure.text.clone(),
                    _ => "no usable line".to_owned(),
                })
                .with(stderr(&record)),
        )),
    }
}
