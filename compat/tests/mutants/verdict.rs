//! What a comparison asks for.

use super::releases::Files;
use crate::side::{Ask, loaded};
use compat::aperio::Outcome;
use compat::effect::Demand;
use compat::{Channel, DescriptorSet, Policy, annotation};
use std::collections::BTreeSet;

/// The channels of the interface.
pub(crate) const CHANNELS: [Channel; 4] = [
    Channel::Wire,
    Channel::Json,
    Channel::SourceGo,
    Channel::SourcePy,
];

/// What was found.
pub(crate) struct Verdict {
    outcome: Outcome,
}

impl Verdict {
    /// The bump, or that it is refused at any.
    pub(crate) fn word(&self) -> &'static str {
        if self.is_refused() {
            Demand::Refused.name()
        } else {
            self.outcome.overall.name()
        }
    }

    /// The bump, whatever is refused beside.
    pub(crate) fn bump(&self) -> &'static str {
        self.outcome.overall.name()
    }

    pub(crate) fn is_refused(&self) -> bool {
        let mut changes = self.outcome.findings.iter();
        changes
            .any(|finding| finding.demand == Demand::Refused && finding.channel != Channel::Release)
    }

    /// How often a rule found something.
    pub(crate) fn count(&self, rule: &str) -> usize {
        let findings = self.outcome.findings.iter();
        findings.filter(|finding| finding.rule.id == rule).count()
    }

    /// The rules that found something.
    pub(crate) fn rules(&self) -> BTreeSet<&'static str> {
        let findings = self.outcome.findings.iter();
        findings.map(|finding| finding.rule.id).collect()
    }

    /// Every finding in one line each.
    pub(crate) fn told(&self) -> String {
        let findings = self.outcome.findings.iter();
        let lines = findings.map(|finding| {
            format!(
                "    {} {} {}: {}\n",
                finding.rule.id,
                finding.channel.name(),
                finding.demand.name(),
                finding.message
            )
        });
        lines.collect()
    }
}

/// Compares two trees as releases, for some channels.
pub(crate) fn compare(
    channels: &[Channel],
    old: &Files,
    new: &Files,
    base: &str,
    declared: &'static str,
) -> Verdict {
    let load = |files: &Files| {
        let files = files.iter();
        let files: Vec<(&str, &str)> = files
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        let loaded = loaded(&files);
        annotation::check_read(&DescriptorSet::parse(&loaded.bytes).unwrap()).unwrap();
        loaded
    };
    let ask = Ask {
        declared: Some(declared),
        policy: Policy {
            channels: channels.iter().copied().collect(),
            ..Policy::default()
        },
        ..Ask::default()
    };
    Verdict {
        outcome: ask.of(&[(base, &load(old))], &load(new)),
    }
}
