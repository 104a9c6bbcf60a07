//! The harness under its own planted defects, and the committed projections.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::path::Path;
use std::process::{Command, Output};

fn aperio(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aperio-plugin"))
        .args(args)
        .env("NO_COLOR", "1")
        .output()
        .expect("the binary under test starts")
}

fn committed(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(root.join(path)).unwrap_or_default()
}

#[test]
fn every_defect_is_caught_as_declared_and_the_matrix_is_committed() {
    let output = aperio(&["self-test"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        committed("fixtures/DEFECTS.md"),
        "run: aperio-plugin self-test > fixtures/DEFECTS.md"
    );
}

#[test]
fn the_page_of_requirements_is_fresh() {
    let output = aperio(&["spec"]);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        committed("REQUIREMENTS.md"),
        "run: aperio-plugin spec > REQUIREMENTS.md"
    );
}

#[test]
fn every_must_has_a_defect_that_its_own_check_catches() {
    for check in contract::checks() {
        let requirement = &check.requirement;
        if requirement.level != terms::Level::Must {
            continue;
        }
        let alone = plugin::defects()
            .any(|defect| defect.caught_by == [requirement.id] && defect.also.is_empty());
        let first = plugin::defects().any(|defect| defect.caught_by.contains(&requirement.id));
        assert!(
            alone || (first && WITH_OTHERS.contains(&requirement.id)),
            "{} has no planted defect of its own",
            requirement.id
        );
    }
}

/// Musts whose every breach breaks another promise too: what cannot read its
/// host's certificate comes up for no host of AutoMTLS, and brings either no
/// line (LIFE-002) or a channel for nobody (TLS-014); one that serves all the
/// same verifies nobody (SEC-005).
const WITH_OTHERS: &[&str] = &["TLS-019"];

#[test]
fn ids_are_unique_and_texts_complete() {
    let mut seen = std::collections::BTreeSet::new();
    for check in contract::checks() {
        let requirement = &check.requirement;
        assert!(seen.insert(requirement.id), "{} twice", requirement.id);
        let doc = requirement.doc;
        assert!(
            doc.lines().next().is_some_and(|line| line.ends_with('.')),
            "{}: the title ends with a full stop",
            requirement.id
        );
        for section in ["How it is judged", "Usual causes"] {
            assert!(
                requirement
                    .section(section)
                    .is_some_and(|text| !text.is_empty()),
                "{}: no section {section:?}",
                requirement.id
            );
        }
    }
    for defect in plugin::defects() {
        for id in defect.caught_by.iter().chain(defect.also) {
            assert!(seen.contains(id), "{} names {id}", defect.name);
        }
    }
}
