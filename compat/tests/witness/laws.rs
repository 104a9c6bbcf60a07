//! What holds for every message of every set.

use super::pairs::{ANIMALS, compiled, descriptors};
use super::random::{Random, scale};
use compat::witness::{Profile, Slot, Tree, decode, json};
use compat::{DescriptorSet, Era, hostile};
use libtest_mimic::Failed;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use prost_reflect::prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};

/// Messages of the zoo, right and broken.
pub(crate) fn random() -> Result<(), Failed> {
    let bytes = descriptors(Era::Old)?;
    let set = DescriptorSet::parse(&bytes)?;
    let (cases, seed) = scale();
    let mut random = Random::new(seed);
    for name in ANIMALS {
        let message = set.find_message(name).ok_or("no such message")?;
        for _ in 0..cases / 10 {
            let bytes = random.message(&set, message, 3);
            hostile::messages(set.bytes(), &bytes);
        }
    }
    Ok(())
}

/// Whole bytes of strangers, for sets that a compiler would refuse too.
pub(crate) fn hostile() -> Result<(), Failed> {
    let base = descriptors(Era::Old)?;
    let edits = prop::collection::vec((any::<usize>(), any::<u8>()), 0..4);
    let bytes = prop::collection::vec(any::<u8>(), 0..60);
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner.run(&(edits, bytes), |(edits, bytes)| {
        let mut set = base.clone();
        for (place, byte) in edits {
            let at = place % set.len();
            set[at] = byte;
        }
        hostile::messages(&set, &bytes);
        Ok(())
    })?;
    Ok(())
}

/// The profile `prost` beside prost-reflect.
pub(crate) fn prost() -> Result<(), Failed> {
    let mut files = super::pairs::files(Era::Old)?;
    files.retain(|path, text| path.starts_with("zoo/") && !text.starts_with("edition"));
    let bytes = compiled(&files)?;
    let set = DescriptorSet::parse(&bytes)?;
    let pool = DescriptorPool::decode(bytes.as_slice())?;
    let (cases, seed) = scale();
    let mut random = Random::new(seed);
    let mut refused = 0;
    for name in &ANIMALS[..2] {
        let message = set.find_message(name).ok_or("no such message")?;
        let theirs = pool.get_message_by_name(name).ok_or("no such message")?;
        for _ in 0..cases {
            let bytes = random.message(&set, message, 3);
            let ours = decode(&set, message, &bytes, Profile::Prost);
            let read = DynamicMessage::decode(theirs.clone(), bytes.as_slice());
            let hex = compat::witness::hex(&bytes);
            match (ours, read) {
                (Err(_), Err(_)) => refused += 1,
                (Ok(ours), Ok(read)) => {
                    let again = read.encode_to_vec();
                    let again = decode(&set, message, &again, Profile::Prost)?;
                    if !same_values(&ours, &again) {
                        let (ours, again) = (json(&set, &ours), json(&set, &again));
                        return Err(format!("{name} {hex}\n{ours}\n{again}").into());
                    }
                }
                (ours, read) => {
                    let read = read.map(|_| ());
                    return Err(format!("{name} {hex}\n{ours:?}\n{read:?}").into());
                }
            }
        }
    }
    assert!(refused > cases / 20 && refused < cases * 2);
    Ok(())
}

/// Unknown fields aside: prost sorts them and writes their varints anew.
fn same_values(ours: &Tree, theirs: &Tree) -> bool {
    use compat::witness::Datum;
    let data = |ours: &Datum, theirs: &Datum| match (ours, theirs) {
        (Datum::Message(ours), Datum::Message(theirs)) => same_values(ours, theirs),
        _ => ours == theirs,
    };
    ours.unknown.is_empty() == theirs.unknown.is_empty()
        && ours.slots().count() == theirs.slots().count()
        && ours.slots().zip(theirs.slots()).all(|(ours, theirs)| {
            ours.0 == theirs.0
                && match (ours.1, theirs.1) {
                    (Slot::One(ours), Slot::One(theirs)) => data(ours, theirs),
                    (Slot::List(ours), Slot::List(theirs)) => {
                        ours.len() == theirs.len()
                            && ours.iter().zip(theirs).all(|(o, t)| data(o, t))
                    }
                    (Slot::Map(ours), Slot::Map(theirs)) => {
                        ours.len() == theirs.len()
                            && ours
                                .iter()
                                .zip(theirs)
                                .all(|((k, o), (l, t))| k == l && data(o, t))
                    }
                    _ => false,
                }
        })
}
