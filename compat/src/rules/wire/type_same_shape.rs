use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Found, Spot};
use crate::model::{ElementId, FieldId};
use crate::pair::World;
use crate::rule::Channel;
use crate::rules::buf::describe;
use crate::shape::{Verdict, of_fields, of_messages, paired_fields};

rule! {
    /// A type of another name has the same shape.
    ///
    /// Bytes hold no names: a field or a method may name another message or enum if that reads what
    /// the old one wrote, and writes what it read. What differs is told once, where the other type
    /// is named. A type that was renamed and grew is judged by what was added to it.
    ///
    /// ```proto old
    /// message M { N n = 1; }
    /// message N { int32 a = 1; M back = 2; }
    /// message Other { string a = 1; }
    /// ```
    /// ```proto breaks old_to_new=Rejected new_to_old=Rejected
    /// message M { Other n = 1; }
    /// message N { int32 a = 1; M back = 2; }
    /// message Other { string a = 1; }
    /// ```
    /// ```proto allowed
    /// message M { O n = 1; }
    /// message O { int32 a = 1; M back = 2; }
    /// message Other { string a = 1; }
    /// ```
    /// ```proto allowed
    /// message M { O n = 1; }
    /// message O { int32 a = 1; M back = 2; string more = 3; }
    /// message Other { string a = 1; }
    /// ```
    "TYPE_SAME_SHAPE", Set,
    aperio [Wire],
    covers [
        "FIELD_SAME_TYPE",
        "FIELD_WIRE_COMPATIBLE_TYPE",
        "FIELD_WIRE_JSON_COMPATIBLE_TYPE",
        "RPC_SAME_REQUEST_TYPE",
        "RPC_SAME_RESPONSE_TYPE",
    ],
    judge
}

fn judge(world: &World, found: &mut Found) {
    let shapes = world.shapes();
    for (old, new) in paired_fields(world) {
        field(world, found, old, new);
    }
    for old in world.old.methods() {
        let Some(new) = world.method_twin(old.id).map(|id| &world.new[id]) else {
            continue;
        };
        let against = world.old.file_of(old.id.into());
        for (word, part, before, after) in [
            ("request", 2, old.input, new.input),
            ("response", 3, old.output, new.output),
        ] {
            if let Some(types) = of_messages(world, before, after) {
                let name = format!("the {word} of {}", describe::method(world.new, new));
                let spot = Spot::part(world.new, new.id, &[part]);
                let place = (new.id.into(), spot, against);
                report(world, found, place, &name, types, &shapes.verdict(types));
            }
        }
    }
    // Types that only have a new name are judged as if they had kept it.
    for (hits, references) in shapes.inside_renamed() {
        for hit in hits {
            found.pass(hit.clone());
        }
        for (old, new, _) in references {
            field(world, found, *old, *new);
        }
    }
}

fn field(world: &World, found: &mut Found, old: FieldId, new: FieldId) {
    let (old, new) = (&world.old[old], &world.new[new]);
    if let Some(types) = of_fields(world, old, new) {
        let name = describe::field(world.new, new);
        let place = (new.id.into(), Spot::part(world.new, new.id, &[6]), old.file);
        report(
            world,
            found,
            place,
            &name,
            types,
            &world.shapes().verdict(types),
        );
    }
}

fn report(
    world: &World,
    found: &mut Found,
    (element, spot, against): (ElementId, Spot, crate::model::FileId),
    name: &str,
    (old, new): (ElementId, ElementId),
    verdict: &Verdict<'_>,
) {
    if verdict.demand < Demand::Minor || verdict.renamed && verdict.demand < Demand::Major {
        return;
    }
    let why = match verdict.cause {
        Some(hit) => hit.message.as_str(),
        None => "they are too many to compare",
    };
    let message = format!(
        "{name} became {} instead of {}: {why}",
        world.new.full_name(new),
        world.old.full_name(old),
    );
    let hit = found.at(element, spot, Some(against), message);
    hit.effects = verdict.cause.map(|_| verdict.effects);
    hit.probe = verdict.cause.and_then(|cause| cause.probe.clone());
    if verdict.effects.worst().demand() != verdict.demand {
        hit.demands(Channel::Wire, verdict.demand);
    }
}
