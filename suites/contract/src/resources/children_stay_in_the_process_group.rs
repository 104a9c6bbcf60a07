use super::children::children;
use crate::declare::requirement;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Children stay in the process group.
    ///
    /// A host that has to kill a plugin kills its process group. A child that has left it lives on.
    ///
    /// ## How it is judged
    ///
    /// Every process that the launch has started, known by a mark it inherits or by the launch's TMPDIR, must be in the group of the started one, looked at after the first answer and during eight light operations of an Aperio plugin. A plugin that starts no process is not judged.
    ///
    /// ## Usual causes
    ///
    /// `setsid`, a shell with job control, a library that starts its helpers as daemons.
    "RES-007", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let children = children(case).await?;
    if children.seen.is_empty() {
        return Ok(Verdict::not_claimed("the plugin starts no process"));
    }
    let findings = children
        .seen
        .iter()
        .filter(|child| child.group != children.group)
        .map(|child| {
            Finding::new(format!(
                "a child has left the plugin's process group: {}",
                child.name
            ))
            .at(Place::Process)
            .expected("the group of the started process")
            .actual(child.command.clone())
        })
        .take(5)
        .collect();
    Ok(Verdict::of(findings))
}
