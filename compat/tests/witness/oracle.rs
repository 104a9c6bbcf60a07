//! Ours beside protobuf for Python: the same value or the same refusal, and
//! the same bytes written again.

use super::pairs::{ANIMALS, committed, editions, files, package, table, unhex};
use super::random::{Random, scale};
use super::tool::{Answers, Oracle, Read, Sets};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use compat::witness::{Datum, DecodeError, Profile, Slot, Tree, decode, encode, hex, json};
use compat::{DescriptorSet, Era};
use libtest_mimic::Failed;
use serde_json::{Value, json as literal};

pub(crate) fn all(oracle: &Oracle) -> Result<(), Failed> {
    let mut talk = oracle.start()?;
    let (old, new) = (files(Era::Old)?, files(Era::New)?);
    let sides = literal!({"sides": [old, new, editions(&old), editions(&new)]});
    let answer: Sets = talk.ask(&sides)?;
    assert_eq!(answer.runtime, "upb", "the runtime in C is the oracle");
    let sets = answer.sets.iter().map(|set| STANDARD.decode(set));
    let sets: Vec<Vec<u8>> = sets.collect::<Result<_, _>>()?;
    fresh(&sets[2..])?;
    let parsed = [
        DescriptorSet::parse(&sets[0])?,
        DescriptorSet::parse(&sets[1])?,
    ];

    let mut asked: Vec<(usize, String, Vec<u8>)> = Vec::new();
    for (at, pair) in table()?.iter().enumerate() {
        let bytes = unhex(&pair.bytes);
        for era in [pair.reader(), pair.writer()] {
            asked.push((era as usize, format!("{}.M", package(at)), bytes.clone()));
        }
    }
    let pairs = asked.len();
    let (cases, seed) = scale();
    let mut random = Random::new(seed);
    for name in ANIMALS {
        let message = parsed[0].find_message(name).ok_or("no such message")?;
        for _ in 0..cases {
            let bytes = random.message(&parsed[0], message, 3);
            // What we write of what we read, too.
            if let Ok(tree) = decode(&parsed[0], message, &bytes, Profile::Spec) {
                asked.push((0, name.to_owned(), encode(&parsed[0], &tree)));
            }
            asked.push((0, name.to_owned(), bytes));
        }
    }
    asked.extend(deep());
    let read: Vec<_> = asked
        .iter()
        .map(|(side, name, bytes)| literal!([side, name, hex(bytes)]))
        .collect();
    let make: Vec<_> = ANIMALS
        .iter()
        .map(|name| literal!([0, name, cases / 3, seed]))
        .collect();
    let answers: Answers = talk.ask(&literal!({"read": read, "make": make}))?;
    talk.end()?;

    let mut wrong = Vec::new();
    let mut refused = 0;
    for ((side, name, bytes), theirs) in asked.iter().zip(&answers.read) {
        let ours = by_ours(&parsed[*side], name, bytes)?;
        refused += usize::from(matches!(theirs, Read::Refused { .. }));
        if !agree(&parsed[*side], name, &ours, theirs) {
            let bytes = hex(bytes);
            wrong.push(format!(
                "{name} {bytes}\n  ours   {ours:?}\n  theirs {theirs:?}"
            ));
        }
    }
    let mut more = 0;
    for (name, messages) in ANIMALS.iter().zip(&answers.made) {
        more += messages.len();
        for theirs in messages {
            let ours = by_ours(&parsed[0], name, &unhex(&theirs.bytes))?;
            let same = matches!(&ours, Ok((json, again)) if alike(json, &theirs.json)
                && same_bytes(&parsed[0], name, again, &theirs.bytes));
            if !same {
                wrong.push(format!("{name} {theirs:?}\n  ours   {ours:?}"));
            }
        }
    }
    eprintln!(
        "{} messages read by both ({pairs} of the pairs, {refused} refused), {more} more of theirs; {} disagreements",
        asked.len(),
        wrong.len()
    );
    assert!(more > cases / 2 && refused > 50 && refused < asked.len() / 2);
    wrong.sort_by_key(String::len);
    wrong.truncate(10);
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}

/// Messages that nest as deep as they may, and one deeper.
fn deep() -> Vec<(usize, String, Vec<u8>)> {
    let mut cases = Vec::new();
    for depth in 98..103 {
        // child = 11 in both; a group that nobody knows.
        for name in &ANIMALS[..2] {
            let mut bytes = Vec::new();
            for _ in 0..depth {
                let mut outer = vec![0x5a];
                let mut length = bytes.len();
                while length >= 0x80 {
                    outer.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
                    length >>= 7;
                }
                outer.push(u8::try_from(length).unwrap());
                outer.extend(bytes);
                bytes = outer;
            }
            cases.push((0, (*name).to_owned(), bytes));
            let group = [vec![0x7b; depth], vec![0x7c; depth]].concat();
            cases.push((0, (*name).to_owned(), group));
        }
    }
    cases
}

pub(crate) type Ours = Result<(Value, String), DecodeError>;

pub(crate) fn by_ours(set: &DescriptorSet<'_>, name: &str, bytes: &[u8]) -> Result<Ours, Failed> {
    let message = set.find_message(name).ok_or("no such message")?;
    let read = decode(set, message, bytes, Profile::Spec);
    Ok(read.map(|tree| (json(set, &tree), hex(&encode(set, &tree)))))
}

pub(crate) fn agree(set: &DescriptorSet<'_>, name: &str, ours: &Ours, theirs: &Read) -> bool {
    match (ours, theirs) {
        (Ok((ours, bytes)), Read::Message { json, again }) => {
            // Without a value the bytes alone speak.
            (json.is_null() || alike(ours, json)) && same_bytes(set, name, bytes, again)
        }
        (Err(_), Read::Refused { error }) => !error.is_empty(),
        _ => false,
    }
}

/// The same bytes; where a map has several entries, in any order of theirs.
fn same_bytes(set: &DescriptorSet<'_>, name: &str, ours: &str, theirs: &str) -> bool {
    if ours == theirs || ours.len() != theirs.len() {
        return ours == theirs;
    }
    let message = set.find_message(name).unwrap();
    let tree = |text| decode(set, message, &unhex(text), Profile::Spec).unwrap();
    let sorted = |text: &str| {
        let mut bytes = unhex(text);
        bytes.sort_unstable();
        bytes
    };
    let same_but_for_order = sorted(ours) == sorted(theirs);
    let (ours, theirs) = (tree(ours), tree(theirs));
    // An entry that is kept as unknown is encoded anew, and nobody sorts the
    // extensions in it.
    if same_but_for_order && has_kept_entry(set, &ours) {
        return true;
    }
    ours == theirs && has_wide_map(&ours)
}

fn has_kept_entry(set: &DescriptorSet<'_>, tree: &Tree) -> bool {
    let fields = set.fields_of(&set[tree.message()]);
    let inside = |datum: &Datum| matches!(datum, Datum::Message(tree) if has_kept_entry(set, tree));
    let here = !tree.unknown.is_empty() && fields.iter().any(|field| set.is_map(field));
    here || tree.slots().any(|(_, slot)| match slot {
        Slot::One(datum) => inside(datum),
        Slot::List(list) => list.iter().any(inside),
        Slot::Map(map) => map.values().any(inside),
    })
}

fn has_wide_map(tree: &Tree) -> bool {
    let inside = |datum: &Datum| matches!(datum, Datum::Message(tree) if has_wide_map(tree));
    tree.slots().any(|(_, slot)| match slot {
        Slot::One(datum) => inside(datum),
        Slot::List(list) => list.iter().any(inside),
        Slot::Map(map) => map.len() > 1 || map.values().any(inside),
    })
}

/// Equal but for the last digit of a number that is no integer: there may be
/// several shortest texts of a float. The bytes beside are compared to the bit.
fn alike(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => {
            let (ours, theirs) = (ours.as_f64().unwrap(), theirs.as_f64().unwrap());
            (ours - theirs).abs()
                <= if ours.fract() == 0.0 {
                    ours.abs() * 1e-15
                } else {
                    ours.abs() * 1e-6
                }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(o, t)| alike(o, t))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            let inside = |(name, value)| theirs.get(name).is_some_and(|other| alike(value, other));
            ours.len() == theirs.len() && ours.iter().all(inside)
        }
        _ => ours == theirs,
    }
}

/// The committed descriptors are what protoc says today.
fn fresh(sets: &[Vec<u8>]) -> Result<(), Failed> {
    for (era, set) in [Era::Old, Era::New].into_iter().zip(sets) {
        let place = committed(era);
        if std::env::var_os("UPDATE_EDITIONS").is_some() {
            std::fs::create_dir_all(place.parent().ok_or("no folder")?)?;
            std::fs::write(&place, set)?;
        }
        if std::fs::read(&place)? != *set {
            return Err(format!("{} is stale", place.display()).into());
        }
    }
    Ok(())
}
