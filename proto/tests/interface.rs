//! The interface at every minor.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proto::interface::{PACKAGE, at, newest, shape};
use std::collections::BTreeMap;

fn at_minor(minor: u32) -> BTreeMap<String, String> {
    shape(&at(minor).unwrap(), |package| package == PACKAGE)
}

fn count(shape: &BTreeMap<String, String>, what: &str) -> usize {
    shape.values().filter(|text| text.starts_with(what)).count()
}

#[test]
fn each_minor_has_its_elements() {
    let expected = [
        // Messages, fields, methods, enums, values, services.
        [71, 298, 20, 20, 129, 5],
        [78, 326, 22, 20, 133, 5],
        [85, 349, 25, 21, 141, 5],
    ];
    for (minor, expected) in (0..).zip(expected) {
        let shape = at_minor(minor);
        let whats = ["message", "field", "method", "enum", "value", "service"];
        assert_eq!(whats.map(|what| count(&shape, what)), expected, "1.{minor}");
    }
    assert!(at(3).is_none());
}

#[test]
fn the_newest_minor_is_the_whole_text() {
    let (_, minor) = proto::INTERFACE_VERSION;
    let whole = shape(newest(), |_| true);
    assert_eq!(shape(&at(minor).unwrap(), |_| true), whole);
}

#[test]
fn a_minor_adds_and_never_changes() {
    for minor in 1..=proto::INTERFACE_VERSION.1 {
        let (older, newer) = (at_minor(minor - 1), at_minor(minor));
        for (name, text) in &older {
            assert_eq!(newer.get(name), Some(text), "{name} in 1.{minor}");
        }
    }
}

#[test]
fn what_came_later_is_not_there_before() {
    let late = [
        (1, "CAPABILITY_CONNECTOR_IDENTITIES"),
        (1, "SyncResponse.identities"),
        (1, "FindingCheck"),
        (1, "RemediationService.RollbackAction"),
        (2, "HostService.SignPayload"),
        (2, "SigningAlgorithm"),
        (2, "DeliveryAck.ticket"),
        (2, "PAYLOAD_FORMAT_OCSF"),
    ];
    for (since, name) in late {
        let name = format!("{PACKAGE}.{name}");
        for minor in 0..=proto::INTERFACE_VERSION.1 {
            let there = at_minor(minor).contains_key(&name);
            assert_eq!(there, minor >= since, "{name} in 1.{minor}");
        }
    }
}

/// 1.0 has no telemetry, so it does not import what telemetry is made of.
#[test]
fn an_import_comes_with_what_needs_it() {
    for minor in 0..=proto::INTERFACE_VERSION.1 {
        let pool = at(minor).unwrap();
        let host = pool
            .get_file_by_name("aperio/plugin/v1/host.proto")
            .unwrap();
        let imports: Vec<String> = host
            .dependencies()
            .map(|file| file.name().to_owned())
            .collect();
        let contracts = imports.contains(&"aperio/contracts/v1/events.proto".to_owned());
        assert_eq!(contracts, minor >= 1, "1.{minor} imports {imports:?}");
        let annotations = "aperio/annotations/v1/options.proto".to_owned();
        assert!(imports.contains(&annotations), "1.{minor}");
    }
}

#[test]
fn the_committed_descriptors_hold_the_annotations() {
    let token = newest()
        .get_message_by_name("aperio.plugin.v1.ScopedCredential")
        .and_then(|message| message.get_field_by_name("access_token"))
        .unwrap();
    let sensitive = newest().get_extension_by_name("aperio.annotations.v1.sensitive");
    let options = token.options();
    assert_eq!(
        options.get_extension(&sensitive.unwrap()).as_bool(),
        Some(true)
    );
}
