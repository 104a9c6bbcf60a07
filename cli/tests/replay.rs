//! `replay` and `compat skew` with a plugin: what a running plugin makes of the
//! messages that prove a break.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_aperio-plugin");

/// Lines of the interface, and what they become in one that breaks with it.
const BREAKS: [(&str, &str, &str); 4] = [
    ("types.proto", "uint32 minor = 2;", "uint64 minor = 2;"),
    (
        "plugin.proto",
        "string host_version = 2 [(aperio.annotations.v1.max_bytes) = 64];",
        "int32 host_version = 2;",
    ),
    (
        "plugin.proto",
        "string publisher = 4 [(aperio.annotations.v1.required) = true, (aperio.annotations.v1.max_bytes) = 120];",
        "int32 publisher = 4;",
    ),
    (
        "remediation.proto",
        "  rpc ListActions(",
        "  rpc Gone(ListActionsRequest) returns (ListActionsResponse);\n  rpc ListActions(",
    ),
];

/// What the reference plugin makes of each: the rule, who writes it, the verdict.
const OLD: [(&str, &str, &str); 5] = [
    (
        "FIELD_NOT_MADE_REQUIRED",
        "skip",
        "the plugin writes it: a response",
    ),
    (
        "FIELD_RANGE_COMPATIBLE",
        "fail",
        "it is read as predicted: lossy",
    ),
    (
        "FIELD_SAME_WIRE_TYPE",
        "skip",
        "the plugin writes it: a response",
    ),
    (
        "FIELD_SAME_WIRE_TYPE",
        "fail",
        "the plugin cannot decode it",
    ),
    (
        "RPC_PATH_NO_DELETE",
        "fail",
        "aperio.plugin.v1.RemediationService has no Gone",
    ),
];

/// A directory with the interface, another that broke with it, and the messages
/// that prove it: in `old` those of hosts of the other, in `new` those between
/// this one as the older and the other.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Home(tempfile::tempdir().unwrap());
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto");
        for package in ["aperio", "cerebro"] {
            copy(&own.join(package), &home.path("proto").join(package));
            copy(&own.join(package), &home.path("other").join(package));
        }
        for (file, from, to) in BREAKS {
            let path = home.path("other/aperio/plugin/v1").join(file);
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{from}");
            std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        }
        let toml = include_str!("../../aperio-plugin.toml");
        std::fs::write(home.path("aperio-plugin.toml"), toml).unwrap();
        for (new, old, proofs) in [("proto", "other", "old"), ("other", "proto", "new")] {
            let base = format!("1.2.0={old}");
            let args = ["compat", "check", "--new", new, "--against", &base];
            let more = [
                "--declared",
                "1.3.0",
                "--witness",
                proofs,
                "--format",
                "terse",
            ];
            let (code, text) = home.run(&[&args[..], &more].concat());
            assert_eq!(code, 1, "{text}");
        }
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// stdout, or stderr where there is none.
    fn run(&self, args: &[&str]) -> (i32, String) {
        let output = Command::new(BINARY)
            .args(args)
            .current_dir(self.0.path())
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let bytes = if output.stdout.is_empty() {
            output.stderr
        } else {
            output.stdout
        };
        (
            output.status.code().unwrap(),
            String::from_utf8(bytes).unwrap(),
        )
    }

    fn replay(&self, args: &[&str], plugin: &[&str]) -> (i32, String) {
        self.run(&[&["replay"], args, &["--"], plugin].concat())
    }

    fn replay_json(&self, args: &[&str], plugin: &[&str]) -> (i32, Value) {
        let (code, text) = self.replay(&[args, &["--format", "json"]].concat(), plugin);
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        assert_eq!(value["exit"], code);
        (code, value)
    }

    /// The file of a proof: of this rule, by this writer, in this direction.
    fn proof(&self, proofs: &str, rule: &str, writer: &str, carrier: &str) -> String {
        let entries = std::fs::read_dir(self.path(proofs)).unwrap();
        let mut paths = entries.map(|entry| entry.unwrap().path());
        let found = paths.find(|path| {
            let value = read(path);
            value["rule"] == rule && value["writer"] == writer && value["carrier"] == carrier
        });
        found.unwrap().display().to_string()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}

fn read(path: impl AsRef<Path>) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

const REFERENCE: [&str; 2] = [BINARY, "reference-plugin"];

#[test]
fn breaks_show() {
    let home = Home::new();
    let (code, value) = home.replay_json(&["old"], &REFERENCE);
    assert_eq!(
        (code, &value["conclusion"]),
        (1, &json!("BREAKS")),
        "{value:#}"
    );
    let replayed = value["replayed"].as_array().unwrap();
    let mut told: Vec<_> = replayed
        .iter()
        .map(|one| {
            assert_eq!(one["writer"], "old");
            ["rule", "verdict", "why"].map(|key| one[key].as_str().unwrap())
        })
        .collect();
    told.sort_unstable();
    let mut expected = OLD.map(|(rule, verdict, why)| [rule, verdict, why]);
    expected.sort_unstable();
    assert_eq!(told, expected);

    let answer = |rule: &str| {
        let mut found = replayed.iter();
        let found = found.find(|one| one["rule"] == rule && one["verdict"] == "fail");
        found.unwrap()["answer"].clone()
    };
    let read = answer("FIELD_RANGE_COMPATIBLE");
    assert_eq!(read["reads"]["spec"]["json"], json!({"minor": 5}));
    assert_eq!(read["by"], "its own descriptors");
    assert_eq!(read["replies"][0]["identity"]["id"], "aperio/reference");
    assert_eq!(answer("FIELD_SAME_WIRE_TYPE")["code"], "INTERNAL");
    assert_eq!(answer("RPC_PATH_NO_DELETE")["code"], "UNIMPLEMENTED");

    let (code, text) = home.replay(&["old"], &REFERENCE);
    assert_eq!(code, 1);
    for line in [
        "        sent      10 bytes to /aperio.plugin.v1.PluginService/Describe\n",
        "        old means {\"minor\":\"4294967301\"}\n",
        "        reads     {\"minor\":5}   (spec: as predicted)\n",
        "5 messages: 3 break, 2 skipped\nBREAKS\n",
    ] {
        assert!(text.contains(line), "{line:?} is missing in\n{text}");
    }
    let (code, text) = home.replay(&["-q", "old"], &REFERENCE);
    assert_eq!((code, text.lines().count()), (1, 5), "{text}");
}

#[test]
fn what_the_plugin_reads_as_it_is_meant_passes() {
    let home = Home::new();
    // The older side of the pair is this interface, so it is the plugin's own.
    let proof = home.proof("new", "FIELD_SAME_WIRE_TYPE", "old", "request");
    let (code, value) = home.replay_json(&[&proof], &REFERENCE);
    assert_eq!(
        (code, &value["conclusion"]),
        (0, &json!("HOLDS")),
        "{value:#}"
    );
    assert_eq!(value["replayed"][0]["why"], "it is read as it is meant");
    // Without a command it is the reference plugin.
    let (code, text) = home.run(&["replay", &proof]);
    assert_eq!(code, 0, "{text}");
    // A plugin that is not Aperio's is neither described nor attached.
    let args = ["--contract", "go-plugin", "--no-auto-mtls", &proof];
    let (code, text) = home.replay(&args, &REFERENCE);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("its own descriptors"), "{text}");
}

#[test]
fn streams_are_taken_as_far_as_they_go() {
    let home = Home::new();
    let mut watch = read(home.proof("old", "FIELD_RANGE_COMPATIBLE", "old", "request"));
    for (key, value) in [
        ("rpc", json!("/grpc.health.v1.Health/Watch")),
        ("message", json!("grpc.health.v1.HealthCheckRequest")),
        ("path", json!([])),
        ("bytes", json!("0a06706c7567696e")),
        ("dressed", json!("0a06706c7567696e")),
        ("json", json!({"service": "plugin"})),
    ] {
        watch[key] = value;
    }
    std::fs::write(home.path("watch.json"), watch.to_string()).unwrap();
    let args = ["watch.json", "--rpc-timeout", "500ms"];
    let (code, value) = home.replay_json(&args, &REFERENCE);
    assert_eq!(code, 0, "{value:#}");
    let answer = &value["replayed"][0]["answer"];
    assert_eq!(answer["end"], "taken on, and open after 0.5 s");
    assert_eq!(answer["replies"], json!([{"status": "SERVING"}]));
}

#[test]
fn what_does_not_travel_to_the_plugin_is_skipped() {
    let home = Home::new();
    let proof = home.proof("old", "FIELD_SAME_WIRE_TYPE", "old", "response");
    // Nothing is started for it.
    let (code, value) = home.replay_json(&[&proof], &["/bin/false"]);
    assert_eq!(
        (code, &value["conclusion"]),
        (4, &json!("NOTHING SELECTED")),
        "{value:#}"
    );
}

#[test]
fn plugins_that_are_lost_are_told() {
    let home = Home::new();
    let wire = home.proof("old", "FIELD_SAME_WIRE_TYPE", "old", "request");
    let range = home.proof("old", "FIELD_RANGE_COMPATIBLE", "old", "request");
    let gone = home.proof("old", "RPC_PATH_NO_DELETE", "old", "request");
    let places = home.path("places");
    let script = home.path("plugin.sh");
    let text = format!(
        "#!/bin/sh\necho \"$TMPDIR\" >> {}\nexec {BINARY} reference-plugin \"$@\"\n",
        places.display()
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let script = script.display().to_string();
    for (proof, switch, name, code, words) in [
        (
            &wire,
            "--defect",
            "dies_of_malformed_message",
            1,
            "the process ended in the call",
        ),
        (
            &range,
            "--hostile",
            "dies_in_describe",
            1,
            "the process ended in the call",
        ),
        (
            &range,
            "--hostile",
            "sleeps_in_describe",
            3,
            "no answer within 0.3 s, nor to an empty message",
        ),
        (
            &gone,
            "--hostile",
            "sleeps_in_describe",
            3,
            "lost before the message was sent",
        ),
        (
            &gone,
            "--hostile",
            "prints_endless_line",
            3,
            "the plugin does not come up",
        ),
    ] {
        let args = ["-q", "--rpc-timeout", "300ms", proof.as_str()];
        let (seen, text) = home.replay(&args, &[&script, switch, name]);
        assert_eq!(seen, code, "{name}: {text}");
        assert!(
            text.contains(words),
            "{name}: {words:?} is missing in\n{text}"
        );
    }
    let places = std::fs::read_to_string(places).unwrap();
    assert!(places.lines().count() >= 9, "each was started for itself");
    for place in places.lines() {
        assert!(!Path::new(place).exists(), "{place} is left");
        let mark = format!("TMPDIR={place}");
        assert!(!is_alive(mark.as_bytes()), "a process of {place} lives on");
    }
}

/// Whether a process has this variable.
fn is_alive(mark: &[u8]) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let environments = processes.filter_map(|one| std::fs::read(one.path().join("environ")).ok());
    let mut environments = environments;
    environments.any(|variables| variables.split(|byte| *byte == 0).any(|one| one == mark))
}

#[test]
fn what_is_no_reproducer_is_refused_before_anything_starts() {
    let home = Home::new();
    let good = read(home.proof("old", "FIELD_RANGE_COMPATIBLE", "old", "request"));
    let with = |key: &str, value: Value| {
        let mut changed = good.clone();
        changed[key] = value;
        changed.to_string()
    };
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for (text, words) in [
        (String::new(), "it is no reproducer: EOF"),
        ("{}".to_owned(), "missing field"),
        (with("more", json!(1)), "unknown field `more`"),
        (with("schema", json!(2)), "its schema is 2"),
        (with("kind", json!("crash")), "its kind is not `witness`"),
        (with("rule", json!("../etc")), "`rule`"),
        (with("dressed", json!("0")), "`bytes, wrapped"),
        (with("dressed", json!("0G")), "`bytes, wrapped"),
        (with("dressed", Value::Null), "`dressed`"),
        (with("rpc", json!("/p.S/M x")), "`rpc`"),
        (with("rpc", json!("/p.S")), "`rpc`"),
        (with("carrier", json!("trailer")), "`carrier`"),
        (with("writer", json!("me")), "`writer`"),
        (with("effect", json!("odd")), "`effect`"),
        (
            with("metadata", json!({"grpc-timeout": "1S"})),
            "`metadata`",
        ),
        (with("metadata", json!({"a b": "1"})), "`metadata`"),
        (with("path", json!(vec!["a"; 1000])), "`path`"),
        (
            good.to_string()
                .replace("\"reads\":{", &format!("\"reads\":{{\"x\":{deep},")),
            "recursion limit",
        ),
        ("x".repeat((16 << 20) + 1), "larger than 16 MiB"),
    ] {
        let file = home.path("bad.json");
        std::fs::write(&file, &text).unwrap();
        let (code, told) = home.replay(&["bad.json", "old"], &["/bin/false"]);
        assert_eq!(code, 5, "{words}: {told}");
        assert!(told.contains(words), "{words:?} is missing in\n{told}");
        assert!(told.contains("bad.json"), "{told}");
    }
    let (code, value) = home.replay_json(&["bad.json"], &["/bin/false"]);
    assert_eq!((code, &value["conclusion"]), (5, &json!("BAD INPUT")));

    std::fs::create_dir(home.path("empty")).unwrap();
    for (args, expected) in [
        (&["replay", "no-such-file.json"][..], 2),
        (&["replay"], 2),
        (&["replay", "old", "--", "/no/such/file"], 2),
        (&["replay", "old", "--cookie", "novalue"], 2),
        (&["replay", "empty"], 4),
        (&["replay", "old", "--", "/bin/false"], 3),
    ] {
        let (code, text) = home.run(args);
        assert_eq!(code, expected, "{args:?}: {text}");
    }
}

#[test]
fn hosts_of_every_version_meet_a_running_plugin() {
    let home = Home::new();
    let skew = |args: &[&str], plugin: &[&str]| {
        home.run(&[&["compat", "skew"], args, &["--"], plugin].concat())
    };
    // The releases that the program carries: there is no lock here.
    let (code, text) = skew(&[], &REFERENCE);
    assert_eq!(code, 0, "{text}");
    for line in [
        "says    built for 1.2, by the digest of 1.2.0\n",
        "serves  aperio.plugin.v1.PluginService, aperio.plugin.v1.RemediationService\n",
        "        in the descriptors of 1.2\n",
        "host 1.0  plugin 1.2  minor  speaks 1.0   ignored in ",
        "      out of reach aperio.plugin.v1.RemediationService.WatchAction\n",
        "host 1.2  plugin 1.2  same   speaks 1.2   ok\nCOMPATIBLE\n",
    ] {
        assert!(text.contains(line), "{line:?} is missing in\n{text}");
    }
    assert!(
        !text.contains("HandleWebhook"),
        "it is no connector:\n{text}"
    );
    let (code, static_too) = home.run(&["compat", "skew", "--plugin"]);
    assert_eq!((code, static_too), (0, text.clone()), "--plugin alone");

    // Hosts of another 1.2 write what this plugin reads otherwise.
    let (code, text) = skew(
        &["--interface", "1.1,1.2=other", "--format", "json"],
        &REFERENCE,
    );
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &value["exit"]), (1, &json!(1)));
    assert_eq!(value["plugin"]["serves"], json!([]));
    let lie = "it says 1.2, and serves another aperio/plugin/v1/plugin.proto";
    assert_eq!(value["plugin"]["lie"], lie);
    let cells = value["skew"]["cells"].as_array().unwrap();
    assert_eq!(cells[0]["replayed"], json!([]));
    let mut replayed: Vec<_> = cells[1]["replayed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["rule"].as_str().unwrap(),
                one["verdict"].as_str().unwrap(),
            )
        })
        .collect();
    replayed.sort_unstable();
    assert_eq!(
        replayed,
        [
            ("FIELD_RANGE_COMPATIBLE", "fail"),
            ("FIELD_SAME_WIRE_TYPE", "fail"),
            ("RPC_PATH_NO_DELETE", "fail"),
        ]
    );

    // A library that drops custom options is not accused of it.
    let renames = [
        BINARY,
        "reference-plugin",
        "--defect",
        "reflects_renamed_field",
    ];
    let (code, text) = skew(&[], &renames);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("another aperio/plugin/v1/remediation.proto"),
        "{text}"
    );
    assert!(!text.contains("GATE"), "{text}");
    // Only hosts of versions that it does not claim: nobody is hurt.
    let (code, text) = skew(&["--interface", "1.0,1.1"], &renames);
    assert_eq!(code, 0, "{text}");

    for (args, plugin, expected) in [
        (&[][..], &["/bin/false"][..], 3),
        (&[], &["/no/such/file"], 2),
        (&["--interface", "9.9"], &REFERENCE, 2),
        (&["--interface", "1.0=cerebro"], &REFERENCE, 2),
    ] {
        let (code, text) = skew(args, plugin);
        assert_eq!(code, expected, "{args:?} {plugin:?}: {text}");
    }
    // Hosts of another interface altogether.
    std::fs::create_dir(home.path("foreign")).unwrap();
    let text =
        "syntax = \"proto3\"; package p.v1; message M {} service S { rpc Call(M) returns (M); }";
    std::fs::write(home.path("foreign/p.proto"), text).unwrap();
    let (code, text) = skew(&["--interface", "1.0=foreign"], &REFERENCE);
    assert_eq!(code, 4, "{text}");
}
