//! What the findings say of a type: of all that is in its messages, each way.

use compat::aperio::Outcome;
use compat::effect::{Effect, Effects};
use compat::model::{ElementId, Field, MessageId, Target};
use compat::{DescriptorSet, Era, World};
use std::collections::{HashMap, HashSet};

/// Two types of which one side writes one and the other side reads the other.
#[derive(Debug, Clone)]
pub(crate) struct Types {
    pub(crate) old: MessageId,
    pub(crate) new: MessageId,
    /// Where they are named, if that is a method.
    methods: Vec<String>,
}

/// The types that travel: those that methods of both sides name, and what is
/// below them under one name; all that have one name where nothing is called.
pub(crate) fn types(world: &World<'_>) -> Vec<Types> {
    let mut all: HashMap<(MessageId, MessageId), Vec<String>> = HashMap::new();
    let mut waiting = Vec::new();
    for old in world.old.methods() {
        if let Some(new) = world.method_twin(old.id).map(|id| &world.new[id]) {
            for pair in [(old.input, new.input), (old.output, new.output)] {
                waiting.push(pair);
                let name = world.new.full_name(new.id);
                all.entry(pair).or_default().push(name);
            }
        }
    }
    if world.old.methods().is_empty() {
        let messages = world.old.messages().iter();
        waiting.extend(messages.filter_map(|old| Some((old.id, world.message_twin(old.id)?))));
    }
    let mut seen = HashSet::new();
    while let Some(pair) = waiting.pop() {
        if !seen.insert(pair) {
            continue;
        }
        let map_entry = world.old[pair.0].map_entry || world.new[pair.1].map_entry;
        if world.message_twin(pair.0) == Some(pair.1) && !map_entry {
            all.entry(pair).or_default();
        }
        waiting.extend(members(world, pair).into_iter().filter_map(inner));
    }
    let mut types: Vec<Types> = all
        .into_iter()
        .map(|((old, new), methods)| Types { old, new, methods })
        .collect();
    types.sort_by_key(|types| (types.old, types.new));
    types
}

type Member<'w> = (Option<&'w Field<'w>>, Option<&'w Field<'w>>);

/// The fields of two messages, and what extends them, by number.
fn members<'w>(world: &World<'w>, (old, new): (MessageId, MessageId)) -> Vec<Member<'w>> {
    let of = |set: &'w DescriptorSet<'w>, message: MessageId| {
        let own = set.fields_of(&set[message]).iter();
        let extensions = set.fields().iter();
        own.chain(extensions.filter(move |field| field.extendee == Some(message)))
    };
    let mut by_number: HashMap<i32, Member<'w>> = HashMap::new();
    for field in of(world.old, old) {
        by_number.entry(field.number).or_default().0 = Some(field);
    }
    for field in of(world.new, new) {
        by_number.entry(field.number).or_default().1 = Some(field);
    }
    by_number.into_values().collect()
}

fn inner((old, new): Member<'_>) -> Option<(MessageId, MessageId)> {
    match (old?.target, new?.target) {
        (Target::Message(old), Target::Message(new)) => Some((old, new)),
        _ => None,
    }
}

/// What was found, by element.
pub(crate) struct Stated {
    by_name: HashMap<String, Effects>,
}

impl Stated {
    /// Annotations aside: a validator refuses what they forbid, no decoder does.
    pub(crate) fn of(outcome: &Outcome, muted: Option<&str>) -> Self {
        let mut by_name: HashMap<String, Effects> = HashMap::new();
        for finding in &outcome.findings {
            let annotation = finding.rule.file.contains("rules/annotation");
            if annotation || Some(finding.rule.id) == muted {
                continue;
            }
            if let Some(effects) = finding.effects {
                let known = by_name.entry(finding.element.clone()).or_default();
                *known = known.join(effects);
            }
        }
        Stated { by_name }
    }

    /// The most that a message of a writer may suffer, and whether anything
    /// below the types changed at all.
    pub(crate) fn most(&self, world: &World<'_>, types: &Types) -> (Effects, bool) {
        let mut names: HashSet<String> = types.methods.iter().cloned().collect();
        let mut changed = false;
        let mut seen = HashSet::new();
        let mut waiting = vec![(types.old, types.new)];
        while let Some(pair) = waiting.pop() {
            if !seen.insert(pair) {
                continue;
            }
            let (old, new) = (&world.old[pair.0], &world.new[pair.1]);
            changed |= old.bytes != new.bytes || old.features != new.features;
            names.insert(world.old.full_name(old.id));
            names.insert(world.new.full_name(new.id));
            for oneof in world.old.oneofs_of(old) {
                names.insert(world.old.full_name(oneof.id));
            }
            for oneof in world.new.oneofs_of(new) {
                names.insert(world.new.full_name(oneof.id));
            }
            for member in members(world, pair) {
                for (set, field) in [(world.old, member.0), (world.new, member.1)] {
                    names.extend(field.map(|field| set.full_name(field.id)));
                }
                if let (Some(before), Some(after)) = member {
                    changed |= before.features != after.features;
                    if let (Target::Enum(old), Target::Enum(new)) = (before.target, after.target) {
                        let (old, new) = (&world.old[old], &world.new[new]);
                        changed |= old.bytes != new.bytes || old.features != new.features;
                        enum_names(world.old, old.id, &mut names);
                        enum_names(world.new, new.id, &mut names);
                    }
                } else {
                    changed = true;
                }
                waiting.extend(inner(member));
            }
        }
        let found = names.iter().filter_map(|name| self.by_name.get(name));
        let most = found.fold(Effects::default(), |most, effects| most.join(*effects));
        (most, changed)
    }
}

fn enum_names(set: &DescriptorSet<'_>, id: compat::model::EnumId, names: &mut HashSet<String>) {
    names.insert(set.full_name(id));
    let values = set.values_of(&set[id]).iter();
    names.extend(values.map(|value| set.full_name(ElementId::from(value.id))));
}

/// What is said of the messages of one writer; a field that nobody knows is
/// nothing to tell.
pub(crate) fn of_writer(most: Effects, writer: Era) -> Effect {
    let said = match writer {
        Era::Old => most.old_to_new,
        Era::New => most.new_to_old,
    };
    said.max(Effect::Ignored)
}
