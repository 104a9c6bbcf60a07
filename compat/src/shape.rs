//! Types that stand where types of another name stood, compared by what is in
//! them.
//!
//! A field or a method that names another type than before is no change of the
//! bytes if the two types have one shape. From every such reference the pairs
//! of types below it are followed, each pair once; a cycle is equal until
//! something in it differs. Map entries are types like all others here: a map
//! field of another name has an entry of another name.

use crate::effect::{Demand, Effects};
use crate::found::{Found, Hit};
use crate::model::{DescriptorSet, ElementId, EnumId, Field, FieldId, MessageId, Target};
use crate::pair::{Pair, World};
use crate::payload;
use crate::rules::wire;
use crate::rules::wire::members::Members;
use std::collections::{HashMap, HashSet, VecDeque};

/// Pairs of types that are followed, and fields in them. Strangers can write
/// sets where every type meets every other.
const PAIRS: usize = 1 << 16;
const FIELDS: usize = 1 << 21;

/// One pair of types.
#[derive(Debug)]
struct Node {
    old: ElementId,
    new: ElementId,
    /// What differs between the two, what their fields refer to aside.
    hits: Vec<Hit>,
    /// Fields of the two that refer to types of other names in turn.
    references: Vec<(FieldId, FieldId, usize)>,
    /// What the pair and all below it ask for.
    demand: Demand,
    effects: Effects,
    /// The nearest hit that asks for it: its node and its place there.
    cause: Option<(usize, usize)>,
}

/// What a reference to another type amounts to.
#[derive(Debug)]
pub(crate) struct Verdict<'s> {
    /// What it asks for.
    pub(crate) demand: Demand,
    /// What readers see.
    pub(crate) effects: Effects,
    /// The smallest child that differs; `None` where there were too many to
    /// look.
    pub(crate) cause: Option<&'s Hit>,
    /// The new type is the old one under a new name.
    pub(crate) renamed: bool,
}

/// All pairs of types that references met.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    nodes: Vec<Node>,
    known: HashMap<(ElementId, ElementId), usize>,
    /// Fields seen so far.
    fields: usize,
    /// New types that old ones became.
    former: HashMap<ElementId, ElementId>,
}

/// The type a field holds.
fn named(field: &Field<'_>) -> Option<ElementId> {
    match field.target {
        Target::Scalar => None,
        Target::Message(id) => Some(id.into()),
        Target::Enum(id) => Some(id.into()),
    }
}

/// Two types of one kind and different names.
fn differ(world: &World, old: ElementId, new: ElementId) -> bool {
    match (old, new) {
        (ElementId::Message(old), ElementId::Message(new)) => {
            world.message_twin(old) != Some(new)
                && world.old.message_name(old) != world.new.message_name(new)
        }
        (ElementId::Enum(old), ElementId::Enum(new)) => {
            world.enum_twin(old) != Some(new)
                && world.old.enum_name(old) != world.new.enum_name(new)
        }
        _ => false,
    }
}

/// The types of two fields where they are of one kind and of other names.
pub(crate) fn of_fields(
    world: &World,
    old: &Field<'_>,
    new: &Field<'_>,
) -> Option<(ElementId, ElementId)> {
    let types = (named(old)?, named(new)?);
    differ(world, types.0, types.1).then_some(types)
}

/// The same of two messages that methods name.
pub(crate) fn of_messages(
    world: &World,
    old: MessageId,
    new: MessageId,
) -> Option<(ElementId, ElementId)> {
    let types = (old.into(), new.into());
    differ(world, types.0, types.1).then_some(types)
}

impl Shapes {
    /// Follows every reference of paired fields and methods.
    pub(crate) fn of(world: &World) -> Self {
        let mut shapes = Shapes::default();
        for (old, new) in references(world) {
            shapes.follow(world, old, new);
        }
        shapes.settle();
        shapes.name(world);
        shapes
    }

    /// What a reference from one type to another amounts to.
    pub(crate) fn verdict(&self, types: (ElementId, ElementId)) -> Verdict<'_> {
        match self.known.get(&types) {
            Some(at) => self.of_node(*at),
            None => Verdict {
                demand: Demand::Major,
                effects: Effects::default(),
                cause: None,
                renamed: false,
            },
        }
    }

    fn of_node(&self, at: usize) -> Verdict<'_> {
        let node = &self.nodes[at];
        Verdict {
            demand: node.demand,
            effects: node.effects,
            cause: node.cause.map(|(node, hit)| &self.nodes[node].hits[hit]),
            renamed: self.former.contains_key(&node.new),
        }
    }

    /// What a message is the new name of.
    pub(crate) fn former_message(&self, new: MessageId) -> Option<ElementId> {
        self.former.get(&new.into()).copied()
    }

    /// What an enum is the new name of.
    pub(crate) fn former_enum(&self, new: EnumId) -> Option<ElementId> {
        self.former.get(&new.into()).copied()
    }

    /// Every new name: the old type and the new one.
    pub(crate) fn renamed(&self) -> impl Iterator<Item = (ElementId, ElementId)> + '_ {
        self.former.iter().map(|(new, old)| (*old, *new))
    }

    /// What was added to types that have a new name, and the references in
    /// them to types of other names in turn.
    pub(crate) fn inside_renamed(
        &self,
    ) -> impl Iterator<Item = (&[Hit], &[(FieldId, FieldId, usize)])> {
        let renamed = |node: &&Node| self.former.get(&node.new) == Some(&node.old);
        self.nodes
            .iter()
            .filter(renamed)
            .map(|node| (&node.hits[..], &node.references[..]))
    }

    fn follow(&mut self, world: &World, old: ElementId, new: ElementId) {
        let mut waiting = VecDeque::new();
        self.node(old, new, &mut waiting);
        while let Some(at) = waiting.pop_front() {
            let (old, new) = (self.nodes[at].old, self.nodes[at].new);
            let mut found = Found::new(wire::any());
            let mut below = Vec::new();
            match (old, new) {
                (ElementId::Message(old), ElementId::Message(new)) => {
                    let pair = Pair {
                        old: &world.old[old],
                        new: &world.new[new],
                    };
                    wire::messages(&pair, world, &mut found);
                    let paired = Members::of(&pair, world).paired;
                    self.fields += paired.len() + 1;
                    for field in paired {
                        wire::fields(&field, world, &mut found);
                        below.extend(
                            of_fields(world, field.old, field.new)
                                .map(|types| (field.old.id, field.new.id, types)),
                        );
                    }
                }
                (ElementId::Enum(old), ElementId::Enum(new)) => {
                    let pair = Pair {
                        old: &world.old[old],
                        new: &world.new[new],
                    };
                    wire::enums(&pair, world, &mut found);
                    self.fields += pair.old.values.len() + pair.new.values.len();
                }
                _ => {}
            }
            self.nodes[at].hits = found.into_hits();
            for (old, new, types) in below {
                match self.node(types.0, types.1, &mut waiting) {
                    Some(target) => self.nodes[at].references.push((old, new, target)),
                    // Too many: what was not looked at counts as different.
                    None => self.nodes[at].demand = Demand::Major,
                }
            }
        }
    }

    fn node(
        &mut self,
        old: ElementId,
        new: ElementId,
        waiting: &mut VecDeque<usize>,
    ) -> Option<usize> {
        if let Some(at) = self.known.get(&(old, new)) {
            return Some(*at);
        }
        if self.nodes.len() >= PAIRS || self.fields >= FIELDS {
            return None;
        }
        let at = self.nodes.len();
        self.nodes.push(Node {
            old,
            new,
            hits: Vec::new(),
            references: Vec::new(),
            demand: Demand::Patch,
            effects: Effects::default(),
            cause: None,
        });
        self.known.insert((old, new), at);
        waiting.push_back(at);
        Some(at)
    }

    /// Lets every pair know what is below it, the nearest first.
    fn settle(&mut self) {
        let mut above: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (at, node) in self.nodes.iter().enumerate() {
            for (.., target) in &node.references {
                above[*target].push(at);
            }
        }
        let mut moved = VecDeque::new();
        for (at, node) in self.nodes.iter_mut().enumerate() {
            let effects = node.hits.iter().filter_map(|hit| hit.effects);
            node.effects = effects.fold(Effects::default(), Effects::join);
            if node.effects != Effects::default() {
                moved.push_back(at);
            }
        }
        while let Some(at) = moved.pop_front() {
            let effects = self.nodes[at].effects;
            for over in &above[at] {
                let joined = self.nodes[*over].effects.join(effects);
                if self.nodes[*over].effects != joined {
                    self.nodes[*over].effects = joined;
                    moved.push_back(*over);
                }
            }
        }
        for level in [Demand::Major, Demand::Minor] {
            let mut reached = VecDeque::new();
            for (at, node) in self.nodes.iter_mut().enumerate() {
                let asks = |hit: &Hit| hit.wire_demand() == Some(level);
                let own = node.hits.iter().position(asks);
                let unseen = node.demand == level && node.cause.is_none();
                if own.is_some() && node.demand < level || unseen {
                    node.demand = level;
                    node.cause = own.map(|hit| (at, hit));
                    reached.push_back(at);
                }
            }
            while let Some(at) = reached.pop_front() {
                let cause = self.nodes[at].cause;
                for over in &above[at] {
                    let over_node = &mut self.nodes[*over];
                    if over_node.demand < level {
                        over_node.demand = level;
                        over_node.cause = cause;
                        reached.push_back(*over);
                    }
                }
            }
        }
    }

    /// Finds the types that only have a new name: the old one is gone, the new
    /// one was not there, and one reads the other. What is nested in them goes
    /// with them.
    fn name(&mut self, world: &World) {
        for node in &self.nodes {
            let fresh = match (node.old, node.new) {
                (ElementId::Message(old), ElementId::Message(new)) => {
                    world.message_twin(old).is_none() && world.message_origin(new).is_none()
                }
                (ElementId::Enum(old), ElementId::Enum(new)) => {
                    world.enum_twin(old).is_none() && world.enum_origin(new).is_none()
                }
                _ => false,
            };
            if fresh && node.demand < Demand::Major {
                self.former.entry(node.new).or_insert(node.old);
            }
        }
        let mut waiting: Vec<_> = self.former.iter().map(|(new, old)| (*old, *new)).collect();
        while let Some((ElementId::Message(old), ElementId::Message(new))) = waiting.pop() {
            for (old, new) in nested(world, old, new) {
                if let std::collections::hash_map::Entry::Vacant(slot) = self.former.entry(new) {
                    slot.insert(old);
                    waiting.push((old, new));
                }
            }
        }
    }
}

/// Types nested in two messages under one name.
fn nested(world: &World, old: MessageId, new: MessageId) -> Vec<(ElementId, ElementId)> {
    fn inside<'s>(set: &'s DescriptorSet<'_>, id: MessageId) -> Vec<(&'s str, ElementId)> {
        let message = &set[id];
        let messages = crate::model::message_ids(&message.messages);
        let enums = crate::model::enum_ids(&message.enums);
        messages
            .map(|id| (set[id].name, id.into()))
            .chain(enums.map(|id| (set[id].name, id.into())))
            .collect()
    }
    let by_name: HashMap<&str, ElementId> = inside(world.new, new).into_iter().collect();
    let old = inside(world.old, old).into_iter();
    old.filter_map(|(name, old)| {
        let new = *by_name.get(name)?;
        let kind = std::mem::discriminant(&old) == std::mem::discriminant(&new);
        kind.then_some((old, new))
    })
    .collect()
}

/// The types of every paired field, payload and method that names another than
/// before.
fn references(world: &World) -> HashSet<(ElementId, ElementId)> {
    let mut types = HashSet::new();
    for (old, new) in paired_fields(world) {
        types.extend(of_fields(world, &world.old[old], &world.new[new]));
    }
    for payload in world.occasion.payload {
        let renamed = payload::renamed(world, payload);
        types.extend(renamed.and_then(|(old, new)| of_messages(world, old, new)));
    }
    for old in world.old.methods() {
        if let Some(new) = world.method_twin(old.id).map(|id| &world.new[id]) {
            types.extend(of_messages(world, old.input, new.input));
            types.extend(of_messages(world, old.output, new.output));
        }
    }
    types
}

/// The fields and extensions of one number in messages of one name.
pub(crate) fn paired_fields<'s>(
    world: &'s World<'_>,
) -> impl Iterator<Item = (FieldId, FieldId)> + 's {
    let fields = world.old.fields().iter();
    fields.filter_map(|field| {
        let twin = world.field_twin(field.id);
        let twin = twin.or_else(|| world.moved_to(field.id))?;
        Some((field.id, twin))
    })
}
