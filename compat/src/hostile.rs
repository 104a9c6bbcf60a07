//! Bytes of strangers, and everything that is done with them at once.
//!
//! Each function panics where a law is broken and does nothing else. Property
//! tests and fuzzers call the same ones.

use crate::load::{Input, Protox, Roots};
use crate::witness::{Profile, compare, decode, encode, json};
use crate::{DescriptorSet, Era, World, canon, catalog, comments, pair};

/// A descriptor set is read or refused; its canonical form is its own.
pub fn descriptors(bytes: &[u8]) {
    if let Ok(loaded) = Input::Bytes(bytes.to_vec()).load(&Roots::default(), &Protox) {
        let _ = loaded.set();
    }
    let Ok(set) = DescriptorSet::parse(bytes) else {
        return;
    };
    let all = || set.files().iter().map(|file| file.id);
    if let Ok(once) = canon::set(&set, all()) {
        let again = DescriptorSet::parse(&once).expect("a canonical form is readable");
        let files = again.files().iter().map(|file| file.id);
        let twice = canon::set(&again, files).expect("what has a canonical form keeps it");
        assert_eq!(once, twice, "a canonical form is its own");
    }
    let _ = comments::digest(&set, all());
}

/// Every rule judges two sets, in both directions; of a set and itself none has
/// anything to say.
pub fn rules(old: &[u8], new: &[u8]) {
    let (Ok(old), Ok(new)) = (DescriptorSet::parse(old), DescriptorSet::parse(new)) else {
        return;
    };
    for (old, new) in [(&old, &new), (&new, &old)] {
        let world = World::new(old, new);
        for hit in pair::judge(&world, catalog::all()) {
            assert!(!world.set(hit.era).full_name(hit.element).is_empty());
        }
    }
    let same = pair::judge(&World::new(&new, &new), catalog::all());
    assert!(same.is_empty(), "a set differs from itself");
}

/// Bytes are read as every message of a set, or refused. What was read is
/// written, and reads the same again.
pub fn messages(set: &[u8], bytes: &[u8]) {
    let Ok(set) = DescriptorSet::parse(set) else {
        return;
    };
    let world = World::new(&set, &set);
    for message in set.messages() {
        for profile in Profile::ALL {
            let Ok(tree) = decode(&set, message.id, bytes, profile) else {
                continue;
            };
            let again = encode(&set, &tree);
            let read = decode(&set, message.id, &again, profile);
            assert_eq!(read.as_ref(), Ok(&tree), "what is written reads the same");
            assert!(json(&set, &tree).is_object());
            let effect = compare(&world, Era::Old, &tree, &tree);
            assert_eq!(effect.name(), "same", "a message differs from itself");
        }
    }
}

/// Cuts one input into two: its first two bytes are the length of the first.
pub fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return (&[], &[]);
    };
    let length = usize::from(u16::from_le_bytes(*length));
    rest.split_at(length.min(rest.len()))
}
