//! What must never depend on what, asked of cargo itself.

use std::process::Command;

fn depends(package: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--offline",
            "-e",
            "normal",
            "--prefix",
            "none",
            "-p",
            package,
        ])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo runs its own tests");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .expect("package names are text")
        .lines()
        .skip(1)
        .filter_map(|line| line.split(' ').next().map(str::to_owned))
        .collect()
}

fn never(package: &str, forbidden: &[&str]) {
    let found = depends(package);
    for name in forbidden {
        assert!(
            !found.iter().any(|other| other == name),
            "{package} depends on {name}"
        );
    }
}

#[test]
fn walls_hold() {
    never(
        "terms",
        &[
            "proto", "host", "runner", "report", "contract", "plugin", "tokio",
        ],
    );
    never("proto", &["tonic", "tokio", "terms", "host"]);
    never(
        "compat",
        &[
            "host", "runner", "report", "contract", "plugin", "tokio", "tonic",
        ],
    );
    never("report", &["host", "runner", "contract", "plugin", "tokio"]);
    never(
        "host",
        &[
            "runner",
            "report",
            "contract",
            "plugin",
            "aperio-plugin",
            "ring",
        ],
    );
    never("runner", &["contract", "report", "plugin", "aperio-plugin"]);
    never("contract", &["report", "plugin", "aperio-plugin"]);
    never(
        "plugin",
        &["terms", "host", "runner", "report", "contract", "ring"],
    );
    never("aperio-plugin", &["ring"]);
}
