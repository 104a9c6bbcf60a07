//! What a comparison asks for.

use super::releases::{Files, compiled};
use compat::effect::Demand;
use compat::occasion::Occasion;
use compat::pair::Part;
use compat::{Channel, DescriptorSet, Hit, World, annotation, catalog, pair};
use semver::Version;
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
            format!("    {} [{}] {}\n", said.rule, demands.join(", "), said.message)
        };
        self.hits.iter().map(line).collect()
    }
}

/// What one finding asks for in one channel.
fn demand(hit: &Hit, channel: Channel) -> Option<Demand> {
    let said = |wanted: Channel| {
        let demands = hit.demands.iter();
        demands
            .filter(|(channel, _)| *channel == wanted)
            .map(|(_, demand)| *demand)
            .max()
    };
    let of_rule = hit.rule.aperio.contains(&channel) || hit.rule.aperio.contains(&Channel::All);
    let effects = hit.effects.filter(|_| channel == Channel::Wire && of_rule);
    said(channel)
        .or(effects.map(|effects| effects.worst().demand()))
        .or_else(|| said(Channel::All))
        .or(of_rule.then_some(Demand::Major))
}

/// Compares two trees as releases.
pub(crate) fn compare(old: &Files, new: &Files, base: &str, declared: &str) -> Verdict {
    let (old, new) = (compiled(old), compiled(new));
    let (old, new) = (
        DescriptorSet::parse(&old).unwrap(),
        DescriptorSet::parse(&new).unwrap(),
    );
    annotation::check_read(&old).unwrap();
    annotation::check_read(&new).unwrap();
    let mut world = World::of(&old, &new, |_, file| {
        if file.path.starts_with("google/protobuf/") {
            Part::Absent
        } else {
            Part::Judged
        }
    });
    let base: Version = base.parse().unwrap();
    world.occasion = Occasion {
        base: Some(base.clone()),
        declared: Some(declared.parse().unwrap()),
        released: vec![(base, &old)],
        ..Occasion::default()
    };
    let rules = catalog::all()
        .into_iter()
        .filter(|rule| !rule.aperio.is_empty());
    let hits = pair::judge(&world, rules);
    let said = hits.iter().map(|hit| Said {
        rule: hit.rule.id,
        message: hit.message.clone(),
        demands: CHANNELS
            .into_iter()
            .filter_map(|channel| Some((channel, demand(hit, channel)?)))
            .collect(),
    });
    Verdict {
        hits: said.collect(),
    }
}
