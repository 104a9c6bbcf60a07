use crate::declare::rule;
use crate::found::{Found, Spot};
use crate::model::{Field, Label, Message};
use crate::pair::{Pair, World};

rule! {
    /// A message keeps its required fields.
    ///
    /// The label counts; a required field of an edition is not seen here.
    ///
    /// ```proto old
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { required int32 a = 1; optional int32 b = 2; }
    /// ```
    /// ```proto breaks
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { optional int32 a = 1; optional int32 b = 2; }
    /// ```
    /// ```proto breaks
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { required int32 a = 1; optional int32 b = 2; required int32 c = 3; }
    /// ```
    /// ```proto allowed
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { required int32 a = 1; repeated int32 b = 2; optional int32 c = 3; }
    /// ```
    "MESSAGE_SAME_REQUIRED_FIELDS", Message,
    buf [File, Package, WireJson, Wire, Csr],
    judge
}

fn judge(pair: &Pair<Message>, world: &World, found: &mut Found) {
    let required = |field: &&Field| field.label == Label::Required;
    for field in world.old.fields_of(pair.old).iter().filter(required) {
        let twin = world.field_twin(field.id).map(|id| &world.new[id]);
        if !twin.is_some_and(|twin| required(&twin)) {
            let (message, number) = (pair.old.name, field.number);
            let message = format!("message {message} lost its required field {number}");
            let spot = Spot::of(world.new, pair.new.id);
            found.at(pair.new.id, spot, Some(pair.old.file), message);
        }
    }
    for field in world.new.fields_of(pair.new).iter().filter(required) {
        let origin = world.field_origin(field.id).map(|id| &world.old[id]);
        if !origin.is_some_and(|origin| required(&origin)) {
            let (message, number) = (pair.new.name, field.number);
            let message = format!("message {message} got a required field {number}");
            let spot = Spot::of(world.new, field.id);
            found.at(field.id, spot, None, message);
        }
    }
}
