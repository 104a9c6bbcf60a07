use crate::declare::requirement;
use crate::observed::{stderr, why_not_up};
use host::Launch;
use host::launch::Offer;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Without an offer the lowest major is announced.
    ///
    /// A host that is older than version negotiation sets no PLUGIN_PROTOCOL_VERSIONS; it speaks the oldest protocol.
    ///
    /// ## How it is judged
    ///
    /// One launch without the variable must print a line whose second field is not above the lowest major that hosts offer this plugin: 1, or the least of --app-protocols.
    ///
    /// ## Usual causes
    ///
    /// A plugin that ends with an error where PLUGIN_PROTOCOL_VERSIONS is not set, or announces its highest major then: the lowest is what an old host speaks.
    "HSK-014", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let lowest = case.plugin().majors.iter().min().copied().unwrap_or(1);
    let launch = Launch {
        offer: Offer::Unset,
        ..case.base()
    };
    let mut start = case.start(&launch).await?;
    let record = start.record().clone();
    start.finish().await;
    let announced = record.line.as_ref().map(|line| line.app);
    let seen = match announced {
        Some(announced) if announced <= i64::from(lowest) => return Ok(Verdict::Pass),
        Some(announced) => announced.to_string(),
        None => why_not_up(&record),
    };
    Ok(Verdict::fail(
        Finding::new("without PLUGIN_PROTOCOL_VERSIONS the lowest major is not announced")
            .at(Place::Handshake { field: 2 })
            .expected(lowest.to_string())
            .actual(seen)
            .with(stderr(&record)),
    ))
}
