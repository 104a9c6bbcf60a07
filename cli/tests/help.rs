//! Help texts, word for word, and the README's commands.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::process::{Command, Output};

const BINARY: &str = env!("CARGO_BIN_EXE_aperio-plugin");

fn aperio(args: &[&str]) -> Output {
    Command::new(BINARY)
        .args(args)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .output()
        .expect("the binary under test starts")
}

fn help(args: &[&str]) -> String {
    let output = aperio(args);
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help_teaches() {
    insta::assert_snapshot!("help", help(&["--help"]));
    insta::assert_snapshot!("test", help(&["test", "--help"]));
    insta::assert_snapshot!("spec", help(&["spec", "--help"]));
    insta::assert_snapshot!("self-test", help(&["self-test", "--help"]));
    insta::assert_snapshot!("explain", help(&["explain", "--help"]));
    insta::assert_snapshot!("compat", help(&["compat", "--help"]));
    insta::assert_snapshot!("compat-check", help(&["compat", "check", "--help"]));
    insta::assert_snapshot!("compat-lock", help(&["compat", "lock", "--help"]));
    insta::assert_snapshot!("compat-skew", help(&["compat", "skew", "--help"]));
    insta::assert_snapshot!("replay", help(&["replay", "--help"]));
    insta::assert_snapshot!("doctor", help(&["doctor", "--help"]));
}

/// Every command that the README shows is understood, down to its flags.
#[test]
fn the_readmes_commands_are_understood() {
    let readme = include_str!("../../README.md");
    let mut seen = 0;
    for line in readme.lines() {
        let Some(words) = line
            .strip_prefix("$ cargo run -- ")
            .or_else(|| line.strip_prefix("$ aperio-plugin "))
        else {
            continue;
        };
        seen += 1;
        let mut args: Vec<String> = words
            .split("  #")
            .next()
            .unwrap_or_default()
            .split('\'')
            .enumerate()
            // What stands between quotes is one word.
            .flat_map(|(at, part)| match at % 2 {
                0 => part.split_whitespace().map(str::to_owned).collect(),
                _ => vec![part.to_owned()],
            })
            .collect();
        let command = args.iter().position(|word| word == "--");
        // The plugins it names are the reader's.
        args.truncate(command.unwrap_or(args.len()));
        if args[0] == "test" {
            if !words.contains("--show-config") {
                args.push("--show-config".to_owned());
            }
        } else {
            args.push("--help".to_owned());
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = aperio(&args);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{line}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert!(seen >= 5, "the README shows commands");
}
