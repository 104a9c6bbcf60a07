//! From hits to a release: flow, demands, many bases, the release as a whole.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "fold/payloads.rs"]
mod payloads;
#[path = "fold/side.rs"]
mod side;

use compat::aperio::Conclusion;
use compat::effect::Effect;
use compat::flow::{Flow, Flows};
use compat::matrix::{self, Class, Order};
use compat::policy::{Payload, PayloadFormat, Quadrant, Side};
use compat::{Bump, Channel, DescriptorSet, Policy, Version, waiver};
use side::{Ask, loaded, one, told};
use std::collections::{BTreeMap, BTreeSet};

const CALLED: &str = "service Box { rpc Call(M) returns (R); } message R { int32 done = 1; } ";

fn plugin() -> Policy {
    Policy {
        implementer: BTreeMap::from([("p.v1.Box".to_owned(), Side::Plugin)]),
        ..Policy::default()
    }
}

#[test]
fn labels_go_where_messages_go() {
    let text = "service Box { rpc Call(M) returns (stream R); }
        service Host { rpc Log(L) returns (K); }
        message M { map<string, V> v = 1; oneof o { A a = 2; } bytes raw = 3; E e = 4; }
        message V { M back = 1; } message A {} message R { B b = 1; } message B {}
        message L {} message K {} message Inside {} message Detail {} message Nobody {}
        enum E { ZERO = 0; } enum Unread { NIL = 0; }";
    let loaded = one(text);
    let set = DescriptorSet::parse(&loaded.bytes).unwrap();
    let mut policy = plugin();
    policy
        .implementer
        .insert("p.v1.Host".to_owned(), Side::Host);
    policy.status_details = vec!["p.v1.Detail".to_owned()];
    policy.payload = vec![Payload {
        field: "p.v1.M.raw".to_owned(),
        types: vec!["p.v1.Inside".to_owned()],
        format: PayloadFormat::Binary,
    }];
    let flows = Flows::of(&set, &policy, |_| true);
    let of = |name: &str| flows.get(&set, set.find_message(name).unwrap().into());
    for name in ["M", "M.VEntry", "V", "A", "Inside"] {
        assert_eq!(of(&format!("p.v1.{name}")), Flow::HOST_TO_PLUGIN, "{name}");
    }
    for name in ["R", "B", "L", "Detail"] {
        assert_eq!(of(&format!("p.v1.{name}")), Flow::PLUGIN_TO_HOST, "{name}");
    }
    assert_eq!(of("p.v1.K"), Flow::HOST_TO_PLUGIN);
    assert_eq!(of("p.v1.Nobody"), Flow::NONE);
    let of_enum = |name: &str| flows.get(&set, set.find_enum(name).unwrap().into());
    assert_eq!(of_enum("p.v1.E"), Flow::HOST_TO_PLUGIN);
    assert_eq!(of_enum("p.v1.Unread"), Flow::NONE);

    // Whoever is not named implements it on both sides.
    let flows = Flows::of(&set, &Policy::default(), |_| true);
    let m = set.find_message("p.v1.M").unwrap();
    assert_eq!(flows.get(&set, m.into()), Flow::BOTH);
    // Without services everything travels.
    let loaded = one("message Alone {}");
    let set = DescriptorSet::parse(&loaded.bytes).unwrap();
    let alone = set.find_message("p.v1.Alone").unwrap();
    let flows = Flows::of(&set, &plugin(), |_| true);
    assert_eq!(flows.get(&set, alone.into()), Flow::BOTH);
}

#[test]
fn extensions_travel_with_what_they_extend() {
    let text = "syntax = \"proto2\"; package p.v1;
        service Box { rpc Call(M) returns (M); }
        message M { extensions 100 to max; } message X {} extend M { optional X x = 100; }";
    let loaded = one(text);
    let set = DescriptorSet::parse(&loaded.bytes).unwrap();
    let flows = Flows::of(&set, &Policy::default(), |_| true);
    let x = set.find_message("p.v1.X").unwrap();
    assert_eq!(flows.get(&set, x.into()), Flow::BOTH);
}

#[test]
fn what_does_not_travel_hurts_no_binary() {
    let old = format!("{CALLED} message M {{}} message Unused {{ int64 a = 1; }}");
    let new = format!("{CALLED} message M {{}} message Unused {{ int32 a = 1; }}");
    let outcome = Ask::default().texts(&old, &new);
    assert_eq!(outcome.overall, Bump::Patch, "{:?}", told(&outcome));
    let mut ask = Ask::default();
    ask.policy.channels = BTreeSet::from([Channel::Wire, Channel::SourceGo]);
    let outcome = ask.texts(&old, &new);
    assert_eq!(
        outcome.channels,
        [
            (Channel::Wire, Bump::Patch),
            (Channel::SourceGo, Bump::Major)
        ],
        "{:?}",
        told(&outcome)
    );
}

#[test]
fn the_first_and_the_last_service_hide_no_message() {
    let alone = "message Ev { int32 a = 1; }";
    let served = "message Ev { string a = 1; }
        service Health { rpc Ping(P) returns (P); } message P {}";
    for (old, new) in [(alone, served), (served, alone)] {
        let outcome = Ask::default().texts(old, new);
        let told = told(&outcome);
        let broken = told
            .iter()
            .any(|told| told.ends_with("major wire p.v1.Ev.a"));
        assert!(broken, "{told:?}");
    }
}

/// A witness of every field does not walk every field of its message anew.
#[test]
fn many_changes_of_one_message_are_told_in_time() {
    let text = |kind: &str| {
        let fields: Vec<String> = (1..=4000)
            .map(|at| format!("{kind} f{at} = {at};"))
            .collect();
        let fields = fields.concat();
        format!("service S {{ rpc G(M) returns (M); }} message M {{ {fields} }}")
    };
    let (old, new) = (one(&text("int32")), one(&text("string")));
    let start = std::time::Instant::now();
    let outcome = Ask::default().of(&[("old", &old)], &new);
    let shown = outcome.findings.iter();
    let shown = shown.filter(|found| found.witness.is_some());
    assert_eq!(shown.count(), 4000);
    // It took minutes.
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

#[test]
fn an_alias_before_the_old_name_is_what_json_shows() {
    let text = |values: &str| format!("{CALLED} message M {{ E e = 1; }} enum E {{ {values} }}");
    let mut ask = Ask::default();
    ask.policy.channels = BTreeSet::from([Channel::Wire, Channel::Json]);
    let asked = |new: &str| ask.texts(&text("Z = 0; A = 1;"), &text(new)).channels;
    let before = asked("option allow_alias = true; Z = 0; B = 1; A = 1;");
    assert_eq!(before[1], (Channel::Json, Bump::Major));
    assert!(before[0].1 < Bump::Major);
    let behind = asked("option allow_alias = true; Z = 0; A = 1; B = 1;");
    assert_eq!(behind[1], (Channel::Json, Bump::Minor));
}

#[test]
fn json_tells_well_known_types_apart() {
    let text = |kind: &str| {
        let imports = ["timestamp", "duration", "any", "struct", "wrappers"]
            .map(|file| format!("import \"google/protobuf/{file}.proto\";"))
            .concat();
        format!(
            "syntax = \"proto3\"; package p.v1; {imports} message M {{ {kind} a = 1; }}
             message Own {{ string type_url = 1; bytes value = 2; }}
             enum E {{ ZERO = 0; }}"
        )
    };
    let mut ask = Ask::default();
    ask.policy.channels = BTreeSet::from([Channel::Json]);
    for (old, new) in [
        ("google.protobuf.Timestamp", "google.protobuf.Duration"),
        ("google.protobuf.Any", "Own"),
        ("Own", "google.protobuf.Any"),
        ("google.protobuf.NullValue", "E"),
    ] {
        let outcome = ask.texts(&text(old), &text(new));
        let told = told(&outcome);
        let shape = "FIELD_SAME_JSON_SHAPE major json p.v1.M.a".to_owned();
        assert!(told.contains(&shape), "{old} to {new}: {told:?}");
    }
}

#[test]
fn a_list_of_small_messages_has_its_witness() {
    for inside in ["", "int32 a = 1;", "string b = 3;"] {
        let text = |label: &str| {
            format!("{CALLED} message M {{ {label} N n = 1; }} message N {{ {inside} }}")
        };
        let outcome = Ask::default().texts(&text(""), &text("repeated"));
        let mut findings = outcome.findings.iter();
        let found = findings.find(|found| found.rule.id == "FIELD_CARDINALITY_COMPATIBLE");
        let witness = found.unwrap().witness.as_ref();
        assert_eq!(witness.unwrap().effect, Effect::Lossy, "{inside}");
    }
}

#[test]
fn what_is_unstable_asks_for_a_patch() {
    let file = |kind: &str| {
        let text = format!(
            "syntax = \"proto3\"; package p.v1alpha; message M {{ {kind} a = 1; }}
             service Box {{ rpc Call(M) returns (M); }}"
        );
        one(&text)
    };
    let outcome = Ask::default().of(&[("old", &file("int64"))], &file("int32"));
    assert_eq!(outcome.overall, Bump::Patch, "{:?}", told(&outcome));
    // To become so is to take a promise back.
    let stable = one("message M { int64 a = 1; } service Box { rpc Call(M) returns (M); }");
    let outcome = Ask::default().of(&[("old", &stable)], &file("int64"));
    assert_eq!(outcome.overall, Bump::Major, "{:?}", told(&outcome));
}

#[test]
fn only_supported_quadrants_count() {
    let old = format!("{CALLED} message M {{ int64 a = 1; }}");
    let new = format!("{CALLED} message M {{ int32 a = 1; }}");
    let needs = |skew: &[Quadrant]| {
        let mut ask = Ask {
            policy: plugin(),
            ..Ask::default()
        };
        ask.policy.skew = skew.to_vec();
        ask.texts(&old, &new)
    };
    // An old host writes what a new plugin cannot hold.
    let outcome = needs(&[Quadrant::PluginNewer]);
    assert_eq!(outcome.overall, Bump::Major, "{:?}", told(&outcome));
    assert_eq!(outcome.conclusion, Conclusion::BumpTooSmall);
    assert_eq!(needs(&[Quadrant::HostNewer]).overall, Bump::Patch);
    let outcome = needs(&[Quadrant::HostNewer, Quadrant::PluginNewer]);
    assert_eq!(outcome.overall, Bump::Major);
    assert_eq!(outcome.order, Order::HostsFirst);
    let [plugin_newer, host_newer] = &outcome.cells[..] else {
        panic!("{:?}", outcome.cells)
    };
    assert_eq!(
        (plugin_newer.host.as_str(), plugin_newer.worst),
        ("old", Effect::Lossy)
    );
    assert_eq!(
        (host_newer.host.as_str(), host_newer.worst),
        ("new", Effect::Same)
    );
    let mut findings = outcome.findings.iter();
    let range = findings.find(|finding| finding.rule.id == "FIELD_RANGE_COMPATIBLE");
    assert_eq!(plugin_newer.findings, [range.unwrap().fingerprint.clone()]);
}

#[test]
fn one_change_is_one_finding() {
    let outcome = Ask::default().texts("message M { int32 a = 1; }", "message M { int32 a = 2; }");
    assert_eq!(
        told(&outcome),
        [
            "VERSION_DECLARED_SUFFICIENT major release the next minor",
            "FIELD_SAME_NUMBER major wire p.v1.M.a"
        ]
    );
    let finding = &outcome.findings[1];
    assert_eq!(finding.old.as_deref(), Some("int32 a = 1"));
    assert_eq!(finding.new.as_deref(), Some("int32 a = 2"));
    assert!(finding.breaks && finding.fingerprint.len() == 8);
}

#[test]
fn before_one_everything_moves_to_the_left() {
    let (old, new) = (
        one("message M { int64 a = 1; }"),
        one("message M { int32 a = 1; }"),
    );
    let judge = |base: &str, declared: &'static str| {
        let ask = Ask {
            declared: Some(declared),
            ..Ask::default()
        };
        ask.of(&[(base, &old)], &new)
    };
    for (base, declared, needed, version, conclusion) in [
        (
            "0.2.3",
            "0.3.0",
            Bump::Minor,
            "0.3.0",
            Conclusion::Compatible,
        ),
        (
            "0.2.3",
            "0.2.4",
            Bump::Minor,
            "0.3.0",
            Conclusion::BumpTooSmall,
        ),
        (
            "0.2.3",
            "minor",
            Bump::Minor,
            "0.3.0",
            Conclusion::Compatible,
        ),
        (
            "0.2.3",
            "patch",
            Bump::Minor,
            "0.3.0",
            Conclusion::BumpTooSmall,
        ),
        (
            "0.2.3",
            "1.0.0",
            Bump::Minor,
            "0.3.0",
            Conclusion::Compatible,
        ),
        (
            "1.2.3",
            "1.3.0",
            Bump::Major,
            "2.0.0",
            Conclusion::BumpTooSmall,
        ),
        (
            "1.2.3",
            "minor",
            Bump::Major,
            "2.0.0",
            Conclusion::BumpTooSmall,
        ),
    ] {
        let outcome = judge(base, declared);
        assert_eq!(outcome.overall, needed, "{base} {declared}");
        assert_eq!(outcome.bases, [needed], "{base} {declared}");
        assert_eq!(outcome.version, Version::parse(version).ok());
        assert_eq!(
            outcome.conclusion,
            conclusion,
            "{base} {declared}: {:?}",
            told(&outcome)
        );
    }
}

#[test]
fn what_is_released_is_not_accused_again() {
    let first = one("message M { int32 a = 1; }");
    let second = one("message M { int32 a = 1; int32 b = 2; }");
    let new = one("message M { int32 a = 1; int32 b = 2; int32 c = 3; }");
    let ask = Ask {
        declared: Some("1.2.0"),
        ..Ask::default()
    };
    let outcome = ask.of(&[("1.0.0", &first), ("1.1.0", &second)], &new);
    assert_eq!(told(&outcome), ["FIELD_ADDED minor all p.v1.M.c"]);
    let finding = &outcome.findings[0];
    assert_eq!((finding.base, finding.also.as_slice()), (0, &[1][..]));
    assert_eq!(outcome.bases, [Bump::Minor, Bump::Minor]);
    assert_eq!(outcome.version, Some(Version::new(1, 2, 0)));

    // A break that was waived then is not this release's.
    let broken = one("message M { string a = 1; }");
    let grown = one("message M { string a = 1; int32 c = 3; }");
    let outcome = ask.of(&[("1.0.0", &first), ("1.1.0", &broken)], &grown);
    assert_eq!(told(&outcome), ["FIELD_ADDED minor all p.v1.M.c"]);
    assert_eq!(outcome.conclusion, Conclusion::Compatible);
}

#[test]
fn a_number_freed_in_a_major_stays_taken() {
    let two = one("message M { int32 a = 1; string b = 2; }");
    let three = one("message M { int32 a = 1; reserved 2; reserved \"b\"; }");
    let four = one("message M { int32 a = 1; }");
    let five = one("message M { int32 a = 1; int64 c = 2; }");
    let ask = Ask {
        declared: Some("1.5.0"),
        ..Ask::default()
    };
    let bases = [("1.2.0", &two), ("1.3.0", &three), ("1.4.0", &four)];
    let outcome = ask.of(&bases, &five);
    assert_eq!(outcome.conclusion, Conclusion::BumpTooSmall);
    let told = told(&outcome);
    assert!(
        told.contains(&"FIELD_NUMBER_NO_REUSE major wire p.v1.M.c".to_owned()),
        "{told:?}"
    );
    // The newest base alone, without those before it, shows an addition.
    let outcome = ask.of(&[("1.4.0", &four)], &five);
    assert_eq!(outcome.conclusion, Conclusion::Compatible);
}

#[test]
fn a_field_that_a_later_release_brought_is_not_taken_from_an_older_base() {
    let with = |field: &str| one(&format!("{CALLED} message M {{ {field} }}"));
    let (first, second, new) = (with(""), with("int64 a = 1;"), with("int32 a = 1;"));
    let outcome = Ask::default().of(&[("1.0.0", &first), ("1.1.0", &second)], &new);
    let told = told(&outcome);
    let reuse = told
        .iter()
        .any(|told| told.starts_with("FIELD_NUMBER_NO_REUSE"));
    assert!(!reuse, "{told:?}");
    assert_eq!(outcome.overall, Bump::Major, "{told:?}");
}

#[test]
fn a_break_against_an_older_base_alone_is_told_of_that() {
    let old = one("message M { repeated string a = 1; }");
    let newest = one("message M { int32 b = 3; }");
    let new = one("message M { string a = 1; int32 b = 3; }");
    let ask = Ask {
        declared: Some("1.2.0"),
        ..Ask::default()
    };
    let outcome = ask.of(&[("1.0.0", &old), ("1.1.0", &newest)], &new);
    let of_old = outcome.findings.iter().find(|finding| finding.base == 1);
    let told = told(&outcome);
    assert_eq!(
        of_old.unwrap().rule.id,
        "FIELD_CARDINALITY_COMPATIBLE",
        "{told:?}"
    );
    assert_eq!(outcome.bases[1], Bump::Major);
}

#[test]
fn a_patch_keeps_the_digest_of_its_minor() {
    let old = one("message M { repeated int32 a = 1; }");
    let new = one("message M { repeated int32 a = 1 [packed = false]; }");
    let ask = |locked, declared| Ask {
        declared: Some(declared),
        locked,
        ..Ask::default()
    };
    let outcome = ask(true, "1.2.1").of(&[("1.2.0", &old)], &new);
    assert!(
        told(&outcome).contains(&"RELEASE_DIGEST_KEPT minor release 1.2.0".to_owned()),
        "{:?}",
        told(&outcome)
    );
    assert_eq!(outcome.channels, [(Channel::Wire, Bump::Patch)]);
    assert_eq!(outcome.overall, Bump::Minor);
    assert_eq!(outcome.conclusion, Conclusion::BumpTooSmall);
    let outcome = ask(true, "1.3.0").of(&[("1.2.0", &old)], &new);
    assert_eq!(outcome.conclusion, Conclusion::Compatible);
    let outcome = ask(false, "1.2.1").of(&[("1.2.0", &old)], &new);
    assert_eq!(outcome.conclusion, Conclusion::Compatible);
}

#[test]
fn the_release_as_a_whole_is_judged() {
    let box_of = |package: &str| {
        let text = format!(
            "syntax = \"proto3\"; package {package}; message M {{}}
             service Box {{ rpc Call(M) returns (M); }}"
        );
        loaded(&[("a.proto", &text)])
    };
    let same = |package: &str, declared| {
        let ask = Ask {
            declared: Some(declared),
            ..Ask::default()
        };
        ask.of(&[("1.0.0", &box_of(package))], &box_of(package))
    };
    let outcome = same("p.v2", "1.0.1");
    assert_eq!(outcome.conclusion, Conclusion::Refused);
    let suffix = outcome
        .findings
        .iter()
        .find(|finding| finding.rule.id == "PACKAGE_SUFFIX_IS_MAJOR")
        .unwrap();
    assert_eq!(suffix.place.as_ref().unwrap().span.start_column, 20);
    assert_eq!(outcome.overall, Bump::None);
    for package in ["p.v1", "p.v1beta1", "p"] {
        assert_eq!(same(package, "1.0.0").conclusion, Conclusion::Compatible);
    }
    assert_eq!(same("p.v2", "0.1.0").conclusion, Conclusion::Compatible);
    // More than happened is worth a note.
    let outcome = same("p.v1", "1.1.0");
    assert_eq!(
        told(&outcome),
        ["VERSION_NOT_OVERBUMPED note release 1.1.0"]
    );
    assert_eq!(outcome.conclusion, Conclusion::Compatible);

    let ask = Ask {
        declared: Some("1.0.0"),
        edited: vec![(Version::new(1, 0, 0), "other bytes".to_owned())],
        ..Ask::default()
    };
    let outcome = ask.of(&[("1.0.0", &box_of("p.v1"))], &box_of("p.v1"));
    assert_eq!(
        told(&outcome),
        ["RELEASE_LOCK_UNCHANGED refused release 1.0.0"]
    );
    assert_eq!(outcome.conclusion, Conclusion::Refused);
}

#[test]
fn waivers_hold_for_one_change_and_not_for_ever() {
    let (old, new) = ("message M { int64 a = 1; }", "message M { int32 a = 1; }");
    let broken = Ask::default().texts(old, new);
    let fingerprint = broken.findings[1].fingerprint.clone();
    let waived = |fingerprint: &str, expires: &str| {
        let text = format!(
            "[[waiver]]\nfingerprint = {fingerprint:?}\nrule = \"FIELD_RANGE_COMPATIBLE\"\n\
             element = \"p.v1.M.a\"\nreason = \"small numbers\"\nowner = \"me\"\n\
             expires = {expires:?}\n"
        );
        Ask {
            waivers: waiver::parse(&text, "waivers.toml").unwrap(),
            ..Ask::default()
        }
    };
    let outcome = waived(&fingerprint, "2999-01-01").texts(old, new);
    assert_eq!(
        outcome.conclusion,
        Conclusion::Compatible,
        "{:?}",
        told(&outcome)
    );
    assert_eq!(outcome.findings[0].waived.as_deref(), Some("small numbers"));
    assert_eq!(outcome.waivers, [waiver::State::Used]);
    assert_eq!(outcome.overall, Bump::Patch);
    for ask in [
        waived(&fingerprint, "2020-01-01"),
        waived("00000000", "2999-01-01"),
    ] {
        let outcome = ask.texts(old, new);
        assert_eq!(outcome.conclusion, Conclusion::Refused);
        let told = told(&outcome);
        assert!(
            told.iter()
                .any(|line| line.starts_with("WAIVER_IN_FORCE refused")),
            "{told:?}"
        );
    }
    // The change grew: it is another one.
    let outcome = waived(&fingerprint, "2999-01-01").texts(old, "message M { bool a = 1; }");
    assert_eq!(outcome.conclusion, Conclusion::Refused);
}

#[test]
fn every_version_meets_every_other() {
    let text = |fields: &str| one(&format!("{CALLED} message M {{ int32 a = 1; {fields} }}"));
    let versions = [
        ("1.0.0", text("")),
        ("1.1.0", text("E e = 2;} enum E { ZERO = 0;")),
    ];
    let next = loaded(&[(
        "a.proto",
        "syntax = \"proto3\"; package p.v2; service Box { rpc Call(M) returns (M); } message M {}",
    )]);
    let sets: Vec<_> = versions
        .iter()
        .map(|(_, loaded)| DescriptorSet::parse(&loaded.bytes).unwrap())
        .collect();
    let next_set = DescriptorSet::parse(&next.bytes).unwrap();
    let base = |name: &str, set| compat::aperio::Base {
        reference: name.to_owned(),
        version: Version::parse(name).ok(),
        set,
        digest: name.to_owned(),
        locked: false,
        comments: None,
    };
    let bases = vec![
        (base("1.0.0", &sets[0]), &versions[0].1),
        (base("1.1.0", &sets[1]), &versions[1].1),
        (base("2.0.0", &next_set), &next),
    ];
    let (cells, order) = matrix::full(&bases, &plugin()).unwrap();
    assert_eq!(cells.len(), 9);
    let cell = |host: &str, plugin: &str| {
        let mut cells = cells.iter();
        cells
            .find(|cell| cell.host == host && cell.plugin == plugin)
            .unwrap()
    };
    let minor = cell("1.1", "1.0");
    assert_eq!(
        (minor.class, minor.effective.as_deref()),
        (Class::Minor, Some("1.0"))
    );
    assert_eq!(minor.out_of_reach, ["p.v1.M.e"]);
    assert_eq!(minor.worst, Effect::Ignored);
    assert_eq!(cell("1.0", "1.1").worst, Effect::Same);
    assert_eq!(cell("1.1", "1.1").class, Class::Same);
    let major = cell("1.1", "2.0");
    assert_eq!(
        (major.class, major.effective.as_deref()),
        (Class::Major, None)
    );
    assert_eq!(major.worst, Effect::Rejected);
    assert_ne!(order, Order::Any);
}
