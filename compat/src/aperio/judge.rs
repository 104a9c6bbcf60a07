//! One base: hits become findings, each with what it asks for and of whom.

use super::{Comparison, Finding, Place, worst};
use crate::annotation::Annotations;
use crate::bufyaml::is_unstable;
use crate::catalog;
use crate::declaration;
use crate::effect::{Demand, Effect, Effects};
use crate::flow::{Flow, Flows, Travel, Ways};
use crate::found::{Era, Hit};
use crate::load::LoadError;
use crate::model::{DescriptorSet, ElementId, FieldId, Scope};
use crate::pair::{self, Part, World};
use crate::place::Places;
use crate::policy::{Payload, PayloadFormat, Policy};
use crate::rule::Channel;
use crate::rules::json::FRAMES;
use crate::waiver;
use crate::witness::Witnesses;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// What the rules of the enabled channels say.
pub(super) fn judge(
    comparison: &Comparison<'_>,
    world: &World<'_>,
    base: usize,
) -> Result<Vec<Finding>, LoadError> {
    let policy = comparison.policy;
    let channels: Vec<Channel> = policy.channels.iter().copied().collect();
    let mut asked = channels.clone();
    let is_json = |payload: &Payload| payload.format == PayloadFormat::Json;
    if policy.payload.iter().any(is_json) {
        // What travels as JSON is a matter of running binaries.
        asked.push(Channel::Json);
    }
    let mut hits = pair::judge(world, catalog::aperio(&asked));
    hits.retain(|hit| counts(world, hit));
    if hits.iter().any(|hit| hit.passed_on) {
        let [old, new] = Flows::declared(world, policy);
        let ways = Ways::new(world, &old, &new);
        hits.retain(|hit| !hit.passed_on || ways.of(hit).all() == Flow::BOTH);
    }
    let [old, new] = Flows::of_both(world, policy);
    let ways = Ways::new(world, &old, &new);
    let weighed: Vec<(Travel, Vec<(Channel, Demand)>)> = hits
        .iter()
        .map(|hit| {
            let travel = ways.of(hit);
            (travel, demands(hit, travel, policy))
        })
        .collect();
    let replaced = Replaced::by(world, &hits, &weighed);
    let places = Places::of(world.new, hits.iter().filter_map(|hit| hit.spot.as_ref()));
    let witnesses = Witnesses::new(world);
    let mut findings = Vec::new();
    let mut seen = HashSet::new();
    for (hit, (travel, asked)) in hits.iter().zip(&weighed) {
        let element = world.set(hit.era).full_name(hit.element);
        let asked = replaced.left(hit, &element, asked, &channels);
        let asked = spread(asked, travel.all(), &channels);
        if asked.is_empty() {
            continue;
        }
        let sides = sides(world, hit);
        let shapes = [
            waiver::shape(world.old, sides[0])?,
            waiver::shape(world.new, sides[1])?,
        ];
        let line = |side: Era| {
            let element = sides[side as usize]?;
            Some(declaration::line(world.set(side), element))
        };
        let place = hit.spot.as_ref().map(|spot| Place {
            path: comparison.loaded.show(world.new[spot.file].path).to_owned(),
            span: places.span(spot),
        });
        let is_text = hit.spot.as_ref().is_some_and(|spot| {
            let path = world.new[spot.file].path;
            comparison.loaded.root(path).is_some()
        });
        let breaks_binaries = asked.iter().any(|asked| asks_of_binaries(*asked));
        let shows = breaks_binaries && !travel.is_json_alone();
        let witness = shows.then(|| witnesses.shown(hit)).flatten();
        let witness = witness.map(Rc::new);
        for (channel, demand) in asked {
            if !seen.insert((hit.rule.id, element.clone(), channel, hit.message.clone())) {
                continue;
            }
            let demand = match demand {
                Demand::Minor | Demand::Major if in_unstable(world, sides) => Demand::Patch,
                _ => demand,
            };
            let [old, new] = &shapes;
            let id = hit.rule.id;
            let by_json = asks_of_binaries((channel, demand)) && is_of_json(hit);
            let (effects, message) = if by_json {
                let unread = Effects::both(Effect::Lossy);
                let message = format!("{}; it travels as JSON", hit.message);
                (Some(unread), message)
            } else {
                (hit.effects, hit.message.clone())
            };
            findings.push(Finding {
                rule: hit.rule,
                demand,
                channel,
                fingerprint: waiver::fingerprint(id, channel.name(), &element, old, new),
                kind: declaration::kind_word(world.set(hit.era), hit.element),
                element: element.clone(),
                place: place.clone(),
                is_text,
                old: line(Era::Old),
                new: line(Era::New),
                message,
                flow: travel.all(),
                effects,
                held: held(world, hit, effects.unwrap_or_default(), demand),
                witness: witness
                    .clone()
                    .filter(|_| asks_of_binaries((channel, demand))),
                base,
                also: Vec::new(),
                waived: None,
                breaks: false,
            });
        }
    }
    Ok(findings)
}

/// Whether something is a break that bytes can show.
fn asks_of_binaries((channel, demand): (Channel, Demand)) -> bool {
    matches!(channel, Channel::Wire | Channel::All) && demand == Demand::Major
}

/// A hit in a file that is only there to be paired does not count.
fn counts(world: &World, hit: &Hit) -> bool {
    let places = [
        hit.spot.as_ref().map(|spot| (Era::New, spot.file)),
        hit.against.map(|file| (Era::Old, file)),
        Some((hit.era, world.set(hit.era).file_of(hit.element))),
    ];
    let mut places = places.into_iter().flatten();
    !places.any(|(era, file)| world.part(era, file) == Part::Paired)
}

/// Whether the rule speaks for JSON, and not for bytes.
fn is_of_json(hit: &Hit) -> bool {
    let speaks = |channel: &Channel| matches!(channel, Channel::Wire | Channel::All);
    hit.rule.aperio.contains(&Channel::Json) && !hit.rule.aperio.iter().any(speaks)
}

/// What a hit asks for, channel by channel, before anything is left out.
fn demands(hit: &Hit, travel: Travel, policy: &Policy) -> Vec<(Channel, Demand)> {
    let flow = if FRAMES.contains(&hit.rule.id) {
        travel.binary
    } else {
        travel.all()
    };
    let from_effects = |effects: Effects, flow: Flow| {
        let seen = policy.skew.iter().map(|skew| flow.seen(effects, *skew));
        worst(seen).demand()
    };
    let on_wire = hit.rule.aperio.contains(&Channel::Wire);
    let mut asked = hit.demands.clone();
    if asked.is_empty() {
        for channel in hit.rule.aperio {
            let demand = match (channel, hit.effects) {
                (Channel::Wire, Some(effects)) => from_effects(effects, flow),
                // Authors and stores are reached whatever travels.
                (Channel::All, Some(effects)) => from_effects(effects, Flow::BOTH),
                _ => Demand::Major,
            };
            asked.push((*channel, demand));
        }
    } else if let Some(effects) = hit.effects
        && on_wire
        && !asked
            .iter()
            .any(|(channel, _)| matches!(channel, Channel::Wire | Channel::All))
    {
        asked.push((Channel::Wire, from_effects(effects, flow)));
    }
    let asks_source = asked.iter().any(|(channel, _)| *channel == Channel::Source);
    if catalog::is_source(hit.rule) && !asks_source {
        asked.push((Channel::Source, Demand::Major));
    }
    // What was asked twice in one channel is asked once, at its most.
    let mut most: Vec<(Channel, Demand)> = Vec::new();
    for (channel, demand) in asked {
        match most.iter_mut().find(|(other, _)| *other == channel) {
            Some((_, other)) => *other = demand.max(*other),
            None => most.push((channel, demand)),
        }
    }
    if !travel.json.is_none() {
        as_json(&mut most, flow);
    }
    most
}

/// Adds what is asked of running binaries that exchange JSON: what JSON asks
/// for. What is about bytes alone counts where bytes travel.
fn as_json(asked: &mut Vec<(Channel, Demand)>, flow: Flow) {
    let find = |asked: &[(Channel, Demand)], wanted| {
        asked.iter().position(|(channel, _)| *channel == wanted)
    };
    let wire = find(asked, Channel::Wire);
    if let Some(at) = wire {
        asked[at].1 = unreached(asked[at].1, flow);
    }
    let Some(json) = find(asked, Channel::Json) else {
        return;
    };
    let demand = asked[json].1;
    match wire {
        Some(at) => asked[at].1 = demand.max(asked[at].1),
        None => asked.push((Channel::Wire, demand)),
    }
}

/// What does not travel hurts nobody who runs.
fn unreached(demand: Demand, flow: Flow) -> Demand {
    match demand {
        Demand::Minor | Demand::Major if flow.is_none() => Demand::Patch,
        _ => demand,
    }
}

/// Demands of every enabled channel stay one where they are one; what does
/// not travel asks less of the wire than of the others.
fn spread(
    asked: Vec<(Channel, Demand)>,
    flow: Flow,
    enabled: &[Channel],
) -> Vec<(Channel, Demand)> {
    let mut spread = Vec::new();
    for (channel, demand) in asked {
        match channel {
            Channel::All if unreached(demand, flow) == demand => spread.push((channel, demand)),
            Channel::All if enabled == [Channel::Wire] => {
                spread.push((channel, unreached(demand, flow)));
            }
            Channel::All => spread.extend(enabled.iter().map(|channel| {
                let on_wire = *channel == Channel::Wire;
                let demand = if on_wire {
                    unreached(demand, flow)
                } else {
                    demand
                };
                (*channel, demand)
            })),
            Channel::Wire => spread.push((channel, unreached(demand, flow))),
            _ => spread.push((channel, demand)),
        }
    }
    spread
}

/// Which rules speak for others, of which element, in which channels.
struct Replaced(HashMap<(&'static str, String), Vec<Channel>>);

impl Replaced {
    fn by(world: &World, hits: &[Hit], weighed: &[(Travel, Vec<(Channel, Demand)>)]) -> Self {
        let mut replaced: HashMap<_, Vec<Channel>> = HashMap::new();
        for (hit, (_, asked)) in hits.iter().zip(weighed) {
            let set = world.set(hit.era);
            let around = container(set, hit.element);
            for element in [Some(hit.element), around].into_iter().flatten() {
                for other in hit.rule.instead_of {
                    let channels = replaced.entry((*other, set.full_name(element)));
                    let channels = channels.or_default();
                    for (channel, _) in asked {
                        if !channels.contains(channel) {
                            channels.push(*channel);
                        }
                    }
                }
            }
        }
        Replaced(replaced)
    }

    /// What is left of the demands of a hit in the enabled channels.
    fn left(
        &self,
        hit: &Hit,
        element: &str,
        asked: &[(Channel, Demand)],
        enabled: &[Channel],
    ) -> Vec<(Channel, Demand)> {
        let counts = |channel: &Channel| {
            matches!(channel, Channel::All | Channel::Release) || enabled.contains(channel)
        };
        let asked = asked.iter().filter(|(channel, _)| counts(channel)).copied();
        let key = (hit.rule.id, element.to_owned());
        let Some(gone) = self.0.get(&key) else {
            return asked.collect();
        };
        if gone.contains(&Channel::All) {
            return Vec::new();
        }
        let stays = |channel: &Channel| !gone.contains(channel);
        let mut left = Vec::new();
        for (channel, demand) in asked {
            if channel == Channel::All {
                let channels = enabled.iter().copied().filter(stays);
                left.extend(channels.map(|channel| (channel, demand)));
            } else if stays(&channel) {
                left.push((channel, demand));
            }
        }
        left
    }
}

/// What an element stands in, where that is more than a file.
fn container(set: &DescriptorSet<'_>, element: ElementId) -> Option<ElementId> {
    match element {
        ElementId::Field(id) => match set[id].scope {
            Scope::Message(message) => Some(message.into()),
            Scope::File => None,
        },
        ElementId::Oneof(id) => Some(set[id].message.into()),
        ElementId::Value(id) => Some(set[id].parent.into()),
        ElementId::Method(id) => Some(set[id].service.into()),
        _ => None,
    }
}

/// Whether nobody was promised that it stays: not by the side that has it, nor
/// by either where both have.
fn in_unstable(world: &World, sides: [Option<ElementId>; 2]) -> bool {
    let unstable = |era: Era| {
        let set = world.set(era);
        sides[era as usize].is_none_or(|id| is_unstable(set[set.file_of(id)].package))
    };
    unstable(Era::Old) && unstable(Era::New)
}

/// What readers see when the newer side holds back what it may. A demand
/// below major says that a new writer's effect on an old reader is guarded:
/// both know the version they speak.
fn held(world: &World, hit: &Hit, mut effects: Effects, demand: Demand) -> Effects {
    let set = world.set(hit.era);
    let says = Annotations::of(set, hit.element);
    let guarded = says.since.is_some() || says.gate.is_some() || is_paired(world, hit);
    if demand <= Demand::Minor && guarded && effects.new_to_old >= Effect::Lossy {
        effects.new_to_old = Effect::Ignored;
    }
    effects
}

fn is_paired(world: &World, hit: &Hit) -> bool {
    match (hit.era, hit.element) {
        (Era::New, ElementId::Field(id)) => world.field_origin(id).is_some(),
        (Era::New, ElementId::Method(id)) => world.method_origin(id).is_some(),
        (Era::New, ElementId::Message(id)) => world.message_origin(id).is_some(),
        (Era::New, ElementId::Enum(id)) => world.enum_origin(id).is_some(),
        _ => false,
    }
}

/// The element on both sides, as far as it is there.
fn sides(world: &World, hit: &Hit) -> [Option<ElementId>; 2] {
    let by_name = hit.rule.id.ends_with("_SAME_NUMBER");
    let other = counterpart(world, hit.era, hit.element, by_name);
    match hit.era {
        Era::New => [other, Some(hit.element)],
        Era::Old => [Some(hit.element), other],
    }
}

fn counterpart(world: &World, era: Era, element: ElementId, by_name: bool) -> Option<ElementId> {
    let (here, there) = (world.set(era), world.set(era.other()));
    match element {
        ElementId::Field(id) => {
            let same = world.counterpart(era, element).filter(|_| !by_name);
            // What is new under its number may have had another.
            if same.is_some() || !by_name && era == Era::Old {
                return same;
            }
            let owner = world.counterpart(era, here.owner(&here[id]).into())?;
            named(there, owner, here[id].name).map(Into::into)
        }
        ElementId::Value(id) => {
            let value = &here[id];
            let ElementId::Enum(parent) = world.counterpart(era, value.parent.into())? else {
                return None;
            };
            let mut values = there.values_of(&there[parent]).iter();
            let same = values.find(|other| {
                if by_name {
                    other.name == value.name
                } else {
                    other.number == value.number
                }
            });
            same.map(|value| value.id.into())
        }
        whole => world.counterpart(era, whole),
    }
}

fn named(set: &DescriptorSet<'_>, message: ElementId, name: &str) -> Option<FieldId> {
    let ElementId::Message(message) = message else {
        return None;
    };
    let mut fields = set.fields_of(&set[message]).iter();
    fields
        .find(|field| field.name == name)
        .map(|field| field.id)
}
