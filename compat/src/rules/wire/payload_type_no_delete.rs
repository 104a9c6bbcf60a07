use crate::declare::rule;
use crate::effect::{Demand, Effect};
use crate::found::{Found, Hit, Spot};
use crate::model::MessageId;
use crate::pair::World;
use crate::payload::{Payloads, exchanged, renamed};
use crate::policy::{Payload, PayloadFormat};
use crate::rule::Channel;
use crate::rules::json;

rule! {
    /// A message type that travels as a payload stays.
    ///
    /// An `Any`, and the details of a status are such, names the type of what is in it: a type that
    /// was deleted or has another name is one that its readers do not know. Bytes name nothing; there
    /// another type may take the place of one if it reads what that wrote. Which types travel so is
    /// what an interface says of itself.
    ///
    /// ```proto old status_details=p.v1.N
    /// message N { int32 a = 1; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Same
    /// message O { int32 a = 1; }
    /// ```
    /// ```proto allowed
    /// message N { int32 a = 1; int32 b = 2; }
    /// ```
    "PAYLOAD_TYPE_NO_DELETE", Set,
    aperio [Wire, Json],
    covers ["MESSAGE_NO_DELETE", "PACKAGE_MESSAGE_NO_DELETE"],
    judge
}

fn judge(world: &World, found: &mut Found) {
    by_name(world, found, world.occasion.status_details);
    let [payloads, _] = Payloads::of_both(world, world.occasion.payload);
    for (field, payload) in payloads.all() {
        if world.old.holds_any(&world.old[field]) {
            by_name(world, found, &payload.types);
        } else {
            by_content(world, found, payload);
        }
    }
}

fn by_name(world: &World, found: &mut Found, types: &[String]) {
    let [gone, came] = exchanged(world, types);
    for old in gone {
        let name = world.old.message_name(old);
        let message = format!("{name} travels by its name, and nobody knows it any more");
        let hit = missed(world, found, old, message);
        // Who writes another name instead is not understood either.
        if !came.is_empty() {
            hit.effects(Effect::Lossy, Effect::Lossy);
        }
    }
}

fn by_content(world: &World, found: &mut Found, payload: &Payload) {
    let [gone, _] = exchanged(world, &payload.types);
    let twin = renamed(world, payload);
    for old in gone {
        let name = world.old.message_name(old);
        let field = &payload.field;
        let Some((_, new)) = twin else {
            let message = format!("{name} travels in {field}, and nobody reads it any more");
            missed(world, found, old, message);
            continue;
        };
        let now = world.new.message_name(new);
        let verdict = world.shapes().verdict((old.into(), new.into()));
        let read = match payload.format {
            PayloadFormat::Binary => verdict.demand < Demand::Major,
            PayloadFormat::Json => json::alike(world, old, new),
        };
        if read {
            continue;
        }
        let cause = verdict
            .cause
            .filter(|_| payload.format == PayloadFormat::Binary);
        let why = cause.map_or_else(
            || "the two have other shapes".to_owned(),
            |cause| cause.message.clone(),
        );
        let message = format!("{now} travels in {field} instead of {name}: {why}");
        let hit = missed(world, found, old, message);
        hit.effects(Effect::Lossy, Effect::Lossy);
        if let Some(cause) = cause {
            hit.effects = Some(verdict.effects);
            hit.probe.clone_from(&cause.probe);
        }
    }
}

fn missed<'f>(world: &World, found: &'f mut Found, old: MessageId, message: String) -> &'f mut Hit {
    let file = world.old[old].file;
    let spot = world.file_twin(file).map(Spot::file);
    found
        .gone(old, spot, file, message)
        .effects(Effect::Same, Effect::Lossy)
        .demands(Channel::Wire, Demand::Major)
        .demands(Channel::Json, Demand::Major)
}
