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
    /// A major that is written into the line without a look at PLUGIN_PROTOCOL_VERSIONS; the first common one in place of the highest.
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
                    .hint("a plugin that is not Aperio's has majors of its own: --app-protocols names them")
                    .with(stderr(&record)),
            );
        }
    }
    Ok(Verdict::of(findings))
}
