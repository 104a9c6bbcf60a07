use super::probes;
use crate::declare::rule;
use crate::effect::Effect;
use crate::found::{Era, Found, Spot};
use crate::model::Message;
use crate::pair::{Pair, World};

rule! {
    /// A message keeps writing its extensions as it does.
    ///
    /// A message set (`message_set_wire_format`) writes each extension as a group of its number and
    /// its bytes; any other message writes it as a field. Neither reader finds an extension in the
    /// other's bytes.
    ///
    /// ```proto old
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { option message_set_wire_format = true; extensions 100 to 200; }
    /// message N { extensions 100 to 200; }
    /// message Item { optional int32 a = 1; }
    /// extend M { optional Item m = 100; }
    /// extend N { optional Item n = 100; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Lossy
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { extensions 100 to 200; }
    /// message N { extensions 100 to 200; }
    /// message Item { optional int32 a = 1; }
    /// extend M { optional Item m = 100; }
    /// extend N { optional Item n = 100; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Lossy
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { option message_set_wire_format = true; extensions 100 to 200; }
    /// message N { option message_set_wire_format = true; extensions 100 to 200; }
    /// message Item { optional int32 a = 1; }
    /// extend M { optional Item m = 100; }
    /// extend N { optional Item n = 100; }
    /// ```
    /// ```proto allowed
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { option message_set_wire_format = true; extensions 100 to 200; }
    /// message N { option message_set_wire_format = false; extensions 100 to 200; }
    /// message Item { optional int32 a = 1; }
    /// extend M { optional Item m = 100; }
    /// extend N { optional Item n = 100; }
    /// ```
    "MESSAGE_SAME_SET_ENCODING", Message,
    aperio [Wire],
    judge
}

fn judge(pair: &Pair<Message>, world: &World, found: &mut Found) {
    let how = match (pair.old.is_set(), pair.new.is_set()) {
        (true, false) => "is no message set any more",
        (false, true) => "became a message set",
        _ => return,
    };
    let message = format!("message {} {how}", pair.new.name);
    let spot = Spot::part(world.new, pair.new.id, &[7, 1]);
    let extension = world.old.looked().extension(pair.old.id);
    let types = (pair.old.id, pair.new.id);
    let probe = extension.map(|id| probes::message(world, Era::Old, types, [&world.old[id]]));
    found
        .at(pair.new.id, spot, Some(pair.old.file), message)
        .effects(Effect::Lossy, Effect::Lossy)
        .shown_by(probe);
}
