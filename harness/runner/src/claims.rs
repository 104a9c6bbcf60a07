//! What selection needs to know of a plugin, asked of the plugin itself.

use crate::Interrupt;
use crate::case::{attempt, not_up};
use crate::execute::in_case;
use host::{Arrival, Launch, Limits, Plugin};
use proto::aperio::plugin::v1 as api;
use std::sync::Arc;
use terms::Trouble;

/// What a plugin says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// The description, where there is one to be had.
    pub described: Option<Described>,
    /// Why there is none. No judgement: the checks find the breach.
    pub trouble: Option<String>,
}

/// The part of a plugin's description that bears on selection and reports.
/// The texts are the plugin's: whoever prints them escapes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Described {
    /// `publisher/name`.
    pub id: String,
    /// Version of the plugin.
    pub version: String,
    /// `connector`, `remediation`, `destination`.
    pub kinds: Vec<String>,
    /// Names of capabilities.
    pub capabilities: Vec<String>,
    /// The interface it was built for, as (major, minor).
    pub interface: Option<(u32, u32)>,
}

/// Characters kept of a text and entries kept of a list that a plugin sends.
const MOST: usize = 200;

/// Starts the plugin once (plain, else under AutoMTLS) and asks it to describe
/// itself. A plugin that is not Aperio's, or that runs already, is not asked.
pub fn survey(plugin: &Arc<Plugin>, limits: &Limits, interrupt: &Interrupt) -> Claims {
    // A running plugin opens its streams once, for the judges.
    if !plugin.is_aperio() || plugin.running.is_some() {
        return Claims::default();
    }
    let asked = in_case(limits, interrupt, || ask(plugin, limits));
    match asked {
        Ok(Some(described)) => Claims {
            described: Some(described),
            trouble: None,
        },
        Ok(None) => Claims::default(),
        Err(trouble) => Claims {
            described: None,
            trouble: Some(match trouble {
                Trouble::Vacuous { why } => why,
                other => other.to_string(),
            }),
        },
    }
}

async fn ask(plugin: &Arc<Plugin>, limits: &Limits) -> Result<Described, Trouble> {
    let mut session = match attempt(plugin, &Launch::default(), limits).await? {
        Ok(session) => session,
        // What never prints a line prints none under AutoMTLS either.
        Err(record) if !plugin.auto_mtls || !matches!(record.arrival, Arrival::Line { .. }) => {
            return Err(Trouble::Vacuous {
                why: not_up(&record).message,
            });
        }
        Err(_) => attempt(plugin, &Launch::auto_mtls(), limits)
            .await?
            .map_err(|record| Trouble::Vacuous {
                why: not_up(&record).message,
            })?,
    };
    let described = session.describe().await;
    session.stop().await;
    let why = match described {
        Ok(Ok(described)) => return Ok(Described::from(&*described)),
        Ok(Err(status)) => format!("Describe ends in {:?}: {}", status.code(), status.message()),
        Err(lost) => lost.finding.message,
    };
    Err(Trouble::Vacuous { why: cut(&why) })
}

impl From<&api::DescribeResponse> for Described {
    fn from(described: &api::DescribeResponse) -> Self {
        let identity = described.identity.clone().unwrap_or_default();
        let named = |prefix: &str, name: Option<&'static str>, number: i32| {
            name.and_then(|name| name.strip_prefix(prefix))
                .map_or_else(|| format!("number {number}"), str::to_owned)
        };
        Described {
            id: cut(&identity.id),
            version: cut(&identity.version),
            kinds: described
                .kinds
                .iter()
                .take(MOST)
                .map(|&number| {
                    let name = api::PluginKind::try_from(number).ok();
                    let name = name.map(|kind| kind.as_str_name());
                    named("PLUGIN_KIND_", name, number).to_ascii_lowercase()
                })
                .collect(),
            capabilities: described
                .capabilities
                .iter()
                .take(MOST)
                .map(|&number| {
                    let name = api::Capability::try_from(number).ok();
                    named("CAPABILITY_", name.map(|one| one.as_str_name()), number)
                })
                .collect(),
            interface: described
                .interface_version
                .as_ref()
                .map(|version| (version.major, version.minor)),
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MOST).collect()
}
