//! What a comparison asks for.

use super::releases::{Files, compiled};
use compat::aperio::{self, Base, Comparison};
use compat::buf::Scope;
use compat::effect::Demand;
use compat::load::{Input, Protox, Roots};
use compat::{Channel, Declared, DescriptorSet, Policy, canon, waiver};
use std::collections::BTreeSet;

/// The channels of the interface.
pub(crate) const CHANNELS: [Channel; 4] = [
    Channel::Wire,
    Channel::Json,
    Channel::SourceGo,
    Channel::SourcePy,
];

/// What was found, by rule and what each asks for in every channel.
pub(crate) struct Verdict {
    pub(crate) hits: Vec<Said>,
}

/// One finding.
pub(crate) struct Said {
    pub(crate) rule: &'static str,
    pub(crate) message: String,
    pub(crate) demands: Vec<(Channel, Demand)>,
}

impl Verdict {
    /// What some channels ask for together.
    pub(crate) fn demand(&self, channels: &[Channel]) -> &'static str {
        let demands = self.hits.iter().flat_map(|said| &said.demands);
        let demands = demands.filter(|(channel, _)| channels.contains(channel));
        demands
            .map(|(_, demand)| *demand)
            .max()
            .map_or("none", Demand::name)
    }

    /// The rules that ask for something anywhere.
    pub(crate) fn rules(&self) -> BTreeSet<&'static str> {
        self.hits.iter().map(|said| said.rule).collect()
    }

    /// Every finding in one line each.
    pub(crate) fn told(&self) -> String {
        let line = |said: &Said| {
            let demands = said.demands.iter();
            let demands: Vec<String> = demands
                .map(|(channel, demand)| format!("{} {}", channel.name(), demand.name()))
                .collect();
            format!(
                "    {} [{}] {}\n",
                said.rule,
                demands.join(", "),
                said.message
            )
        };
        self.hits.iter().map(line).collect()
    }
}

/// Compares two trees as releases.
pub(crate) fn compare(old: &Files, new: &Files, base: &str, declared: &str) -> Verdict {
    let [old, new] = [old, new].map(|files| {
        let input = Input::Bytes(compiled(files));
        input.load(&Roots::default(), &Protox).unwrap()
    });
    let [old_set, new_set] =
        [&old, &new].map(|loaded| DescriptorSet::parse(&loaded.bytes).unwrap());
    let digest = |set: &DescriptorSet<'_>| {
        let files = canon::closure(set, &[], false);
        canon::digest(set, files).unwrap()
    };
    let policy = Policy {
        channels: CHANNELS.into_iter().collect(),
        ..Policy::default()
    };
    let outcome = aperio::check(&Comparison {
        new: &new_set,
        digest: digest(&new_set),
        loaded: &new,
        bases: vec![Base {
            reference: base.to_owned(),
            version: Some(base.parse().unwrap()),
            set: &old_set,
            digest: digest(&old_set),
            locked: false,
            comments: None,
        }],
        declared: Some(Declared::parse(declared).unwrap()),
        policy: &policy,
        scope: Scope {
            exclude_built_in: true,
            ..Scope::default()
        },
        edited: Vec::new(),
        waivers: &[],
        today: waiver::today(),
    });
    let findings = outcome.unwrap().findings.into_iter();
    let said = findings.map(|finding| Said {
        rule: finding.rule.id,
        demands: match finding.channel {
            Channel::All => CHANNELS.map(|channel| (channel, finding.demand)).to_vec(),
            channel => vec![(channel, finding.demand)],
        },
        message: finding.message,
    });
    Verdict {
        hits: said.collect(),
    }
}
