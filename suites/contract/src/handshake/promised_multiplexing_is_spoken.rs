use crate::declare::requirement;
use crate::multiplexed;
use crate::observed::{stderr, why_not_up};
use host::Mode;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Promised multiplexing is spoken.
    ///
    /// A seventh field that says true makes the host a yamux client: the main channel is the first stream, and TLS, where there is any, lies inside each stream. Nobody else expects yamux.
    ///
    /// ## How it is judged
    ///
    /// A channel of any launch without the variable that fails because yamux is spoken is a breach. One launch of each mode sets PLUGIN_MULTIPLEX_GRPC=true. Where the line promises multiplexing, the first stream of a yamux connection must bring a health answer. A mode that does not work without multiplexing is left out.
    ///
    /// ## Usual causes
    ///
    /// A seventh field that echoes the variable; TLS around yamux instead of inside it.
    "HSK-026", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let (mut findings, mut promised) = (Vec::new(), false);
    for mode in [Mode::Plain, Mode::AutoMtls] {
        if !case.came_up(mode) {
            continue;
        }
        let record = multiplexed::seen(case, mode).await?;
        if !multiplexed::is_promised(&record) {
            continue;
        }
        promised = true;
        if !matches!(record.channel, Some(Ok(_))) {
            findings.push(
                Finding::new(format!(
                    "multiplexing is promised and does not work ({mode} launch)"
                ))
                .at(Place::Handshake { field: 7 })
                .expected("a health answer over the first stream of a yamux connection")
                .actual(why_not_up(&record))
                .with(stderr(&record)),
            );
        }
    }
    if !promised {
        return Ok(Verdict::not_claimed(
            "the plugin does not promise multiplexing",
        ));
    }
    Ok(Verdict::of(findings))
}
