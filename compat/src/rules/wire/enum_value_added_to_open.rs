use super::enum_value_added::added;
use super::guard::dated;
use super::probes;
use super::values::{describe, hidden};
use crate::declare::rule;
use crate::effect::{Demand, Effect};
use crate::features::EnumType;
use crate::found::{Era, Found, Spot};
use crate::model::Enum;
use crate::pair::{Pair, World};
use crate::rule::Channel;

rule! {
    /// Values are added to open enums only.
    ///
    /// A reader of a closed enum hides a number that it does not know: the field reads as unset, and
    /// a list gets shorter; where the field is required, the message is refused.
    ///
    /// ```proto old
    /// syntax = "proto2";
    /// package p.v1;
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=Lossy
    /// syntax = "proto2";
    /// package p.v1;
    /// enum E { E_ZERO = 0; E_ONE = 1; }
    /// ```
    /// ```proto allowed
    /// syntax = "proto2";
    /// package p.v1;
    /// enum E { option allow_alias = true; E_ZERO = 0; E_NONE = 0; }
    /// ```
    "ENUM_VALUE_ADDED_TO_OPEN", Enum,
    aperio [All],
    judge
}

fn judge(pair: &Pair<Enum>, world: &World, found: &mut Found) {
    if pair.old.features.enum_type == EnumType::Open {
        return;
    }
    for value in added(pair, world) {
        let (effect, demand) = if dated(world, value.id) {
            (Effect::Ignored, Demand::Minor)
        } else {
            (hidden(world, Era::Old, pair.old), Demand::Major)
        };
        let message = format!(
            "{} was added, and the enum is closed",
            describe(world.new, value)
        );
        found
            .at(value.id, Spot::of(world.new, value.id), None, message)
            .effects(effect, Effect::Same)
            .demands(Channel::All, demand)
            .shown_by(probes::number(
                world,
                Era::New,
                (pair.old.id, pair.new.id),
                value.number,
            ));
    }
}
