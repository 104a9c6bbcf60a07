//! What is called safe is safe: random messages of each side, read by the
//! other, suffer no more than the findings say of their type.
//!
//! The schemas are those of all tests here: the examples of the rules, the
//! experiments, the changes of the interface, the pairs of the witnesses and
//! those of a seed. `SAFE_CASES=5000` and `SAFE_SEED=7` widen a run.

#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::print_stderr,
    reason = "a failed unwrap is a failed test; what was compared is said aloud"
)]

#[path = "buf/cases.rs"]
#[allow(dead_code, reason = "the test `buf` uses all of it")]
mod cases;
#[path = "examples/docs.rs"]
#[allow(dead_code, reason = "the test `examples` uses all of it")]
mod docs;
#[path = "buf/table.rs"]
#[allow(dead_code, reason = "the test `buf` uses all of it")]
mod experiments;
#[path = "witness/pairs.rs"]
#[allow(dead_code, reason = "the test `witness` uses all of it")]
mod pairs;
#[path = "editions/protoc.rs"]
mod protoc;
#[path = "mutants/releases.rs"]
#[allow(dead_code, reason = "the test `mutants` uses all of it")]
mod releases;
#[path = "fold/side.rs"]
#[allow(dead_code, reason = "the test `fold` uses all of it")]
mod side;
#[path = "mutants/table.rs"]
#[allow(dead_code, reason = "the test `mutants` uses all of it")]
mod table;
mod safe {
    pub(crate) mod drawn;
    pub(crate) mod messages;
    pub(crate) mod stated;
}

use cases::Random;
use compat::effect::Effect;
use compat::load::{Input, Loaded, Protox, Roots};
use compat::model::MessageId;
use compat::rule::Judge;
use compat::witness::{Profile, Tree, compare, decode, encode, hex, json};
use compat::{DescriptorSet, Era, World, annotation, catalog};
use pairs::compiled;
use safe::messages::{Writer, smaller};
use safe::stated::{Stated, of_writer, types};
use side::Ask;

/// Messages of each type and side.
const MESSAGES: usize = 40;

/// How deep messages nest.
const DEPTH: usize = 3;

/// What was looked at, and what suffered more than was said.
struct Run {
    random: Random,
    messages: usize,
    changed: usize,
    wrong: Vec<String>,
    /// A rule whose findings do not count.
    muted: Option<&'static str>,
}

fn seed() -> u64 {
    number("SAFE_SEED").unwrap_or(1)
}

fn cases_wanted() -> usize {
    usize::try_from(number("SAFE_CASES").unwrap_or(500)).unwrap()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn loaded(bytes: Vec<u8>) -> Loaded {
    let input = Input::Bytes(bytes);
    input.load(&Roots::default(), &Protox).unwrap()
}

impl Run {
    fn new() -> Self {
        Run {
            random: Random::new(seed()),
            messages: 0,
            changed: 0,
            wrong: Vec::new(),
            muted: None,
        }
    }

    /// Writes and reads messages of everything that travels between two sets.
    fn pair(&mut self, name: &str, old: Vec<u8>, new: Vec<u8>) {
        let (old, new) = (loaded(old), loaded(new));
        let unread = |loaded: &Loaded| {
            let set = DescriptorSet::parse(&loaded.bytes).unwrap();
            annotation::check_read(&set).is_err()
        };
        if unread(&old) || unread(&new) {
            // Nothing is judged of a set that only imports the annotations.
            return;
        }
        let outcome = Ask::default().of(&[("old", &old)], &new);
        let stated = Stated::of(&outcome, self.muted);
        let (old, new) = (
            DescriptorSet::parse(&old.bytes).unwrap(),
            DescriptorSet::parse(&new.bytes).unwrap(),
        );
        let world = World::new(&old, &new);
        for types in types(&world) {
            let (most, changed) = stated.most(&world, &types);
            if !changed {
                continue;
            }
            self.changed += 1;
            for (era, writes, reads) in [
                (Era::Old, types.old, types.new),
                (Era::New, types.new, types.old),
            ] {
                let (writer, said) = (Writer::new(&world, era), of_writer(most, era));
                for _ in 0..MESSAGES {
                    self.messages += 1;
                    let tree = writer.message(&mut self.random, writes, DEPTH);
                    if suffers(&world, era, &tree, reads, said).is_some() {
                        self.wrong.push(told(name, &world, era, tree, reads, said));
                        break;
                    }
                }
            }
        }
    }

    /// The same of two texts whose message `M` is called with.
    fn texts(&mut self, name: &str, old: &str, new: &str) {
        let [old, new] = [old, new].map(|text| {
            let service = "service S { rpc Call(M) returns (M); }";
            side::one(&format!("{text} {service}")).bytes
        });
        self.pair(name, old, new);
    }

    fn conclude(mut self, name: &str, least: usize) {
        eprintln!(
            "{name}: {} messages of {} types that changed",
            self.messages, self.changed
        );
        assert!(self.changed >= least, "{} are too few", self.changed);
        self.wrong.sort_by_key(String::len);
        let all = self.wrong.len();
        self.wrong.truncate(8);
        assert!(all == 0, "{all} suffer more:\n{}", self.wrong.join("\n"));
    }
}

/// The effect and the profile, where a message suffers more than is said. What
/// the writer's own side does not read, no change has spoilt.
fn suffers(
    world: &World<'_>,
    writer: Era,
    meant: &Tree,
    reader: MessageId,
    said: Effect,
) -> Option<(Effect, Profile)> {
    let (from, to) = match writer {
        Era::Old => (world.old, world.new),
        Era::New => (world.new, world.old),
    };
    let bytes = encode(from, meant);
    let own = decode(from, meant.message(), &bytes, Profile::Spec).ok()?;
    Profile::ALL.into_iter().find_map(|profile| {
        if decode(from, meant.message(), &bytes, profile).as_ref() != Ok(&own) {
            return None;
        }
        let effect = match decode(to, reader, &bytes, profile) {
            Ok(read) => compare(world, writer, meant, &read),
            Err(_) => Effect::Rejected,
        };
        (effect > said).then_some((effect, profile))
    })
}

/// The smallest part of a message that suffers, in words.
fn told(
    name: &str,
    world: &World<'_>,
    writer: Era,
    mut tree: Tree,
    reader: MessageId,
    said: Effect,
) -> String {
    let set = world.set(writer);
    while let Some(less) = smaller(set, &tree)
        .into_iter()
        .find(|less| suffers(world, writer, less, reader, said).is_some())
    {
        tree = less;
    }
    let (effect, profile) = suffers(world, writer, &tree, reader, said).unwrap();
    let message = set.full_name(tree.message());
    format!(
        "{name}: {writer:?} writes {message} {} ({}): {} to {}, {} was said",
        json(set, &tree),
        hex(&encode(set, &tree)),
        effect.name(),
        profile.name(),
        said.name(),
    )
}

#[test]
fn examples_of_the_rules() {
    let mut run = Run::new();
    for rule in catalog::all() {
        if matches!(rule.judge, Judge::Release) {
            continue;
        }
        let example = docs::example(rule);
        let old = docs::compiled(rule, &example.old);
        for (at, tree) in example.breaks.iter().chain(&example.allowed).enumerate() {
            let name = format!("{} {at}", rule.id);
            run.pair(&name, old.clone(), docs::compiled(rule, tree));
        }
    }
    run.conclude("examples", 150);
}

#[test]
fn experiments_with_one_change() {
    let mut run = Run::new();
    for experiment in experiments::experiments().unwrap() {
        let (old, new) = experiment.sides();
        let change = &experiment.change;
        let set = |side: &str, files| {
            if experiment.has_edition() {
                let name = format!("{}.{side}", experiments::slug(change));
                protoc::committed(&name, files)
            } else {
                compiled(files).unwrap()
            }
        };
        run.pair(change, set("old", &old), set("new", &new));
    }
    run.conclude("experiments", 20);
}

#[test]
fn changes_of_the_interface() {
    let mut run = Run::new();
    for mutant in table::mutants() {
        let old = releases::release(mutant.base);
        let mut new = old.clone();
        for edit in &mutant.edits {
            edit.make(&mut new);
        }
        let sets = [&old, &new].map(releases::compiled);
        let [old, new] = sets;
        run.pair(&mutant.change, old, new);
    }
    for (old, new) in [(0, 1), (1, 2), (0, 2)] {
        let sets = [old, new].map(|minor| releases::compiled(&releases::release(minor)));
        let [old, new] = sets;
        run.pair("a minor", old, new);
    }
    run.conclude("interface", 100);
}

#[test]
fn pairs_of_the_witnesses() {
    let mut run = Run::new();
    let [old, new] = [Era::Old, Era::New].map(|era| pairs::descriptors(era).unwrap());
    run.pair("pairs", old, new);
    run.conclude("witnesses", 20);
}

#[test]
fn pairs_of_a_seed() {
    let mut run = Run::new();
    let mut made = Random::new(seed());
    let cases = cases_wanted();
    let mut compared = 0;
    for number in 0..cases {
        let case = cases::case(&mut made, number, 2);
        let (Ok(old), Ok(new)) = (compiled(&case.old), compiled(&case.new)) else {
            continue;
        };
        compared += 1;
        run.pair(&case.edits.join(", "), old, new);
    }
    assert!(compared > cases / 3, "{compared} compile");
    run.conclude("seed", compared);
}

#[test]
fn pairs_of_all_changes_at_once() {
    let mut run = Run::new();
    let mut made = Random::new(seed());
    let cases = 2 * cases_wanted();
    let mut compared = 0;
    for _ in 0..cases {
        let (old, new) = safe::drawn::pair(&mut made);
        let (Ok(before), Ok(after)) = (compiled(&old), compiled(&new)) else {
            continue;
        };
        compared += 1;
        let texts = old.values().chain(new.values()).cloned();
        run.pair(&texts.collect::<String>(), before, after);
    }
    assert!(compared > cases / 3, "{compared} compile");
    run.conclude("drawn", compared / 2);
}

/// Schemas whose messages once suffered more than was said.
const FOUND: [(&str, &str, &str); 14] = [
    (
        "an arm is deleted, its oneof is not",
        "message M { oneof o { int32 a = 1; int32 b = 2; } }",
        "message M { oneof o { int32 a = 1; } }",
    ),
    (
        "what is required is never unset",
        "syntax = \"proto2\";\npackage p.v1;\nmessage M { required int32 a = 1; }",
        "message M { int32 a = 1; }",
    ),
    (
        "an empty message is there, no bytes are not",
        "message M { N a = 1; } message N {}",
        "message M { bytes a = 1; } message N {}",
    ),
    (
        "no bytes are not there, an empty message is",
        "message M { bytes a = 1; } message N {}",
        "message M { N a = 1; } message N {}",
    ),
    (
        "a message without a key becomes a map",
        "message M { N a = 1; } message N { string value = 2; }",
        "message M { map<bool, string> a = 1; } message N { string value = 2; }",
    ),
    (
        "a message with more than an entry has becomes a map",
        "message M { N a = 1; } message N { bool key = 1; string value = 2; bool more = 3; }",
        "message M { map<bool, string> a = 1; }
         message N { bool key = 1; string value = 2; bool more = 3; }",
    ),
    (
        "bytes become a string that its features do not verify",
        "syntax = \"proto2\";\npackage p.v1;\nmessage M { optional bytes a = 1; }",
        "syntax = \"proto2\";\npackage p.v1;\nmessage M { optional string a = 1; }",
    ),
    (
        "a closed enum hides a value of what is required",
        "syntax = \"proto2\";\npackage p.v1;\nmessage M { required E a = 1; }
         enum E { ZERO = 0; ONE = 1; }",
        "syntax = \"proto2\";\npackage p.v1;\nmessage M { required E a = 1; }
         enum E { ZERO = 0; ONE = 1; TWO = 2; }",
    ),
    (
        "a required value gets another number",
        "syntax = \"proto2\";\npackage p.v1;\nmessage M { required E a = 1; }
         enum E { ZERO = 0; ONE = 1; }",
        "syntax = \"proto2\";\npackage p.v1;\nmessage M { required E a = 1; }
         enum E { ZERO = 0; ONE = 2; }",
    ),
    (
        "a required number becomes a closed enum",
        "syntax = \"proto2\";\npackage p.v1;\nmessage M { required int32 a = 1; }
         enum E { ZERO = 0; }",
        "syntax = \"proto2\";\npackage p.v1;\nmessage M { required E a = 1; }
         enum E { ZERO = 0; }",
    ),
    (
        "a required number of another encoding becomes a closed enum",
        "syntax = \"proto2\";\npackage p.v1;\nmessage M { required sint32 a = 1; }
         enum E { ZERO = 0; ONE = 1; }",
        "syntax = \"proto2\";\npackage p.v1;\nmessage M { required E a = 1; }
         enum E { ZERO = 0; ONE = 1; }",
    ),
    (
        "a map becomes a list of bytes",
        "message M { map<int32, int32> a = 1; }",
        "message M { repeated bytes a = 1; }",
    ),
    (
        "a map becomes a list of messages whose key is an enum",
        "message M { map<int32, int32> a = 1; } message N { E key = 1; int32 value = 2; }
         enum E { ZERO = 0; ONE = 1; }",
        "message M { repeated N a = 1; } message N { E key = 1; int32 value = 2; }
         enum E { ZERO = 0; ONE = 1; }",
    ),
    (
        "a message becomes a string that its features do not verify",
        "syntax = \"proto2\";\npackage p.v1;\nmessage M { optional N a = 1; }
         message N { optional bytes b = 1; }",
        "syntax = \"proto2\";\npackage p.v1;\nmessage M { optional string a = 1; }
         message N { optional bytes b = 1; }",
    ),
];

#[test]
fn what_was_found_before() {
    let mut run = Run::new();
    for (name, old, new) in FOUND {
        run.texts(name, old, new);
    }
    run.conclude("found", FOUND.len());
}

/// A rule, and a change that it alone tells.
const ALONE: [(&str, &str, &str); 5] = [
    (
        "FIELD_RANGE_COMPATIBLE",
        "message M { int64 a = 1; }",
        "message M { int32 a = 1; }",
    ),
    (
        "FIELD_SAME_WIRE_TYPE",
        "message M { string a = 1; }",
        "message M { int32 a = 1; }",
    ),
    (
        "FIELD_SAME_NUMBER",
        "message M { int32 a = 1; int32 b = 2; }",
        "message M { int32 b = 1; int32 a = 2; }",
    ),
    (
        "ONEOF_EXCLUSIVITY_KEPT",
        "message M { optional int32 a = 1; optional int32 b = 2; }",
        "message M { oneof o { int32 a = 1; int32 b = 2; } }",
    ),
    (
        "ENUM_VALUE_ADDED",
        "message M { E a = 1; } enum E { ZERO = 0; }",
        "message M { E a = 1; } enum E { ZERO = 0; ONE = 1; }",
    ),
];

#[test]
fn a_rule_that_is_silent_is_missed() {
    for (rule, old, new) in ALONE {
        for muted in [None, Some(rule)] {
            let mut run = Run::new();
            run.muted = muted;
            run.texts(rule, old, new);
            assert_eq!(run.wrong.is_empty(), muted.is_none(), "{rule}");
        }
    }
}
