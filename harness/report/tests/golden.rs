//! Every format over one report that holds every verdict, overlay, level and
//! place.

use report::{Annotation, Style, annotations, github, json, pretty, summary};
use terms::{
    Catalog, Conclusion, Counts, Direction, Evidence, Finding, Judged, Level, Observation, Overlay,
    Place, Report, Requirement, SkipReason, Subject, TranscriptLine, Trouble, Verdict,
};

static KNOWN: Requirement = Requirement {
    id: "A-002",
    level: Level::Must,
    since: "1.0",
    removed: None,
    claims: None,
    observation: Observation::Judged,
    doc: "A promise.\n\n The norm, in words that are long enough to be wrapped into a second line of the block.\n\n ## Usual causes\n\n A cause.",
    file: "suites/a.rs",
    line: 1,
};

fn judged(id: &str, level: Level, verdict: Verdict) -> Judged {
    Judged {
        id: id.to_owned(),
        title: "a promise".to_owned(),
        level,
        since: "1.0".to_owned(),
        seen_by: Vec::new(),
        reproduce: verdict
            .is_fail()
            .then(|| format!("aperio-plugin test --exact {id} -- ./p")),
        verdict,
        overlay: None,
        notes: Vec::new(),
        took_ms: 41,
    }
}

fn skip(reason: SkipReason) -> Verdict {
    Verdict::Skip { reason }
}

fn unknown(trouble: Trouble) -> Verdict {
    Verdict::Unknown { trouble }
}

fn places() -> Verdict {
    let why = || "x".to_owned();
    Verdict::of(vec![
        Finding::new("at the process"),
        Finding::new("in the line").at(Place::Handshake { field: 0 }),
        Finding::new("in a field").at(Place::Handshake { field: 4 }),
        Finding::new("in a call").at(Place::Call { method: why() }),
        Finding::new("in the output").at(Place::Output {
            stream: "stderr".to_owned(),
            line: 3,
        }),
    ])
}

fn report() -> Report {
    let why = || "50% of\nit".to_owned();
    let hostile = Finding::new("broke \x1b[2J\r\n::error::mine")
        .expected("good")
        .actual("`bad` | worse")
        .with(Evidence {
            transcript: vec![TranscriptLine {
                at_us: 2_200,
                direction: Direction::ToPlugin,
                what: "Sync".to_owned(),
                detail: "{}".to_owned(),
            }],
            stderr: vec!["::error::mine".to_owned(), "```".to_owned()],
            excerpt: vec!["excerpt".to_owned()],
        });
    let flaky = Judged {
        overlay: Some(Overlay::Flaky),
        notes: vec!["the SIGTERM half was left out".to_owned()],
        ..judged(
            "A-005",
            Level::Must,
            Verdict::fail(Finding::new("once").hint("twice")),
        )
    };
    let mut results = vec![
        judged("A-001", Level::Must, Verdict::Pass),
        judged("A-002", Level::Must, Verdict::fail(hostile)),
        judged("A-003", Level::Should, places()),
        judged("A-004", Level::May, Verdict::fail(Finding::new("noted"))),
        flaky,
        judged(
            "B-001",
            Level::Must,
            unknown(Trouble::BlockedBy {
                id: "A-002".to_owned(),
            }),
        ),
        judged(
            "B-002",
            Level::Must,
            unknown(Trouble::Vacuous { why: why() }),
        ),
        judged(
            "B-003",
            Level::Must,
            unknown(Trouble::HarnessFault { why: why() }),
        ),
        judged(
            "B-004",
            Level::Must,
            unknown(Trouble::Infrastructure { why: why() }),
        ),
        judged(
            "C-001",
            Level::Must,
            skip(SkipReason::NotClaimed { what: why() }),
        ),
        judged(
            "C-002",
            Level::Must,
            skip(SkipReason::VersionWindow {
                window: "since 1.2".to_owned(),
            }),
        ),
        judged("C-003", Level::Must, skip(SkipReason::NewerThanHarness)),
        judged(
            "C-004",
            Level::Must,
            skip(SkipReason::Platform {
                what: "/proc".to_owned(),
            }),
        ),
        judged("C-005", Level::Must, skip(SkipReason::Reattached)),
        judged("C-006", Level::Must, skip(SkipReason::Excluded)),
    ];
    // More of a kind than a workflow shows.
    for number in 1..=10 {
        let id = format!("D-{number:03}");
        results.push(judged(
            &id,
            Level::Must,
            Verdict::fail(Finding::new("again")),
        ));
    }
    Report {
        schema: 1,
        harness: "0.0.0".to_owned(),
        interface: Some("1.2.0".to_owned()),
        contract: "aperio".to_owned(),
        effort: "quick".to_owned(),
        seed: 7,
        timeout_scale: "2".to_owned(),
        strict: false,
        subject: Subject {
            id: Some("acme/box\x1b".to_owned()),
            version: Some("1.0.3".to_owned()),
            path: "/plugins/acme-box".to_owned(),
            sha256: Some("3f".repeat(32)),
            kinds: vec!["connector".to_owned()],
            capabilities: vec!["CONNECTOR_NORMALIZE".to_owned()],
            command: vec!["./p".to_owned()],
            reference: false,
        },
        conclusion: Conclusion::NotConformant,
        exit: 1,
        incomplete: false,
        filtered: false,
        counts: Counts {
            applicable: 23,
            exercised: 15,
            passed: 2,
            failed: 11,
            warnings: 1,
            notes: 1,
            flaky: 1,
            skipped: 6,
            unknown: 4,
            blocked: 1,
            must_passed: 2,
            must: 21,
            should_passed: 0,
            should: 1,
        },
        results,
        started: "2026-01-01T00:00:00.000Z".to_owned(),
        took_ms: 8_400,
    }
}

#[test]
fn every_format_is_as_committed() {
    let (report, catalog) = (report(), Catalog::new([&KNOWN]));
    let plain = Style {
        color: false,
        terse: false,
        verbose: false,
    };
    insta::assert_snapshot!("pretty", pretty(&report, &catalog, plain));
    let terse = Style {
        terse: true,
        ..plain
    };
    insta::assert_snapshot!("terse", pretty(&report, &catalog, terse));
    let verbose = Style {
        verbose: true,
        ..plain
    };
    insta::assert_snapshot!("verbose", pretty(&report, &catalog, verbose));
    insta::assert_snapshot!("json", json(&report));
    insta::assert_snapshot!("github", github(&report));
    insta::assert_snapshot!("summary", summary(&report, &catalog));
}

#[test]
fn an_annotation_stands_at_its_place_whatever_the_file_is_called() {
    let annotation = Annotation {
        kind: "error",
        place: Some(("a,b:c.proto".to_owned(), 7)),
        title: "A-001".to_owned(),
        message: "broke".to_owned(),
    };
    assert_eq!(
        annotations(&[annotation]),
        "::error file=a%2Cb%3Ac.proto,line=7,title=A-001::broke\n"
    );
}

#[test]
fn no_format_lets_a_plugin_speak() {
    let (report, catalog) = (report(), Catalog::new([&KNOWN]));
    let style = Style {
        color: false,
        terse: false,
        verbose: true,
    };
    for text in [
        pretty(&report, &catalog, style),
        github(&report),
        summary(&report, &catalog),
    ] {
        assert!(!text.contains('\x1b') && !text.contains('\r'));
        assert!(
            !text
                .lines()
                .any(|line| line.trim_start().starts_with("::error::mine"))
        );
    }
}

#[test]
fn a_report_is_read_back_as_it_was() {
    let report = report();
    let read: Report = serde_json::from_str(&json(&report)).expect("the report parses");
    assert_eq!(read, report);
}
