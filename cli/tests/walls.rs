//! What may depend on what, asked of cargo itself.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::process::Command;

/// The crates of this repository, and which of the others each may use;
/// whatever is not named here is refused. `peers` is for tests alone.
const WALLS: &[(&str, &[&str])] = &[
    (
        "aperio-plugin",
        &[
            "compat", "contract", "host", "plugin", "proto", "report", "runner", "terms",
        ],
    ),
    ("compat", &["terms"]),
    ("contract", &["host", "proto", "runner", "terms"]),
    ("host", &["proto", "terms"]),
    ("peers", &["terms"]),
    ("plugin", &["proto"]),
    ("proto", &[]),
    ("report", &["terms"]),
    ("runner", &["host", "proto", "terms"]),
    ("terms", &[]),
];

/// Other people's crates that a crate of ours stays free of.
const FREE_OF: &[(&str, &[&str])] = &[
    ("aperio-plugin", &["ring"]),
    ("compat", &["tokio", "tonic"]),
    ("plugin", &["ring"]),
    ("proto", &["tokio", "tonic"]),
    ("report", &["tokio", "tonic"]),
    ("terms", &["tokio", "tonic"]),
];

fn cargo(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(args)
        .args(["--locked", "--offline"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo runs its own tests");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Every arrow between two crates of ours that is not for tests alone, and the
/// crates themselves.
fn ours() -> (Vec<String>, Vec<(String, String)>) {
    let told = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let packages = told["packages"].as_array().unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let mut crates: Vec<String> = packages.iter().map(|one| text(&one["name"])).collect();
    crates.sort();
    let mut arrows = Vec::new();
    for package in packages {
        for dependency in package["dependencies"].as_array().unwrap() {
            let to = text(&dependency["name"]);
            if dependency["kind"] != "dev" && crates.contains(&to) {
                arrows.push((text(&package["name"]), to));
            }
        }
    }
    (crates, arrows)
}

#[test]
fn no_crate_uses_another_that_it_may_not() {
    let (crates, arrows) = ours();
    let named: Vec<&str> = WALLS.iter().map(|(name, _)| *name).collect();
    assert_eq!(crates, named, "every crate has its row");
    assert!(!arrows.is_empty());
    for (from, to) in arrows {
        let (_, allowed) = WALLS.iter().find(|(name, _)| *name == from).unwrap();
        assert!(allowed.contains(&to.as_str()), "{from} depends on {to}");
    }
}

#[test]
fn no_crate_drags_in_what_it_stays_free_of() {
    for (package, forbidden) in FREE_OF {
        let tree = cargo(&["tree", "-e", "normal", "--prefix", "none", "-p", package]);
        let found: Vec<&str> = tree
            .lines()
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(found.first(), Some(package));
        for name in *forbidden {
            assert!(!found.contains(name), "{package} depends on {name}");
        }
    }
}
