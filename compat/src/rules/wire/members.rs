//! The fields of two messages, whatever their names, paired by number. An
//! extension is a field here where the other message has the field itself.

use crate::found::Era;
use crate::model::{Field, Message};
use crate::pair::{Pair, World};
use std::collections::HashMap;

/// What became of the fields.
pub(crate) struct Members<'w> {
    /// Fields of both, by number; of each at least one stands in its message.
    pub(crate) paired: Vec<Pair<'w, Field<'w>>>,
    /// Fields that only the old message has.
    pub(crate) gone: Vec<&'w Field<'w>>,
    /// Fields that only the new message has.
    pub(crate) added: Vec<&'w Field<'w>>,
}

impl<'w> Members<'w> {
    pub(crate) fn of(pair: &Pair<Message>, world: &World<'w>) -> Self {
        let (old, new) = (world.old.fields_of(pair.old), world.new.fields_of(pair.new));
        let mut left: HashMap<i32, &Field> =
            new.iter().map(|field| (field.number, field)).collect();
        let (mut paired, mut gone, mut added) = (Vec::new(), Vec::new(), Vec::new());
        for old in old {
            let extension = || world.extension(Era::New, pair.new.id, old.number);
            match left.remove(&old.number).or_else(extension) {
                Some(new) => paired.push(Pair { old, new }),
                None => gone.push(old),
            }
        }
        for new in new.iter().filter(|field| left.contains_key(&field.number)) {
            match world.extension(Era::Old, pair.old.id, new.number) {
                Some(old) => paired.push(Pair { old, new }),
                None => added.push(new),
            }
        }
        Members {
            paired,
            gone,
            added,
        }
    }
}
