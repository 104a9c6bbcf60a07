use crate::declare::requirement;
use crate::observed::stderr;
use host::launch::Offer;
use host::{Arrival, Launch};
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// The highest common interface major is announced.
    ///
    /// The application version in the line is the highest major in both PLUGIN_PROTOCOL_VERSIONS and the plugin's own set; never one it does not serve.
    ///
    /// ## How it is judged
    ///
    /// The plugin's majors are offered; the answer must be the highest of them. Then 9999 alone is offered, which nobody serves: the answer must be another number, or no line and a code other than 0.
    ///
    /// ## Usual causes
    ///
    /// The offer is echoed, whether the plugin serves it or not; a fixed major that nobody offered; the first common one in place of the highest; silence, or exit code 0, where none is common.
    "LIFE-003", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let majors = case.plugin().majors.clone();
    let mut findings = Vec::new();
    for (offer, highest) in [
        (Offer::Majors, majors.iter().max().copied()),
        (Offer::Text("9999".to_owned()), None),
    ] {
        let launch = Launch {
            offer: offer.clone(),
            ..case.base()
        };
        let mut start = case.start(&launch).await?;
        let record = start.record().clone();
        start.finish().await;
        let announced = record.line.as_ref().map(|line| line.app);
        let breach = match (announced, highest) {
            (Some(announced), Some(highest)) => announced != i64::from(highest),
            (Some(announced), None) => announced == 9999,
            (None, Some(_)) => true,
            // Whoever has no major to offer says so by its exit, not by silence.
            (None, None) => {
                !matches!(record.arrival, Arrival::Exited { exit, .. } if !exit.is_clean())
            }
        };
        if breach {
            findings.push(
                Finding::new("the announced version does not follow the offer")
                    .at(Place::Handshake { field: 2 })
                    .expected(highest.map_or("a major the plugin serves".to_owned(), |major| major.to_string()))
                    .actual(announced.map_or("no usable line".to_owned(), |version| version.to_string()))
                    .hint("announce the highest number that is in PLUGIN_PROTOCOL_VERSIONS and among the plugin's own; --app-protocols names the majors of a plugin that is not Aperio's")
                    .with(stderr(&record)),
            );
        }
    }
    Ok(Verdict::of(findings))
}
