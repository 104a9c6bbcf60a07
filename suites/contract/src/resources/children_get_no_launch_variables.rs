use super::children::children;
use crate::declare::requirement;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Children get no launch variables.
    ///
    /// The cookie and go-plugin's variables are between a host and the process it starts. A child that inherits them takes itself for a plugin, or hands them on.
    ///
    /// ## How it is judged
    ///
    /// The environment of every process below the plugin, looked at after the first answer and during eight light operations of an Aperio plugin: none of the variables of the launch. TMPDIR and PATH are not meant. A mere fork of the plugin, with its command line, keeps what its parent was given and is not judged; neither is a plugin that starts no process.
    ///
    /// ## Usual causes
    ///
    /// A command that is run with the whole environment.
    "RES-001", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let children = children(case).await?;
    let mut others = children
        .seen
        .iter()
        .filter(|child| child.command != children.command)
        .peekable();
    if others.peek().is_none() {
        return Ok(Verdict::not_claimed("the plugin starts no process"));
    }
    let findings = others
        .filter_map(|child| {
            let passed: Vec<&str> = children
                .variables
                .intersection(&child.variables)
                .map(String::as_str)
                .collect();
            (!passed.is_empty()).then(|| {
                Finding::new(format!(
                    "a child was given variables of the launch: {}",
                    child.name
                ))
                .at(Place::Process)
                .expected(format!("none of {}", names(&children.variables)))
                .actual(passed.join(", "))
            })
        })
        .take(5)
        .collect();
    Ok(Verdict::of(findings))
}

fn names(variables: &std::collections::BTreeSet<String>) -> String {
    variables
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
