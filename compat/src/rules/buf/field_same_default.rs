use super::default::FieldDefault;
use super::describe::field;
use crate::declare::rule;
use crate::effect::Effect;
use crate::found::{Era, Found, Spot};
use crate::model::Field;
use crate::pair::{Pair, World};
use crate::rules::wire::probes;
use crate::witness::Sample;

rule! {
    /// A field keeps its default.
    ///
    /// An enum without one defaults to its first value, so a new order of values counts.
    ///
    /// ```proto old
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { optional int32 a = 1 [default = 7]; optional E e = 2; }
    /// enum E { E_ONE = 1; E_TWO = 2; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Lossy
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { optional int32 a = 1 [default = 8]; optional E e = 2; }
    /// enum E { E_ONE = 1; E_TWO = 2; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Lossy
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { optional int32 a = 1 [default = 7]; optional E e = 2; }
    /// enum E { E_TWO = 2; E_ONE = 1; }
    /// ```
    /// ```proto allowed
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { optional int64 a = 1 [default = 7]; optional E e = 2 [default = E_ONE]; }
    /// enum E { E_ONE = 1; E_TWO = 2; }
    /// ```
    "FIELD_SAME_DEFAULT", Field,
    buf [File, Package, WireJson, Wire, Csr], v1 [],
    aperio [Wire],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let Some(old) = FieldDefault::of(world.old, pair.old) else {
        return;
    };
    let Some(new) = FieldDefault::of(world.new, pair.new) else {
        return;
    };
    if old.is_zero() && new.is_zero() || old.equals(&new) {
        return;
    }
    let message = format!(
        "{} changed its default from {old} to {new}",
        field(world.new, pair.new)
    );
    let spot = Spot::part(world.new, pair.new.id, &[7]);
    found
        .at(pair.new.id, spot, Some(pair.old.file), message)
        .effects(Effect::Lossy, Effect::Lossy)
        .shown_by(probes::field(world, Era::Old, pair, [Sample::Empty]));
}
