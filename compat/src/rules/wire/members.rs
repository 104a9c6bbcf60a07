//! The fields of two messages, whatever their names, paired by number.

use crate::model::{Field, Message};
use crate::pair::{Pair, World};
use std::collections::HashMap;

/// What became of the fields.
pub(crate) struct Members<'w> {
    /// Fields of both, by number.
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
        let (mut paired, mut gone) = (Vec::new(), Vec::new());
        for old in old {
            match left.remove(&old.number) {
                Some(new) => paired.push(Pair { old, new }),
                None => gone.push(old),
            }
        }
        let added = new.iter().filter(|field| left.contains_key(&field.number));
        Members {
            paired,
            gone,
            added: added.collect(),
        }
    }
}
