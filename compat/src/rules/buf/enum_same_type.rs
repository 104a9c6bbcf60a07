use crate::declare::rule;
use crate::effect::Effect;
use crate::features::EnumType;
use crate::found::{Era, Found, Spot};
use crate::model::Enum;
use crate::pair::{Pair, World};
use crate::rules::wire::probes;
use crate::rules::wire::values::hidden;

rule! {
    /// An enum stays open, or stays closed.
    ///
    /// A closed enum hides values it does not know.
    ///
    /// ```proto old
    /// syntax = "proto2";
    /// package p.v1;
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto breaks old_to_new=UnknownVariant new_to_old=Lossy
    /// syntax = "proto3";
    /// package p.v1;
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto allowed
    /// syntax = "proto2";
    /// package p.v1;
    /// enum E { E_ZERO = 0; E_ONE = 1; }
    /// ```
    "ENUM_SAME_TYPE", Enum,
    buf [File, Package],
    aperio [Wire],
    judge
}

fn judge(pair: &Pair<Enum>, world: &World, found: &mut Found) {
    let (old, new) = (pair.old.features.enum_type, pair.new.features.enum_type);
    if old != new {
        let message = format!(
            "enum {} changed from {} to {}",
            pair.new.name,
            old.word(),
            new.word()
        );
        let spot = Spot::part(world.new, pair.new.id, &[3, 7, 2]);
        let reads = |era, reader: &Enum<'_>| match reader.features.enum_type {
            EnumType::Open => Effect::UnknownVariant,
            EnumType::Closed => hidden(world, era, reader),
        };
        // The open side may write a number that neither has a name for.
        let writer = match old {
            EnumType::Open => Era::Old,
            EnumType::Closed => Era::New,
        };
        let values = world.old.values_of(pair.old).iter();
        let values = values.chain(world.new.values_of(pair.new));
        let highest = values.map(|value| value.number).max().unwrap_or(0);
        let unnamed = highest.checked_add(1).unwrap_or(i32::MIN);
        found
            .at(pair.new.id, spot, Some(pair.old.file), message)
            .effects(reads(Era::Old, pair.old), reads(Era::New, pair.new))
            .shown_by(probes::number(
                world,
                writer,
                (pair.old.id, pair.new.id),
                unnamed,
            ));
    }
}
