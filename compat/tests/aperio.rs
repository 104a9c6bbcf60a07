//! Rulebook `aperio` on one change at a time.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "buf/table.rs"]
mod table;

use compat::effect::Demand;
use compat::load::{FrontEnd, Protox, Root, Sources, Tree};
use compat::{DescriptorSet, Hit, World, catalog, pair};
use std::collections::BTreeSet;
use std::rc::Rc;
use table::{Files, committed, experiments, slug};

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

/// The hits of a world, those left out that others stand for.
fn judged(world: &World) -> Vec<Hit> {
    let rules = catalog::all();
    let hits = pair::judge(
        world,
        rules.into_iter().filter(|rule| !rule.aperio.is_empty()),
    );
    let name = |hit: &Hit| world.set(hit.era).full_name(hit.element);
    let stands = |over: &Hit, hit: &Hit| {
        let (over_name, name) = (name(over), name(hit));
        let about = over_name == name || over_name.starts_with(&format!("{name}."));
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
                committed(&format!("{}.{side}", slug(&experiment.change)), files).unwrap()
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
