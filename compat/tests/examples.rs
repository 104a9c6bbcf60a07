//! The examples in the texts of the rules: every rule on every example of
//! every other. A rule fires where its own text says so; what the others say
//! is in `examples.txt`. `UPDATE_SNAPSHOTS=1` rewrites it.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "examples/docs.rs"]
mod docs;
#[path = "editions/protoc.rs"]
mod protoc;

use compat::effect::Effects;
use compat::rule::Judge;
use compat::{DescriptorSet, Hit, Rule, World, catalog, pair};
use docs::{compiled, example};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

fn hits(old: &[u8], new: &[u8], status_details: &[String]) -> Vec<Hit> {
    let (old, new) = (
        DescriptorSet::parse(old).unwrap(),
        DescriptorSet::parse(new).unwrap(),
    );
    let mut world = World::new(&old, &new);
    world.occasion.status_details = status_details;
    pair::judge(&world, catalog::all())
}

fn fired(hits: &[Hit]) -> BTreeSet<&'static str> {
    hits.iter().map(|hit| hit.rule.id).collect()
}

/// The worst that readers see of what one rule found, as an example says it.
fn effects(rule: &Rule, hits: &[Hit]) -> BTreeMap<String, String> {
    let own = hits.iter().filter(|hit| hit.rule.id == rule.id);
    let worst = own.filter_map(|hit| hit.effects).reduce(Effects::join);
    let worst = worst.map(|effects| {
        [
            ("new_to_old", effects.new_to_old),
            ("old_to_new", effects.old_to_new),
        ]
        .map(|(direction, effect)| (direction.to_owned(), format!("{effect:?}")))
    });
    worst.into_iter().flatten().collect()
}

#[test]
fn every_rule_keeps_its_own_text() {
    let mut seen = String::new();
    for rule in catalog::all() {
        if matches!(rule.judge, Judge::Release) {
            continue;
        }
        let example = example(rule);
        let old = compiled(rule, &example.old);
        let hits = |old: &[u8], new: &[u8]| hits(old, new, &example.status_details);
        assert_eq!(fired(&hits(&old, &old)), BTreeSet::new(), "{}", rule.id);
        for (role, trees) in [("breaks", &example.breaks), ("allowed", &example.allowed)] {
            for (at, tree) in trees.iter().enumerate() {
                let new = compiled(rule, tree);
                assert_eq!(fired(&hits(&new, &new)), BTreeSet::new(), "{}", rule.id);
                let hits = hits(&old, &new);
                let ids = fired(&hits);
                assert_eq!(
                    ids.contains(rule.id),
                    role == "breaks",
                    "{} {role} {at}: {ids:?}",
                    rule.id
                );
                if role == "breaks" {
                    let said = &example.effects[at];
                    assert!(
                        said.is_empty() || *said == effects(rule, &hits),
                        "{} {role} {at}: {:?}",
                        rule.id,
                        effects(rule, &hits)
                    );
                }
                let ids: Vec<_> = ids.into_iter().collect();
                writeln!(seen, "{} {role} {at}: {}", rule.id, ids.join(" ")).unwrap();
            }
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/examples.txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &seen).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == seen,
        "what rules say of each other's examples changed: \
         UPDATE_SNAPSHOTS=1 cargo test -p compat --test examples, then read the difference"
    );
}
