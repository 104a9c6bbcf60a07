//! Rulebook `aperio` on one change at a time.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "editions/protoc.rs"]
mod protoc;
#[path = "buf/table.rs"]
mod table;

use compat::effect::{Demand, Effect};
use compat::load::{FrontEnd, Protox, Root, Sources, Tree};
use compat::model::ElementId;
use compat::occasion::Occasion;
use compat::{Channel, DescriptorSet, Era, Hit, World, catalog, pair, witness};
use protoc::committed;
use semver::Version;
use std::collections::BTreeSet;
use std::rc::Rc;
use table::{Files, experiments, slug};

fn compiled(files: &Files) -> Vec<u8> {
    let names: Vec<String> = files.keys().cloned().collect();
    let texts = files
        .iter()
        .map(|(path, text)| (path.clone(), text.clone().into_bytes()));
    let sources = Sources {
        roots: vec![Root::new(Rc::new(Tree::Memory(texts.collect())), "", "")],
        imports: Vec::new(),
    };
    Protox
        .compile(&sources, &names)
        .unwrap_or_else(|error| panic!("{error}\n{files:#?}"))
}

/// One file `a.proto` of package `p.v1`; proto3 unless it says otherwise.
fn one(text: &str) -> Vec<u8> {
    let head = if text.contains("syntax =") {
        ""
    } else {
        "syntax = \"proto3\";\npackage p.v1;\n"
    };
    compiled(&Files::from([(
        "a.proto".to_owned(),
        format!("{head}{text}"),
    )]))
}

const CHANNELS: [Channel; 5] = [
    Channel::Wire,
    Channel::Json,
    Channel::SourceGo,
    Channel::SourcePy,
    Channel::Source,
];

/// What a hit asks for beside the wire.
fn beside(hit: &Hit, channel: Channel) -> Option<Demand> {
    let counts = |other: &Channel| *other == channel || *other == Channel::All;
    let said = hit.demands.iter().filter(|(other, _)| counts(other));
    let speaks = hit.demands.is_empty() && hit.rule.aperio.iter().any(counts)
        || channel == Channel::Source && catalog::is_source(hit.rule);
    let silent = speaks.then_some(Demand::Major);
    said.map(|(_, demand)| *demand).chain(silent).max()
}

/// The hits of a world, those left out that others stand for.
fn judged(world: &World) -> Vec<Hit> {
    let hits = pair::judge(world, catalog::aperio(&CHANNELS));
    let name = |hit: &Hit| world.set(hit.era).full_name(hit.element);
    let stands = |over: &Hit, hit: &Hit| {
        // A hit stands for others on its element and on what that is part of.
        let outer = match over.element {
            ElementId::Field(id) => {
                let set = world.set(over.era);
                set.message_name(set.owner(&set[id])).to_owned()
            }
            ElementId::Value(id) => {
                let set = world.set(over.era);
                set.enum_name(set[id].parent).to_owned()
            }
            _ => String::new(),
        };
        let name_of_hit = name(hit);
        let about = name(over) == name_of_hit || outer == name_of_hit;
        about && over.rule.instead_of.contains(&hit.rule.id)
    };
    let stays = |hit: &&Hit| !hits.iter().any(|over| stands(over, hit));
    hits.iter().filter(stays).cloned().collect()
}

/// What running binaries ask for, and the rules that decide it.
fn wire(world: &World) -> (Option<Demand>, BTreeSet<&'static str>) {
    let hits = judged(world);
    let most = hits.iter().filter_map(Hit::wire_demand).max();
    let deciding = hits.iter().filter(|hit| hit.wire_demand() == most);
    (most, deciding.map(|hit| hit.rule.id).collect())
}

#[test]
fn one_change_asks_for_what_the_table_says() {
    let mut wrong = Vec::new();
    for experiment in experiments().unwrap() {
        let (old, new) = experiment.sides();
        let bytes = |side: &str, files: &Files| {
            if experiment.has_edition() {
                committed(&format!("{}.{side}", slug(&experiment.change)), files)
            } else {
                compiled(files)
            }
        };
        let (old, new) = (bytes("old", &old), bytes("new", &new));
        let old = DescriptorSet::parse(&old).unwrap();
        let new = DescriptorSet::parse(&new).unwrap();
        let world = World::new(&old, &new);
        let (demand, rules) = wire(&world);
        let ours = &experiment.ours;
        let said = demand.map_or("none", Demand::name);
        if said != ours.wire || !rules.iter().eq(ours.rules.iter()) {
            wrong.push(format!("{}: {said} {rules:?}", experiment.change));
        }
        let hits = judged(&world);
        let any = [Channel::SourceGo, Channel::SourcePy, Channel::Source];
        for (said, channels) in [
            (&ours.json, &[Channel::Json][..]),
            (&ours.source, &any),
            (&ours.source_go, &any[..1]),
            (&ours.source_py, &any[1..2]),
        ] {
            let asked = channels.iter().flat_map(|channel| {
                let hits = hits.iter();
                hits.filter_map(|hit| beside(hit, *channel))
            });
            let asked = asked.max().map_or("none", Demand::name);
            if said.as_ref().is_some_and(|said| said != asked) {
                wrong.push(format!("{}, {channels:?}: {asked}", experiment.change));
            }
        }
        if let Some(rule) = &ours.denied {
            let mut world = World::new(&old, &new);
            world.occasion.unguarded_denied = Some(true);
            let said = wire(&world);
            if said != (Some(Demand::Major), BTreeSet::from([rule.as_str()])) {
                wrong.push(format!("{}, denied: {said:?}", experiment.change));
            }
        }
        for (set, other) in [(&old, &old), (&new, &new)] {
            let hits = judged(&World::new(set, other));
            assert!(hits.is_empty(), "{}: {hits:?}", experiment.change);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is asked of one text that became another.
fn of(old: &str, new: &str) -> (Option<Demand>, Vec<&'static str>) {
    with(old, new, |_| {})
}

fn with(
    old: &str,
    new: &str,
    occasion: impl FnOnce(&mut Occasion),
) -> (Option<Demand>, Vec<&'static str>) {
    let (old, new) = (one(old), one(new));
    let old = DescriptorSet::parse(&old).unwrap();
    let new = DescriptorSet::parse(&new).unwrap();
    let mut world = World::new(&old, &new);
    occasion(&mut world.occasion);
    let (demand, rules) = wire(&world);
    (demand, rules.into_iter().collect())
}

#[test]
fn a_type_of_another_name_is_its_shape() {
    let renamed = |new: &str| {
        let old = "message M { N n = 1; } message N { int32 a = 1; N next = 2; E e = 3; }
                   enum E { ZERO = 0; }";
        of(old, new)
    };
    let same = "message M { O n = 1; } message O { int32 a = 1; O next = 2; F e = 3; }
                enum F { ZERO = 0; }";
    assert_eq!(renamed(same), (Some(Demand::Patch), vec!["NEUTRAL_CHANGE"]));
    let grown =
        "message M { O n = 1; } message O { int32 a = 1; O next = 2; F e = 3; string b = 4; }
                 enum F { ZERO = 0; ONE = 1; }";
    let additions = vec!["ENUM_VALUE_ADDED", "FIELD_ADDED"];
    assert_eq!(renamed(grown), (Some(Demand::Minor), additions));
    let deep = "message M { O n = 1; } message O { int32 a = 1; O next = 2; F e = 3; }
                enum F { ZERO = 0; ONE = 0; option allow_alias = true; }";
    assert_eq!(
        renamed(deep),
        (Some(Demand::Minor), vec!["ENUM_ALIAS_ADDED"])
    );
    let other = "message M { O n = 1; } message O { string a = 1; O next = 2; F e = 3; }
                 enum F { ZERO = 0; }";
    assert_eq!(
        renamed(other),
        (Some(Demand::Major), vec!["TYPE_SAME_SHAPE"])
    );
    let narrower = "message M { O n = 1; } message O { int32 a = 1; P next = 2; F e = 3; }
                    message P { int32 a = 1; O next = 2; F e = 3; } enum F { ONE = 0; }";
    assert_eq!(
        renamed(narrower),
        (Some(Demand::Patch), vec!["NEUTRAL_CHANGE"])
    );
}

#[test]
fn what_differs_below_is_told_once_and_by_name() {
    let old = "message M { A a = 1; } message A { B b = 1; } message B { int64 x = 1; }";
    let new = "message M { C a = 1; } message C { D b = 1; } message D { int32 x = 1; }";
    let (old, new) = (one(old), one(new));
    let old = DescriptorSet::parse(&old).unwrap();
    let new = DescriptorSet::parse(&new).unwrap();
    let world = World::new(&old, &new);
    let hits = judged(&world);
    let shape: Vec<_> = hits
        .iter()
        .filter(|hit| hit.rule.id == "TYPE_SAME_SHAPE")
        .collect();
    let [hit] = shape[..] else {
        panic!("{hits:#?}")
    };
    assert_eq!(new.full_name(hit.element), "p.v1.M.a");
    assert!(
        hit.message.contains("field 1 (x) of message D"),
        "{}",
        hit.message
    );
    assert_eq!(hit.effects.unwrap().old_to_new, Effect::Lossy);
    assert_eq!(hit.effects.unwrap().new_to_old, Effect::Same);
}

#[test]
fn a_type_that_was_there_is_no_new_name() {
    let old =
        "message M { A a = 1; } message A { int32 x = 1; } message B { int32 x = 1; int32 y = 2; }";
    let new =
        "message M { B a = 1; } message A { int32 x = 1; } message B { int32 x = 1; int32 y = 2; }";
    assert_eq!(of(old, new), (Some(Demand::Minor), vec!["TYPE_SAME_SHAPE"]));
    assert_eq!(of(new, old), (Some(Demand::Major), vec!["TYPE_SAME_SHAPE"]));
}

#[test]
fn a_map_is_its_entry() {
    let neutral = (Some(Demand::Patch), vec!["NEUTRAL_CHANGE"]);
    let map = |name: &str, value: &str| format!("message M {{ map<string, {value}> {name} = 1; }}");
    assert_eq!(of(&map("a", "int32"), &map("b", "int32")), neutral);
    let wire = (Some(Demand::Major), vec!["FIELD_SAME_WIRE_TYPE"]);
    assert_eq!(of(&map("a", "int32"), &map("a", "string")), wire);
    let shape = (Some(Demand::Major), vec!["TYPE_SAME_SHAPE"]);
    assert_eq!(of(&map("a", "int32"), &map("b", "string")), shape);
    let added = (Some(Demand::Minor), vec!["FIELD_ADDED"]);
    assert_eq!(of("message M {}", &map("a", "int32")), added);
}

#[test]
fn extensions_come_and_go_as_fields_do() {
    let none = "syntax = \"proto2\"; package p.v1; message M { extensions 100 to max; }";
    let some = format!("{none} extend M {{ optional int32 x = 100; }}");
    assert_eq!(of(none, &some), (Some(Demand::Minor), vec!["FIELD_ADDED"]));
    let gone = (Some(Demand::Major), vec!["FIELD_NO_DELETE_UNLESS_RETIRED"]);
    assert_eq!(of(&some, none), gone);
    let wide = format!("{none} extend M {{ optional int64 x = 100; }}");
    assert_eq!(
        of(&wide, &some),
        (Some(Demand::Major), vec!["FIELD_RANGE_COMPATIBLE"])
    );
    let here = format!("{some} message N {{}}");
    let there = format!("{none} message N {{ extend M {{ optional int32 x = 100; }} }}");
    assert_eq!(
        of(&here, &there),
        (Some(Demand::Patch), vec!["NEUTRAL_CHANGE"])
    );
}

#[test]
fn what_a_release_freed_stays_taken() {
    let first = one("message M { int32 a = 1; string b = 2; } enum E { ZERO = 0; ONE = 1; }");
    let first = DescriptorSet::parse(&first).unwrap();
    let released = |occasion: &mut Occasion| {
        // The sets of one world live as long as each other.
        occasion.base = Some(Version::new(1, 2, 0));
    };
    let base = "message M { int32 a = 1; } enum E { ZERO = 0; }";
    let reserving = "message M { int32 a = 1; reserved 2; reserved \"b\"; }
                     enum E { ZERO = 0; reserved 1; reserved \"ONE\"; }";
    let judge = |old: &str, new: &str| {
        let (old, new) = (one(old), one(new));
        let old = DescriptorSet::parse(&old).unwrap();
        let new = DescriptorSet::parse(&new).unwrap();
        let mut world = World::new(&old, &new);
        released(&mut world.occasion);
        world.occasion.released = vec![(Version::new(1, 0, 0), &first)];
        let (demand, rules) = wire(&world);
        (demand, rules.into_iter().collect::<Vec<_>>())
    };
    let other = "message M { int32 a = 1; int32 c = 2; } enum E { ZERO = 0; UNO = 1; }";
    let reused = vec!["ENUM_VALUE_SAME_NUMBER", "FIELD_NUMBER_NO_REUSE"];
    assert_eq!(judge(base, other), (Some(Demand::Major), reused.clone()));
    assert_eq!(judge(reserving, other), (Some(Demand::Major), reused));
    let back = "message M { int32 a = 1; string b = 2; } enum E { ZERO = 0; ONE = 1; }";
    let added = vec!["ENUM_VALUE_ADDED", "FIELD_ADDED"];
    assert_eq!(judge(base, back), (Some(Demand::Minor), added.clone()));
    assert_eq!(judge(reserving, back), (Some(Demand::Minor), added));
}

#[test]
fn what_is_retired_may_go_in_a_minor() {
    let old = "message M { int32 a = 1; int32 b = 2 [deprecated = true]; }
               enum E { ZERO = 0; ONE = 1 [deprecated = true]; }";
    let new = "message M { int32 a = 1; reserved 2; reserved \"b\"; }
               enum E { ZERO = 0; reserved 1; reserved \"ONE\"; }";
    let major = vec![
        "ENUM_VALUE_NO_DELETE_UNLESS_RETIRED",
        "FIELD_NO_DELETE_UNLESS_RETIRED",
    ];
    assert_eq!(of(old, new), (Some(Demand::Major), major.clone()));
    let after = |minors| move |occasion: &mut Occasion| occasion.deletion_after = Some(minors);
    assert_eq!(with(old, new, after(1)).0, Some(Demand::Minor));
    assert_eq!(
        with(old, new, after(2)),
        (Some(Demand::Major), major.clone())
    );
    let unreserved = "message M { int32 a = 1; } enum E { ZERO = 0; }";
    assert_eq!(
        with(old, unreserved, after(1)),
        (Some(Demand::Major), major)
    );
}

/// Files of a package that is annotated.
fn annotated(text: &str) -> Vec<u8> {
    let options = include_str!("../../proto/aperio/annotations/v1/options.proto");
    let head = "syntax = \"proto3\";\npackage p.v1;\nimport \"o.proto\";\n";
    compiled(&Files::from([
        ("a.proto".to_owned(), format!("{head}{text}")),
        ("o.proto".to_owned(), options.to_owned()),
    ]))
}

#[test]
fn a_guard_is_younger_than_the_base_and_has_a_gate() {
    let judge = |rpc: &str, arm: &str| {
        let text = |rpc: &str, arm: &str| {
            annotated(&format!(
                "message M {{ oneof o {{ int32 a = 1; {arm} }} }}
                 service S {{ rpc A(M) returns (M); {rpc} }}
                 enum Capability {{ NONE = 0; X = 1; }}"
            ))
        };
        let (old, new) = (text("", ""), text(rpc, arm));
        let old = DescriptorSet::parse(&old).unwrap();
        let new = DescriptorSet::parse(&new).unwrap();
        let mut world = World::new(&old, &new);
        world.occasion.base = Some(Version::new(1, 1, 0));
        let (demand, rules) = wire(&world);
        (
            demand.unwrap(),
            rules.into_iter().collect::<Vec<_>>().join(" "),
        )
    };
    let rpc = |options: &str| judge(&format!("rpc B(M) returns (M) {{ {options} }}"), "");
    let since =
        |minor: u32| format!("option (aperio.annotations.v1.method_since) = \"1.{minor}\";");
    let gate = "option (aperio.annotations.v1.gated_by) = \"X\";";
    let denied = (Demand::Major, "RPC_ADDED_GATED".to_owned());
    let guarded = (Demand::Minor, "RPC_ADDED".to_owned());
    let unmarked = (Demand::Refused, "ADDED_ELEMENT_HAS_SINCE".to_owned());
    assert_eq!(rpc(""), unmarked);
    assert_eq!(rpc(gate), unmarked);
    assert_eq!(rpc(&since(2)), denied);
    let released = (Demand::Refused, "SINCE_WELL_FORMED".to_owned());
    assert_eq!(rpc(&format!("{} {gate}", since(1))), released);
    assert_eq!(rpc(&format!("{} {gate}", since(2))), guarded);
    let arm = |options: &str| judge("", &format!("int32 b = 2 {options};"));
    let since = "(aperio.annotations.v1.field_since) = \"1.2\"";
    let gate = "(aperio.annotations.v1.field_gated_by) = \"X\"";
    let gated = |demand| (demand, "ONEOF_ARM_ADDED_GATED".to_owned());
    assert_eq!(arm(""), unmarked);
    assert_eq!(arm(&format!("[{since}]")), gated(Demand::Major));
    assert_eq!(arm(&format!("[{since}, {gate}]")), gated(Demand::Minor));
}

#[test]
fn the_order_of_declarations_is_neutral() {
    let old = "message M { int32 a = 1; int32 b = 2; } message N {}";
    let new = "message N {} message M { int32 b = 2; int32 a = 1; }";
    assert_eq!(of(old, new), (Some(Demand::Patch), vec!["NEUTRAL_CHANGE"]));
}

#[test]
fn the_minors_of_the_interface_are_minors() {
    let read = |version: &str| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto/released");
        std::fs::read(folder.join(version).join("descriptor_set.binpb")).unwrap()
    };
    for (old, new) in [("1.0.0", "1.1.0"), ("1.1.0", "1.2.0"), ("1.0.0", "1.2.0")] {
        let (before, after) = (read(old), read(new));
        let before = DescriptorSet::parse(&before).unwrap();
        let after = DescriptorSet::parse(&after).unwrap();
        let mut world = World::new(&before, &after);
        world.occasion.base = Some(old.parse().unwrap());
        let (demand, rules) = wire(&world);
        assert_eq!(demand, Some(Demand::Minor), "{old} → {new}: {rules:?}");
    }
}

/// Changes that the table does not have, or not in a field.
const MORE: [(&str, &str); 16] = [
    ("message M { int32 a = 1; }", "message M { string a = 1; }"),
    (
        "message M { double a = 1; }",
        "message M { fixed32 a = 1; }",
    ),
    (
        "message M { N a = 1; } message N {}",
        "message M { int32 a = 1; } message N {}",
    ),
    ("message M { int32 a = 1; }", "message M { sint32 a = 1; }"),
    ("message M { sint64 a = 1; }", "message M { sint32 a = 1; }"),
    (
        "message M { fixed32 a = 1; }",
        "message M { sfixed32 a = 1; }",
    ),
    (
        "message M { sfixed64 a = 1; }",
        "message M { fixed64 a = 1; }",
    ),
    ("message M { fixed32 a = 1; }", "message M { float a = 1; }"),
    ("message M { uint64 a = 1; }", "message M { int64 a = 1; }"),
    ("message M { bool a = 1; }", "message M { int32 a = 1; }"),
    (
        "message M { E e = 1; } enum E { ZERO = 0; ONE = 1; }",
        "message M { E e = 1; } enum E { ZERO = 0; ONE = 1; TWO = 2; }",
    ),
    (
        "message M { E e = 1; } enum E { ZERO = 0; ONE = 1; }",
        "message M { E e = 1; } enum E { ZERO = 0; }",
    ),
    (
        "message M { E e = 1; } enum E { ZERO = 0; ONE = 1; TWO = 2; }",
        "message M { E e = 1; } enum E { ZERO = 0; ONE = 2; TWO = 1; }",
    ),
    (
        "syntax = \"proto2\"; package p.v1; message M { optional E e = 1; } enum E { ZERO = 0; }",
        "syntax = \"proto2\"; package p.v1; message M { optional E e = 1; } enum E { ZERO = 0; ONE = 1; }",
    ),
    (
        "syntax = \"proto2\"; package p.v1; message M { optional E e = 1; } enum E { ZERO = 0; }",
        "syntax = \"proto3\"; package p.v1; message M { optional E e = 1; } enum E { ZERO = 0; }",
    ),
    (
        "message M { N n = 1; } message N { int64 a = 1; }",
        "message M { O n = 1; } message O { int32 a = 1; }",
    ),
];

/// What witnesses show is what their rules say.
#[test]
fn bytes_show_what_rules_say() {
    let mut pairs = Vec::new();
    for experiment in experiments().unwrap() {
        let (old, new) = experiment.sides();
        let bytes = |side: &str, files: &Files| {
            if experiment.has_edition() {
                committed(&format!("{}.{side}", slug(&experiment.change)), files)
            } else {
                compiled(files)
            }
        };
        pairs.push((
            experiment.change.clone(),
            bytes("old", &old),
            bytes("new", &new),
        ));
    }
    for (old, new) in MORE {
        pairs.push((format!("{old} to {new}"), one(old), one(new)));
    }
    let mut wrong = Vec::new();
    let mut shown = BTreeSet::new();
    for (change, old, new) in &pairs {
        let old = DescriptorSet::parse(old).unwrap();
        let new = DescriptorSet::parse(new).unwrap();
        let world = World::new(&old, &new);
        for hit in judged(&world) {
            let (Some(probe), Some(effects)) = (&hit.probe, hit.effects) else {
                continue;
            };
            let said = match probe.writer {
                Era::Old => effects.old_to_new,
                Era::New => effects.new_to_old,
            };
            let seen = witness::witness(&world, probe).map(|witness| witness.effect);
            shown.insert(hit.rule.id);
            if seen != Some(said) {
                let id = hit.rule.id;
                wrong.push(format!("{change}: {id} says {said:?}, bytes show {seen:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(shown.len() >= 20, "{shown:?}");
}
