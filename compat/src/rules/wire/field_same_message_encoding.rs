use super::probes;
use crate::declare::rule;
use crate::effect::Effect;
use crate::found::{Era, Found, Spot};
use crate::model::{Field, Kind};
use crate::pair::{Pair, World};
use crate::rules::buf::describe::field;

rule! {
    /// A field keeps the frame of its message.
    ///
    /// A delimited message, as a group is one, stands between two tags; any other follows its
    /// length. Neither reader knows the other's frame.
    ///
    /// ```proto old
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { optional group A = 1 { optional int32 x = 1; } }
    /// ```
    /// ```proto breaks old_to_new=Rejected new_to_old=Rejected
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { optional A a = 1; message A { optional int32 x = 1; } }
    /// ```
    /// ```proto allowed
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { optional group A = 1 { optional int32 x = 1; optional int32 y = 2; } }
    /// ```
    "FIELD_SAME_MESSAGE_ENCODING", Field,
    aperio [Wire],
    covers [
        "FIELD_SAME_TYPE",
        "FIELD_WIRE_COMPATIBLE_TYPE",
        "FIELD_WIRE_JSON_COMPATIBLE_TYPE",
    ],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let frame = match (pair.old.kind, pair.new.kind) {
        (Kind::Message, Kind::Group) => "delimited instead of length-prefixed",
        (Kind::Group, Kind::Message) => "length-prefixed instead of delimited",
        _ => return,
    };
    let message = format!("{} became {frame}", field(world.new, pair.new));
    let spot = Spot::part(world.new, pair.new.id, &[8, 21, 5]);
    found
        .at(pair.new.id, spot, Some(pair.old.file), message)
        .effects(Effect::Rejected, Effect::Rejected)
        .shown_by(probes::field(
            world,
            Era::Old,
            pair,
            [probes::some(world.old, pair.old)],
        ));
}
