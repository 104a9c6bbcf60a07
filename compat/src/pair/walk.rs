//! The walk that shows rules their pairs.

use super::{Pair, World};
use crate::found::{Era, Found, Hit};
use crate::model::{Enum, Field, File, Kind, Label, Message, Method, Service, Target};
use crate::rule::{Judge, Rule};

/// The judges of some rules, by kind of pair.
#[derive(Default)]
#[allow(
    clippy::type_complexity,
    reason = "an alias cannot say that a judge takes pairs of any lifetime"
)]
struct Judges {
    set: Vec<(&'static Rule, fn(&World, &mut Found))>,
    file: Vec<(&'static Rule, fn(&Pair<File>, &World, &mut Found))>,
    message: Vec<(&'static Rule, fn(&Pair<Message>, &World, &mut Found))>,
    field: Vec<(&'static Rule, fn(&Pair<Field>, &World, &mut Found))>,
    enums: Vec<(&'static Rule, fn(&Pair<Enum>, &World, &mut Found))>,
    service: Vec<(&'static Rule, fn(&Pair<Service>, &World, &mut Found))>,
    method: Vec<(&'static Rule, fn(&Pair<Method>, &World, &mut Found))>,
    rest: Vec<(&'static Rule, fn(&World, &[Hit], &mut Found))>,
}

#[allow(clippy::type_complexity, reason = "as above")]
fn show<T>(
    judges: &[(&'static Rule, fn(&Pair<T>, &World, &mut Found))],
    pair: &Pair<T>,
    world: &World,
    found: &mut Found,
) {
    for (rule, judge) in judges {
        found.turn_to(rule);
        judge(pair, world, found);
    }
}

/// Shows some rules every pair they judge. What is equal, and inherits the
/// same, is not shown: no rule has anything to say about it.
pub fn judge(world: &World, rules: impl IntoIterator<Item = &'static Rule>) -> Vec<Hit> {
    let mut judges = Judges::default();
    let mut first = None;
    for rule in rules {
        first.get_or_insert(rule);
        match rule.judge {
            Judge::Set(judge) => judges.set.push((rule, judge)),
            Judge::File(judge) => judges.file.push((rule, judge)),
            Judge::Message(judge) => judges.message.push((rule, judge)),
            Judge::Field(judge) => judges.field.push((rule, judge)),
            Judge::Enum(judge) => judges.enums.push((rule, judge)),
            Judge::Service(judge) => judges.service.push((rule, judge)),
            Judge::Method(judge) => judges.method.push((rule, judge)),
            Judge::Release => {}
            Judge::Rest(judge) => judges.rest.push((rule, judge)),
        }
    }
    let Some(first) = first else {
        return Vec::new();
    };
    let mut found = Found::new(first);
    for (rule, judge) in &judges.set {
        found.turn_to(rule);
        judge(world, &mut found);
    }
    walk(world, &judges, &mut found);
    let mut hits = found.into_hits();
    for (rule, judge) in &judges.rest {
        let mut found = Found::new(rule);
        judge(world, &hits, &mut found);
        hits.extend(found.into_hits());
    }
    hits
}

fn walk(world: &World, judges: &Judges, found: &mut Found) {
    let (old, new) = (world.old, world.new);
    let changed = changed_enums(world);
    for file in world.files(Era::Old) {
        let twin = world.file_twin(file.id).map(|id| &new[id]);
        let same = twin.is_some_and(|twin| file.bytes == twin.bytes);
        if let Some(twin) = twin
            && !same
        {
            let pair = Pair {
                old: file,
                new: twin,
            };
            show(&judges.file, &pair, world, found);
        }
        if same && changed.is_none() {
            continue;
        }
        for message in old.messages_of(file) {
            if let Some(twin) = world.message_twin(message.id) {
                let pair = Pair {
                    old: message,
                    new: &new[twin],
                };
                walk_message(world, judges, &pair, changed.as_deref(), found);
            }
        }
        for field in old.extensions_of(file) {
            if let Some(twin) = world.field_twin(field.id) {
                let pair = Pair {
                    old: field,
                    new: &new[twin],
                };
                show(&judges.field, &pair, world, found);
            }
        }
        if same {
            continue;
        }
        for each in old.enums_of(file) {
            if let Some(twin) = world.enum_twin(each.id)
                && !world.same_enum(each, &new[twin])
            {
                let pair = Pair {
                    old: each,
                    new: &new[twin],
                };
                show(&judges.enums, &pair, world, found);
            }
        }
        for service in old.services_of(file) {
            if let Some(twin) = world.service_twin(service.id)
                && service.bytes != new[twin].bytes
            {
                let pair = Pair {
                    old: service,
                    new: &new[twin],
                };
                walk_service(world, judges, &pair, found);
            }
        }
    }
}

fn walk_message(
    world: &World,
    judges: &Judges,
    pair: &Pair<Message>,
    changed: Option<&[bool]>,
    found: &mut Found,
) {
    let same = world.same_message(pair.old, pair.new);
    if same && changed.is_none() {
        return;
    }
    if !same {
        show(&judges.message, pair, world, found);
    }
    for field in world.old.fields_of(pair.old) {
        let Some(twin) = world.field_twin(field.id).map(|id| &world.new[id]) else {
            continue;
        };
        // The default of an enum field is a matter of the enum.
        let reads_changed = matches!((changed, twin.target), (Some(changed), Target::Enum(id))
            if field.kind == Kind::Enum && field.label != Label::Repeated && changed[id.index()]);
        if same && !reads_changed {
            continue;
        }
        let pair = Pair {
            old: field,
            new: twin,
        };
        show(&judges.field, &pair, world, found);
    }
}

fn walk_service(world: &World, judges: &Judges, pair: &Pair<Service>, found: &mut Found) {
    show(&judges.service, pair, world, found);
    for method in world.old.methods_of(pair.old) {
        if let Some(twin) = world.method_twin(method.id) {
            let pair = Pair {
                old: method,
                new: &world.new[twin],
            };
            show(&judges.method, &pair, world, found);
        }
    }
}

/// Beside the new enums: which of them differ from what they were. `None`
/// where none does.
fn changed_enums(world: &World) -> Option<Vec<bool>> {
    let mut changed: Option<Vec<bool>> = None;
    for file in world.files(Era::Old) {
        if let Some(twin) = world.file_twin(file.id)
            && file.bytes == world.new[twin].bytes
        {
            continue;
        }
        for each in world.old.enums_of(file) {
            if let Some(twin) = world.enum_twin(each.id)
                && !world.same_enum(each, &world.new[twin])
            {
                let count = world.new.enums().len();
                changed.get_or_insert_with(|| vec![false; count])[twin.index()] = true;
            }
        }
    }
    changed
}
