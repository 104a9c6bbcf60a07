//! Generated handshake lines, read by both hosts.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use host::handshake::{Line, Network, go_compatible};
use host::identity::{Curve, HostIdentity, Kind};
use libtest_mimic::Failed;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

/// Lines of one run; the same ones in every run.
const LINES: usize = 3000;
/// Mismatches that are shown.
const SHOWN: usize = 10;

/// Characters of a line that are shown.
const LENGTH: usize = 160;

/// The two parsers accept the same lines.
pub(crate) fn agree(go: &Path, multiplex: bool) -> Result<(), Failed> {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &[u8::from(multiplex); 32]),
    );
    let strategy = line(certificates());
    let lines = (0..LINES)
        .map(|_| Ok(strategy.new_tree(&mut runner)?.current()))
        .collect::<Result<Vec<Vec<u8>>, proptest::test_runner::Reason>>()
        .map_err(|reason| reason.message().to_owned())?;
    let words = ask(go, multiplex, &lines)?;
    let mut accepted = 0;
    let mut mismatches = Vec::new();
    for (line, go) in lines.iter().zip(&words) {
        let first = line.split_inclusive(|&byte| byte == b'\n').next();
        let ours = go_compatible(first.unwrap_or_default()).map_err(|error| error.to_string());
        let ours = ours.and_then(|line| usable(&line, multiplex));
        accepted += usize::from(ours.is_ok());
        if ours.is_ok() != go.is_none() {
            mismatches.push(format!(
                "{:?}\n    Go: {go:?}\n    ours: {ours:?}",
                String::from_utf8_lossy(line)
                    .chars()
                    .take(LENGTH)
                    .collect::<String>()
            ));
        }
    }
    if !mismatches.is_empty() {
        let count = mismatches.len();
        mismatches.truncate(SHOWN);
        return Err(format!("{count} lines are read apart:\n{}", mismatches.join("\n")).into());
    }
    // Lines that are all refused would show nothing.
    if !(LINES / 20..=LINES - LINES / 20).contains(&accepted) {
        return Err(format!("{accepted} of {LINES} lines are accepted: too one-sided").into());
    }
    Ok(())
}

/// What go-plugin's host decides with the line though it is no matter of its
/// form: the offer, the address, the certificate's content, multiplexing.
fn usable(line: &Line, multiplex: bool) -> Result<(), String> {
    if line.app != 1 {
        return Err("not the offered version".to_owned());
    }
    if line.network == Network::Tcp && !ADDRESSES.contains(&(&*line.address, true)) {
        return Err("no address".to_owned());
    }
    if let Some(der) = &line.certificate
        && host::certificate::public_key(der).is_none()
    {
        return Err("no certificate".to_owned());
    }
    if multiplex && line.protocol == host::handshake::Protocol::Grpc && line.multiplex != Some(true)
    {
        return Err("no multiplexing".to_owned());
    }
    Ok(())
}

/// Addresses, and whether they are some to Go's resolver; none needs a look at
/// names.
const ADDRESSES: &[(&str, bool)] = &[
    ("127.0.0.1:1234", true),
    ("127.0.0.1:0", true),
    (":1234", true),
    ("[::1]:80", true),
    ("127.0.0.1:+80", true),
    ("127.0.0.1", false),
    ("127.0.0.1:65536", false),
    ("127.0.0.1:-1", false),
    ("::1:80", false),
    ("1.2.3.4:5:6", false),
];

/// Field 6: certificates in many writings.
fn certificates() -> Vec<Vec<u8>> {
    let identity = HostIdentity::issue(Curve::P256, Kind::default()).expect("a key is made");
    let der = identity.der.as_ref();
    let right = STANDARD_NO_PAD.encode(der);
    let (front, back) = right.split_at(60);
    // Writings that any DER of this length ends in padding or does not.
    let padded = STANDARD.encode(&der[..der.len() / 3 * 3 - 1]);
    let url = URL_SAFE_NO_PAD.encode([0xfb; 60]);
    let short = "A".repeat(50);
    let just = "A".repeat(51);
    let trailing = STANDARD_NO_PAD.encode([der, b"more"].concat());
    let pem = identity.pem.replace('\n', "");
    [
        right.clone(),
        format!("{front}\r{back}"),
        format!("{front} {back}"),
        format!("{right}="),
        front.to_owned(),
        "short".to_owned(),
        padded,
        url,
        short,
        just,
        trailing,
        pem,
        String::new(),
    ]
    .map(String::into_bytes)
    .into_iter()
    .chain([vec![0xff; 20], vec![0xff; 51]])
    .collect()
}

/// Lines that are right but for a field or two, which are taken from what comes
/// close.
fn line(certificates: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let text =
        |words: &'static [&'static str]| select(words).prop_map(|word| word.as_bytes().to_vec());
    // Weighted so that most fields of a line are right.
    let field = |right: &'static [&'static str], near: &'static [&'static str]| prop_oneof![8 => text(right), 1 => text(near), 1 => "[ -{}~]{0,4}".prop_map(String::into_bytes)];
    let core = field(
        &["1"],
        &[
            "+1",
            "01",
            "2",
            "-1",
            " 1",
            "1 ",
            "1_0",
            "0x1",
            "",
            "١",
            "99999999999999999999",
        ],
    );
    let app = field(
        &["1"],
        &[
            "+1",
            "001",
            "-1",
            "2",
            "1.0",
            "v1",
            "",
            "1\t",
            "9223372036854775808",
        ],
    );
    let addresses: Vec<&'static str> = ADDRESSES.iter().map(|(address, _)| *address).collect();
    let place = prop_oneof![
        4 => prop_oneof![
            4 => text(&["/tmp/plugin123"]),
            1 => text(&["", "@abstract", "relative", "/tmp/a b", "/tmp/\u{e4}"]),
        ].prop_map(|address| (b"unix".to_vec(), address)),
        3 => select(addresses).prop_map(|address| (b"tcp".to_vec(), address.as_bytes().to_vec())),
        1 => text(&["UNIX", "tcp4", " tcp", "", "unixpacket"]).prop_map(|network| (network, b"/s".to_vec())),
    ];
    let protocol = field(&["grpc"], &["netrpc", "gRPC", "grpc ", "", "http"]);
    let certificate = prop_oneof![3 => Just(Vec::new()), 4 => select(certificates)];
    let seventh = field(
        &["true", "1", "T"],
        &["false", "0", "True", "TRUE", "yes", "", "tRUE", "true "],
    );
    let fields = (
        core,
        app,
        place,
        protocol,
        certificate,
        seventh,
        Just(b"8".to_vec()),
    );
    let ends = (
        prop_oneof![6 => 6..=7_usize, 3 => 1..=8_usize],
        text(&["", "", "", " ", "\t", "\u{a0}", "\u{85}", "\u{feff}"]),
        text(&["\n", "\n", "\r\n", " \n", "\r\r\n", "", "\nsecond|line\n"]),
        prop_oneof![9 => Just(None), 1 => (any::<proptest::sample::Index>(), any::<u8>()).prop_map(Some)],
    );
    (fields, ends).prop_map(
        |(
            (core, app, (network, address), protocol, certificate, seventh, eighth),
            (count, front, end, noise),
        )| {
            let fields = [
                core,
                app,
                network,
                address,
                protocol,
                certificate,
                seventh,
                eighth,
            ];
            let mut line = front;
            line.extend(fields[..count].join(&b'|'));
            if let Some((at, byte)) = noise
                && !line.is_empty()
                // Another TCP address may be one, or a name to look up.
                && network_of(&line) != b"tcp"
                && byte != b'\n'
            {
                let at = at.index(line.len());
                line[at] = byte;
            }
            line.extend(end);
            line
        },
    )
}

fn network_of(line: &[u8]) -> &[u8] {
    line.split(|&byte| byte == b'|').nth(2).unwrap_or_default()
}

/// The Go host's refusal of each line.
fn ask(go: &Path, multiplex: bool, lines: &[Vec<u8>]) -> Result<Vec<Option<String>>, Failed> {
    let dir = tempfile::tempdir()?;
    let questions = dir.path().join("lines");
    let text: String = lines
        .iter()
        .map(|line| STANDARD.encode(line) + "\n")
        .collect();
    std::fs::write(&questions, text)?;
    let output = Command::new(go)
        .args([&format!("-multiplex={multiplex}"), "-lines"])
        .env("TMPDIR", dir.path())
        .stdin(Stdio::from(File::open(questions)?))
        .output()?;
    let answers: Vec<Option<String>> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| {
            let step: serde_json::Value = serde_json::from_str(line)?;
            Ok(step["error"].as_str().map(str::to_owned))
        })
        .collect::<Result<_, serde_json::Error>>()?;
    if answers.len() != lines.len() {
        return Err(format!(
            "{} answers to {} lines\n{}",
            answers.len(),
            lines.len(),
            String::from_utf8_lossy(&output.stderr)
        )
        .into());
    }
    Ok(answers)
}
