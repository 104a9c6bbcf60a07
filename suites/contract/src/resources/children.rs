//! The processes a plugin starts, seen once a run and read by every check of
//! them.

use crate::operation::Operation;
use host::tree::{self, Member};
use runner::Case;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terms::Stopped;

/// Light operations during which is looked.
const OPERATIONS: usize = 8;

/// What was seen of one launch.
#[derive(Debug, Clone)]
pub(super) struct Children {
    /// Each process beside the plugin itself, as it was last seen.
    pub(super) seen: Vec<Member>,
    /// The command line of the plugin itself.
    pub(super) command: String,
    /// The process group of the started process.
    pub(super) group: i32,
    /// Names of the variables that the launch alone is about.
    pub(super) variables: BTreeSet<String>,
}

/// The children of one launch, up to its first answer and during a few light
/// operations.
pub(super) async fn children(case: &Case) -> Result<Arc<Children>, Stopped> {
    case.lend("children", async |case| {
        let mut session = case.launch(&case.base()).await?;
        let cookie = session.plugin().cookie.key.clone();
        let record = session.record();
        let temp = record.temp.clone();
        let variables = record
            .env
            .keys()
            .filter(|name| name.starts_with("PLUGIN_") || **name == cookie)
            .cloned()
            .collect();
        let started = session.process().pid();
        let address = session.line().address.clone();
        let members = tree::members(&temp);
        // Behind a wrapper the plugin itself is a child, too.
        let server = tree::holder(&members, &address).unwrap_or(started);
        let command = members
            .iter()
            .find(|member| member.pid == server)
            .map(|member| member.command.clone())
            .unwrap_or_default();
        let own = lineage(&members, server);
        let mut seen = BTreeMap::new();
        let mut look = || {
            seen.extend(
                tree::members(&temp)
                    .into_iter()
                    .filter(|member| member.pid != started && !own.contains(&member.pid))
                    .map(|member| (member.pid, member)),
            );
        };
        look();
        if let Some(operation) = Operation::of(&mut session).await? {
            for _ in 0..OPERATIONS {
                let (caller, during) = (session.caller(), operation.clone());
                let calling = tokio::spawn(async move { during.call(&caller).await });
                tokio::task::yield_now().await;
                look();
                let end = calling
                    .await
                    .map_err(|error| terms::Trouble::harness(error.to_string()))?;
                let end = session.settle(end).await;
                let _ = session.replied(operation.method(), end)?;
            }
        }
        look();
        session.stop().await;
        Ok(Children {
            seen: seen.into_values().collect(),
            command,
            group: started,
            variables,
        })
    })
    .await
}

/// A process and those above it.
fn lineage(members: &[Member], pid: i32) -> BTreeSet<i32> {
    let mut own = BTreeSet::from([pid]);
    let mut at = pid;
    while let Some(member) = members.iter().find(|member| member.pid == at) {
        if !own.insert(member.parent) {
            break;
        }
        at = member.parent;
    }
    own
}
