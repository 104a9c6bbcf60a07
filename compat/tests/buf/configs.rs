//! Configurations: which rules each version has, and what they leave out.

use super::cases::{Case, Random};
use super::compare::{differences, number, ours, seen, trees};
use super::tool::Buf;
use compat::buf::Scope;
use compat::bufyaml::{Version, Workspace};
use libtest_mimic::Failed;
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const VERSIONS: [(&str, Version); 3] = [
    ("v2", Version::V2),
    ("v1", Version::V1),
    ("v1beta1", Version::V1Beta1),
];

#[derive(Deserialize)]
struct Listed {
    id: String,
    #[serde(default)]
    categories: Option<BTreeSet<String>>,
    #[serde(default)]
    deprecated: bool,
}

/// The categories of every rule in every version are buf's.
pub(crate) fn categories(buf: &Buf) -> Result<(), Failed> {
    let home = tempfile::tempdir()?;
    for (name, version) in VERSIONS {
        let words = [
            "config",
            "ls-breaking-rules",
            "--version",
            name,
            "--format",
            "json",
        ];
        let output = buf.run(home.path(), &words)?;
        let text = String::from_utf8(output.stdout)?;
        let mut theirs = BTreeMap::new();
        for line in text.lines() {
            let listed: Listed = serde_json::from_str(line)?;
            if !listed.deprecated {
                theirs.insert(listed.id, listed.categories.unwrap_or_default());
            }
        }
        let ours: BTreeMap<String, BTreeSet<String>> = version
            .rules()
            .map(|rule| {
                let categories = version.categories_of(rule);
                let ids = categories.map(|category| category.id().to_owned());
                (rule.id.to_owned(), ids.collect())
            })
            .collect();
        if ours != theirs {
            let odd = |id: &&String| ours.get(*id) != theirs.get(*id);
            let odd: BTreeSet<_> = ours.keys().chain(theirs.keys()).filter(odd).collect();
            return Err(format!("{name}: {odd:?}").into());
        }
    }
    Ok(())
}

fn config(random: &mut Random, cases: &[Case]) -> String {
    let (name, version) = *random.pick(&VERSIONS);
    let mut ids: Vec<&str> = version.rules().map(|rule| rule.id).collect();
    ids.extend(["FILE", "PACKAGE", "WIRE_JSON", "WIRE"]);
    if version != Version::V2 {
        ids.extend(["FIELD_SAME_CTYPE", "FIELD_SAME_LABEL"]);
    }
    let some = |random: &mut Random, most: usize| {
        let count = random.below(most + 1);
        (0..count)
            .map(|_| *random.pick(&ids))
            .collect::<BTreeSet<_>>()
    };
    let path = |random: &mut Random| {
        let folder = &random.pick(cases).folder;
        match random.below(3) {
            0 => format!("{folder}/a.proto"),
            1 => folder.clone(),
            _ => folder.split('/').next().unwrap_or_default().to_owned(),
        }
    };
    let mut paths = BTreeSet::new();
    for _ in 0..random.below(20) {
        paths.insert(path(random));
    }
    // buf refuses a path that another covers.
    let covered = |path: &String| {
        let above = |other: &&String| path.starts_with(&format!("{other}/"));
        paths.iter().any(|other| above(&other))
    };
    let ignore: Vec<&String> = paths.iter().filter(|path| !covered(path)).collect();
    let mut only = BTreeMap::new();
    for id in some(random, 4) {
        only.insert(id, [path(random)]);
    }
    let mut used = some(random, 6);
    let excepted: BTreeSet<_> = some(random, 3)
        .into_iter()
        .filter(|id| !used.contains(id))
        .collect();
    if used.is_empty() {
        used.insert("FILE");
    }
    json!({
        "version": name,
        "breaking": {
            "use": used,
            "except": excepted,
            "ignore": ignore,
            "ignore_only": only,
            "ignore_unstable_packages": random.below(2) == 0,
        },
    })
    .to_string()
}

/// Random configurations on one pair of images.
pub(crate) fn random(buf: &Buf) -> Result<(), Failed> {
    let seed = number("BUF_SEED", 1) as u64;
    let trees = trees(buf, seed ^ 0xc0f1, 0..120, 4)?;
    let home = trees.home.path();
    let mut random = Random::new(seed);
    let (mut wrong, mut judged) = (String::new(), 0);
    for _ in 0..number("BUF_CONFIGS", 25) {
        let config = config(&mut random, &trees.cases);
        let Ok(theirs) = buf.breaking(home, ("new.binpb", "old.binpb"), &config, &[]) else {
            // What buf itself refuses is no configuration.
            continue;
        };
        judged += 1;
        let workspace = Workspace::parse(&config, "config")?;
        let mut scope = Scope::default();
        let mut theirs = theirs;
        if random.below(3) == 0 {
            scope.exclude_imports = true;
            theirs = buf.breaking(
                home,
                ("new.binpb", "old.binpb"),
                &config,
                &["--exclude-imports"],
            )?;
        }
        let ours = ours(
            &home.join("new.binpb"),
            &home.join("old.binpb"),
            &workspace,
            &scope,
        )?;
        let told = differences(&seen(theirs), &seen(ours), &trees.cases);
        if !told.is_empty() {
            wrong.push_str(&format!("{config}\n{told}"));
        }
    }
    eprintln!("{judged} configurations judged");
    if judged < 5 {
        return Err("buf refused nearly every configuration".into());
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.chars().take(20_000).collect::<String>().into())
    }
}
