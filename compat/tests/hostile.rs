//! Bytes of strangers: whatever they are, they are read or refused.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use compat::load::Protox;
use compat::{DescriptorSet, bufyaml, hostile};
use proptest::prelude::*;

/// Changes bytes here and there, cuts, and repeats.
fn mutated(mut bytes: Vec<u8>, edits: &[(usize, u8, u8)]) -> Vec<u8> {
    for &(place, what, byte) in edits {
        if bytes.is_empty() {
            break;
        }
        let at = place % bytes.len();
        match what % 5 {
            0 => bytes[at] = byte,
            1 => bytes.truncate(at),
            2 => bytes.insert(at, byte),
            3 => drop(bytes.remove(at)),
            _ => {
                let end = (at + usize::from(byte)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
        }
    }
    bytes
}

/// Reads a set and does with it everything that is done with sets.
fn use_up(bytes: &[u8], old: &DescriptorSet<'_>) {
    hostile::descriptors(bytes);
    hostile::rules(old.bytes(), bytes);
}

const SMALL: &str = r#"
    syntax = "proto2";
    package p.v1;
    message M {
      optional int32 a = 1 [default = 7, json_name = "x"];
      repeated string b = 2 [packed = false];
      map<string, M> m = 3;
      oneof o { int32 c = 4; E e = 5; }
      optional group G = 6 { optional bytes d = 1 [default = "\001"]; }
      extensions 100 to max;
      reserved 50 to 60;
      reserved "gone";
      enum E { option allow_alias = true; Z = 0; Y = 0; N = -1; reserved -9 to -5; }
      extend M { optional double x = 100 [default = inf]; }
    }
    service S { rpc R(M) returns (stream M) { option idempotency_level = IDEMPOTENT; } }
"#;

fn small() -> Vec<u8> {
    use compat::load::{FrontEnd, Root, Sources, Tree};
    let files = [("a.proto".to_owned(), SMALL.as_bytes().to_vec())];
    let tree = std::rc::Rc::new(Tree::Memory(files.into()));
    let sources = Sources {
        roots: vec![Root::new(tree, "", "")],
        imports: Vec::new(),
    };
    Protox.compile(&sources, &["a.proto".to_owned()]).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn broken_sets_are_read_or_refused(
        edits in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..6),
    ) {
        let base = small();
        let old = DescriptorSet::parse(&base).unwrap();
        use_up(&mutated(base.clone(), &edits), &old);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let base = small();
        let old = DescriptorSet::parse(&base).unwrap();
        use_up(&bytes, &old);
    }

    #[test]
    fn any_message_is_read_or_refused(
        edits in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 0..3),
        bytes in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        hostile::messages(&mutated(small(), &edits), &bytes);
    }

    #[test]
    fn any_bytes_are_cut_in_two(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let (one, two) = hostile::halves(&bytes);
        prop_assert!(bytes.len() < 2 || one.len() + two.len() == bytes.len() - 2);
    }

    #[test]
    fn any_configuration_is_read_or_refused(text in "\\PC{0,80}", lines in "[a-z0-9:\\-\\[\\]{}&*!#|> \n]{0,120}") {
        let _ = bufyaml::Workspace::parse(&text, "x");
        let _ = bufyaml::Workspace::parse(&format!("version: v2\nbreaking:\n  {lines}"), "x");
    }
}

#[test]
fn what_is_too_deep_or_too_much_is_refused() {
    // A message inside a message inside …
    let mut inner = vec![0x0a, 1, b'M'];
    for _ in 0..200 {
        let mut outer = vec![0x0a, 1, b'M', 0x1a];
        let mut length = inner.len();
        while length >= 0x80 {
            outer.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        outer.push(u8::try_from(length).unwrap());
        outer.extend(inner);
        inner = outer;
    }
    let wrap = |tag: u8, inner: &[u8]| {
        let mut out = vec![tag];
        let mut length = inner.len();
        while length >= 0x80 {
            out.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        out.push(u8::try_from(length).unwrap());
        out.extend(inner);
        out
    };
    let mut file = vec![0x0a, 1, b'a'];
    file.extend(wrap(0x22, &inner));
    let error = DescriptorSet::parse(&wrap(0x0a, &file)).unwrap_err();
    assert!(error.message.contains("nest"), "{error}");
}

#[test]
fn the_interface_reads_in_both_directions() {
    let set = DescriptorSet::parse(proto::DESCRIPTORS).unwrap();
    use_up(proto::DESCRIPTORS, &set);
    assert!(set.first_edition().is_none());
}

#[test]
fn a_map_entry_that_is_no_map_entry_is_refused() {
    let set = |key: &[u8], value: &[u8]| {
        let part = |tag: u8, inner: &[u8]| {
            let mut out = vec![tag, u8::try_from(inner.len()).unwrap()];
            out.extend(inner);
            out
        };
        let mut entry = b"\x0a\x01E".to_vec();
        for field in [key, value].into_iter().filter(|field| !field.is_empty()) {
            entry.extend(part(0x12, field));
        }
        entry.extend(b"\x3a\x02\x38\x01");
        let mut message = b"\x0a\x01M".to_vec();
        message.extend(part(0x12, b"\x0a\x01m\x18\x01\x20\x03\x28\x0b\x32\x04.M.E"));
        message.extend(part(0x1a, &entry));
        let mut file = b"\x0a\x01a".to_vec();
        file.extend(part(0x22, &message));
        part(0x0a, &file)
    };
    let key = b"\x0a\x03key\x18\x01\x20\x01\x28\x09";
    let value = b"\x0a\x05value\x18\x02\x20\x01\x28\x0b\x32\x02.M";
    DescriptorSet::parse(&set(key, value)).unwrap();
    let itself = b"\x0a\x05value\x18\x02\x20\x03\x28\x0b\x32\x04.M.E";
    let double = b"\x0a\x03key\x18\x01\x20\x01\x28\x01";
    for (key, value) in [
        (&key[..], &itself[..]),
        (b"", b""),
        (key, b""),
        (double, value),
    ] {
        let error = DescriptorSet::parse(&set(key, value)).unwrap_err();
        assert!(error.message.contains("map entry"), "{error}");
    }
}
