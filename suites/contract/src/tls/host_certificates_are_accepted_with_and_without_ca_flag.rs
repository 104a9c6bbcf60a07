use super::announced::launch_as;
use crate::declare::requirement;
use crate::observed::{stderr, why_not_up};
use host::Mode;
use host::identity::Kind;
use runner::Case;
use terms::{Finding, Judgement, Verdict};

requirement! {
    /// Host certificates are accepted with and without CA flag.
    ///
    /// go-plugin's are authorities of their own; those of other hosts are plain leaves. Either is the one certificate the plugin was told to trust.
    ///
    /// ## How it is judged
    ///
    /// The usual AutoMTLS launch has a P-521 host certificate whose basic constraints say `CA:TRUE`; one more, with `CA:FALSE`, must come up like it.
    ///
    /// ## Usual causes
    ///
    /// A store that takes authorities only: trust the one certificate as it is.
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
    match case.attempt(&launch_as(kind)?).await? {
        Ok(session) => {
            session.stop().await;
            Ok(Verdict::Pass)
        }
        Err(record) => Ok(Verdict::fail(
            Finding::new("a host certificate without the CA flag is refused")
                .expected("a channel, as with the flag")
                .actual(why_not_up(&record))
                .with(stderr(&record)),
        )),
    }
}
