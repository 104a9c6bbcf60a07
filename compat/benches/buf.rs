//! `compat check` and `buf breaking`, side by side on the same files:
//! `cargo bench -p compat`, or `cargo bench -p compat -- S M` for some sizes.
//!
//! S is the interface of this repository, L two versions of the npm package
//! `google-proto-files` years apart, M a closure cut from L. Each run is a
//! process of its own, release build, and counts with its CPU, user and system
//! together, and its largest resident memory. The programs take turns, so that
//! noise of the machine meets all; only the ratios mean something: the median
//! over the rounds, and in parentheses the half of the rounds around it.

#[path = "../tests/buf/tool.rs"]
#[allow(dead_code, reason = "tests ask it for more")]
mod buf;
#[path = "../tests/corpus/fetched.rs"]
mod fetched;
#[path = "../tests/mutants/releases.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "tests ask it for more")]
mod releases;
#[path = "../tests/mutants/table.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "tests ask it for more")]
mod table;

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use wait4::Wait4;

type Failure = Box<dyn std::error::Error>;

/// What M is cut from L for.
const ROOTS: [&str; 11] = [
    "google/bigtable/",
    "google/chat/",
    "google/container/",
    "google/devtools/",
    "google/firestore/",
    "google/iam/",
    "google/logging/",
    "google/monitoring/",
    "google/pubsub/",
    "google/spanner/",
    "google/storage/",
];

/// One comparison.
struct Case {
    size: char,
    name: &'static str,
    /// Where both programs stand.
    directory: PathBuf,
    /// The new side and the old one.
    sides: [PathBuf; 2],
    rounds: usize,
    /// Our CPU and memory may be at most this part of buf's.
    most: [Option<f64>; 2],
}

fn main() -> Result<ExitCode, Failure> {
    let sizes: String = std::env::args()
        .skip(1)
        .filter(|word| word.len() == 1)
        .collect();
    let asked = |size: char| sizes.is_empty() || sizes.contains(size);
    let buf = match buf::Buf::installed().and_then(|buf| buf.native()) {
        Ok(buf) => buf,
        Err(why) => return not_measured(&why),
    };
    let ours = built()?;
    let home = tempfile::tempdir()?;
    let mut cases = Vec::new();
    if asked('S') {
        cases.extend(small(home.path())?);
    }
    if asked('M') || asked('L') {
        let [.., old, new] = fetched::VERSIONS;
        let trees = fetched::tree(new).and_then(|new| Ok([new, fetched::tree(old)?]));
        let trees = match trees {
            Ok(trees) => trees,
            Err(why) => return not_measured(&why),
        };
        if asked('M') {
            let mut cut = Vec::new();
            for (tree, name) in trees.iter().zip(["new", "old"]) {
                let mut files = fetched::protos(tree)?;
                files.retain(|file| ROOTS.iter().any(|root| file.starts_with(root)));
                let files = fetched::closure(tree, files)?;
                cut.push(home.path().join("m").join(name));
                fetched::copy(tree, files, &cut[cut.len() - 1])?;
            }
            let cut = [cut[0].clone(), cut[1].clone()];
            cases.extend(large('M', &buf, home.path(), cut)?);
        }
        if asked('L') {
            cases.extend(large('L', &buf, home.path(), trees)?);
        }
    }

    let mut out = std::io::stdout();
    out.write_all(row(["", "buf", "ours", "ratio", "at most"]).as_bytes())?;
    for case in cases {
        let [new, old] = case.sides.each_ref().map(|side| side.as_os_str());
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        let mut theirs = words(&["breaking"]);
        theirs.extend([new.into(), "--against".into(), old.into()]);
        theirs.extend(words(&["--error-format", "json"]));
        let mut books = ["buf", "aperio"].map(|book| {
            let mut ours = words(&["compat", "check", "--rulebook", book, "--new"]);
            ours.extend([new.into(), "--against".into(), old.into()]);
            let format = if book == "buf" { "buf-json" } else { "terse" };
            ours.extend(words(&["--format", format]));
            (book, ours, Vec::new())
        });
        let mut rounds = Vec::new();
        for _ in 0..case.rounds {
            rounds.push(used(&buf, &theirs, &case.directory, &[0, 100])?);
            for (_, ours_words, runs) in &mut books {
                runs.push(used(&ours, ours_words, &case.directory, &[0, 1])?);
            }
        }
        for (book, _, runs) in &books {
            for (at, what) in ["CPU, ms", "memory, MiB"].into_iter().enumerate() {
                let target = case.most[at].filter(|_| *book == "buf");
                let name = format!("{} {}, rulebook {book}, {what}", case.size, case.name);
                let pairs = rounds
                    .iter()
                    .zip(runs)
                    .map(|(buf, ours)| (buf[at], ours[at]));
                out.write_all(ratio(&name, pairs, target).as_bytes())?;
            }
        }
        out.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}

fn not_measured(why: &str) -> Result<ExitCode, Failure> {
    writeln!(std::io::stdout(), "not measured: {why}")?;
    Ok(ExitCode::SUCCESS)
}

/// Our program as users have it.
fn built() -> Result<PathBuf, Failure> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("..")
        .canonicalize()?;
    let cargo = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "-p", "aperio-plugin"])
        .arg("--target-dir")
        .arg(&target)
        .status()?;
    if !cargo.success() {
        return Err("aperio-plugin cannot be built".into());
    }
    Ok(target.join("release/aperio-plugin"))
}

/// The interface of this repository, its text against a lock and against the
/// text of an older minor.
fn small(home: &Path) -> Result<[Case; 2], Failure> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()?;
    let cut = home.join("s");
    for (path, text) in releases::release(1) {
        let place = cut.join(path);
        fs::create_dir_all(place.parent().ok_or("a file stands nowhere")?)?;
        fs::write(place, text)?;
    }
    let lock = PathBuf::from("proto/released/1.1.0/descriptor_set.binpb");
    Ok(
        [("sources against a lock", lock), ("sources", cut)].map(|(name, old)| Case {
            size: 'S',
            name,
            directory: repository.clone(),
            sides: [PathBuf::from("proto"), old],
            rounds: 20,
            most: [Some(0.1), None],
        }),
    )
}

/// Two trees as sources and as descriptor sets.
fn large(size: char, buf: &Path, home: &Path, trees: [PathBuf; 2]) -> Result<[Case; 2], Failure> {
    let mut sets = Vec::new();
    for (tree, name) in trees.iter().zip(["new", "old"]) {
        let set = home.join(format!("{size}-{name}.binpb"));
        let words = [
            OsString::from("build"),
            tree.into(),
            "-o".into(),
            set.clone().into(),
        ];
        used(buf, &words, home, &[0])?;
        sets.push(set);
    }
    let sets = [sets[0].clone(), sets[1].clone()];
    let targets = match size {
        'M' => [[Some(1.0 / 5.0), None], [Some(1.0 / 20.0), None]],
        _ => [
            [Some(1.0 / 4.0), Some(1.0 / 5.0)],
            [Some(1.0 / 30.0), Some(1.0 / 10.0)],
        ],
    };
    let [text, bytes] = targets;
    let named = [("sources", trees, text), ("descriptor sets", sets, bytes)];
    Ok(named.map(|(name, sides, most)| Case {
        size,
        name,
        directory: home.to_owned(),
        sides,
        rounds: if size == 'M' { 8 } else { 3 },
        most,
    }))
}

/// Runs a program to its end: CPU in milliseconds, memory in MiB.
fn used(
    program: &Path,
    words: &[OsString],
    directory: &Path,
    exits: &[i32],
) -> Result<[f64; 2], Failure> {
    let child = Command::new(program)
        .args(words)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let used = child.wait4()?;
    if !used.status.code().is_some_and(|code| exits.contains(&code)) {
        return Err(format!("{} {words:?}: {}", program.display(), used.status).into());
    }
    let cpu = used.rusage.utime + used.rusage.stime;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let memory = used.rusage.maxrss as f64 / f64::from(1 << 20);
    Ok([cpu.as_secs_f64() * 1e3, memory])
}

fn ratio(name: &str, pairs: impl Iterator<Item = (f64, f64)>, most: Option<f64>) -> String {
    let (mut theirs, mut ours): (Vec<f64>, Vec<f64>) = pairs.unzip();
    let mut ratios: Vec<f64> = ours
        .iter()
        .zip(&theirs)
        .map(|(ours, buf)| ours / buf)
        .collect();
    let middle = median(&mut ratios);
    let quarter = ratios.len() / 4;
    let (low, high) = (ratios[quarter], ratios[ratios.len() - 1 - quarter]);
    row([
        name,
        &format!("{:.1}", median(&mut theirs)),
        &format!("{:.1}", median(&mut ours)),
        &format!("{middle:.3} ({low:.3}-{high:.3})"),
        &most.map_or_else(String::new, |most| format!("{most:.3}")),
    ])
}

fn row([name, buf, ours, ratio, most]: [&str; 5]) -> String {
    format!("{name:<56} {buf:>9} {ours:>9} {ratio:>21} {most:>8}\n")
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
