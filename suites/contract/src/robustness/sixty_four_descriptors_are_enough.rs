use crate::declare::requirement;
use crate::observed::{stderr, why_not_up};
use crate::operation::Operation;
use futures::future::join_all;
use host::call::HEALTH;
use host::{CallEnd, Launch};
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

const DESCRIPTORS: u64 = 64;
/// Connections beside the first one.
const CONNECTIONS: usize = 4;
/// Light operations side by side.
const OPERATIONS: usize = 8;

requirement! {
    /// 64 descriptors are enough.
    ///
    /// A host runs hundreds of plugins and gives each what it needs. A few connections and calls do not need more than 64 open descriptors.
    ///
    /// ## How it is judged
    ///
    /// A launch with that limit must come up, serve four further connections and eight light operations at once, and still be healthy. A failure counts when it shows twice, and not without the limit.
    ///
    /// ## Usual causes
    ///
    /// Pools that are opened in advance; a descriptor for each thread.
    "ROB-004", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let limited = Some(DESCRIPTORS);
    if broken(case, limited).await?.is_none() {
        return Ok(Verdict::Pass);
    }
    let Some(finding) = broken(case, limited).await? else {
        return Ok(Verdict::Pass);
    };
    Ok(match broken(case, None).await? {
        None => Verdict::fail(finding),
        // What fails without the limit, too, is no matter of descriptors.
        Some(other) => Verdict::vacuous(format!(
            "without the limit it is no better: {}",
            other.actual.unwrap_or(other.message)
        )),
    })
}

async fn broken(case: &Case, open_files: Option<u64>) -> Result<Option<Finding>, terms::Stopped> {
    let launch = Launch {
        open_files,
        ..case.base()
    };
    let mut session = match case.attempt(&launch).await? {
        Ok(session) => session,
        Err(record) => {
            return Ok(Some(
                Finding::new("the plugin does not start with 64 descriptors")
                    .at(Place::Process)
                    .expected("a line and a health answer")
                    .actual(why_not_up(&record))
                    .with(stderr(&record)),
            ));
        }
    };
    let operation = Operation::of(&mut session).await?;
    let mut callers = vec![session.caller()];
    let mut lost = None;
    for _ in 0..CONNECTIONS {
        match session.another_connection().await {
            Ok(caller) => callers.push(caller),
            Err(failure) => {
                lost = Some(("a connection".to_owned(), failure.text));
                break;
            }
        }
    }
    let mut ends: Vec<(&str, CallEnd<()>)> = Vec::new();
    if let Some(operation) = &operation {
        let callers = callers.iter().cycle().take(OPERATIONS);
        let made = join_all(callers.map(|caller| operation.call(caller))).await;
        ends.extend(made.into_iter().map(|end| (operation.method(), end)));
    }
    let healths = join_all(callers.iter().map(|caller| caller.health("plugin"))).await;
    ends.extend(healths.into_iter().map(|end| (HEALTH, end.map(|_| ()))));
    for (method, end) in ends {
        if lost.is_none() && !end.replied() {
            lost = Some((method.to_owned(), session.settle(end).await.to_string()));
        }
    }
    let evidence = session.evidence();
    session.stop().await;
    Ok(lost.map(|(what, seen)| {
        Finding::new("the plugin does not serve with 64 descriptors")
            .at(Place::Process)
            .expected(format!(
                "{} connections, {OPERATIONS} operations and health",
                CONNECTIONS + 1
            ))
            .actual(format!("{what}: {seen}"))
            .with(evidence)
    }))
}
