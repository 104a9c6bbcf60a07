//! What the source channels say, beside the compilers: code that touches every
//! name of generated Go and Python, against the schema it was written for and
//! against the changed one.
//!
//! protoc is that of grpcio-tools, the generators come through the Go module
//! proxy, and all of it is kept below the target directory. Without Python or
//! Go the test reports itself ignored; `REQUIRE_TOOLCHAINS=1` makes that a
//! failure.

#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::print_stderr,
    reason = "a failed unwrap is a failed test; what was compared is said aloud"
)]

#[path = "witness/pairs.rs"]
#[allow(dead_code, reason = "the test `witness` uses all of it")]
mod pairs;
#[path = "fold/side.rs"]
#[allow(dead_code, reason = "the test `fold` uses all of it")]
mod side;
#[path = "witness/tool.rs"]
#[allow(dead_code, reason = "the test `witness` uses all of it")]
mod tool;
mod source {
    pub(crate) mod go;
    pub(crate) mod python;
    pub(crate) mod table;
    pub(crate) mod tools;
}

use compat::aperio::Outcome;
use compat::effect::Demand;
use compat::load::{Input, Protox, Roots};
use compat::{Channel, DescriptorSet, Era, catalog};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use side::Ask;
use source::table::{Case, Code, Files, cases};
use source::tools::Tools;
use source::{go, python};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = vec![
        Trial::test("every_rule_has_a_case", every_rule_has_a_case),
        Trial::test("the_rules_say_what_the_table_says", the_rules),
        Trial::ignorable_test(
            "the_compilers_say_what_the_table_says",
            || match Tools::installed() {
                Ok(tools) => the_compilers(&tools).map(|()| Completion::Completed),
                Err(why) if std::env::var_os("REQUIRE_TOOLCHAINS").is_none() => {
                    Ok(Completion::ignored_with(why))
                }
                Err(why) => Err(why.into()),
            },
        ),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn conclude(wrong: &str) -> Result<(), Failed> {
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!("\n{wrong}").into())
    }
}

/// The rules of these two channels; annotations are nothing to a compiler.
fn every_rule_has_a_case() -> Result<(), Failed> {
    let cases = cases()?;
    let named: BTreeSet<&str> = cases
        .iter()
        .flat_map(|case| case.rules.iter().map(String::as_str))
        .collect();
    let rules = catalog::all().into_iter().filter(|rule| {
        let mut channels = rule.aperio.iter();
        let source = |channel: &Channel| matches!(channel, Channel::SourceGo | Channel::SourcePy);
        channels.any(source) && !rule.file.contains("rules/annotation")
    });
    let missing: Vec<&str> = rules
        .map(|rule| rule.id)
        .filter(|id| !named.contains(id))
        .collect();
    conclude(&missing.join(" "))
}

fn judged(old: Vec<u8>, new: Vec<u8>) -> Result<Outcome, Failed> {
    let load = |bytes| Input::Bytes(bytes).load(&Roots::default(), &Protox);
    let (old, new) = (load(old)?, load(new)?);
    let mut ask = Ask::default();
    ask.policy.channels = [Channel::SourceGo, Channel::SourcePy].into();
    Ok(ask.of(&[("old", &old)], &new))
}

/// What a channel says.
fn verdict(outcome: &Outcome, channel: Channel) -> Code {
    let mut findings = outcome.findings.iter();
    let breaks = findings.any(|finding| {
        let counts = finding.channel == channel || finding.channel == Channel::All;
        counts && finding.demand >= Demand::Major
    });
    if breaks { Code::Breaks } else { Code::Builds }
}

/// Where the rules and the table are of two minds.
fn differences(case: &Case, outcome: &Outcome) -> String {
    let said = [Channel::SourceGo, Channel::SourcePy].map(|channel| verdict(outcome, channel));
    let found: BTreeSet<&str> = outcome
        .findings
        .iter()
        .filter(|finding| finding.channel != Channel::All)
        .filter(|finding| finding.channel != Channel::Release)
        .map(|finding| finding.rule.id)
        .collect();
    let named = case.rules.iter().all(|rule| found.contains(rule.as_str()));
    if said == [case.go, case.py] && named {
        return String::new();
    }
    format!("{}: Go and Python {said:?}, by {found:?}\n", case.change)
}

fn the_rules() -> Result<(), Failed> {
    let mut wrong = String::new();
    for case in cases()? {
        if case.has_edition() {
            continue;
        }
        let sets = [Era::Old, Era::New].map(|era| pairs::compiled(&case.files(era)));
        let [old, new] = sets;
        wrong.push_str(&differences(&case, &judged(old?, new?)?));
    }
    conclude(&wrong)
}

fn the_compilers(tools: &Tools) -> Result<(), Failed> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("source");
    if home.exists() {
        std::fs::remove_dir_all(&home)?;
    }
    std::fs::create_dir_all(&home)?;
    let home = home.canonicalize()?;
    let cases = cases()?;
    let mut wrong = String::new();
    let (imported, generated): (Vec<&Case>, Vec<&Case>) =
        cases.iter().partition(|case| case.user().is_some());

    for case in &imported {
        let root = |era| home.join("user").join(&case.folder).join(go::side(era));
        let described = |era| tools.described(&root(era), &case.files(era));
        let outcome = judged(described(Era::Old)?, described(Era::New)?)?;
        wrong.push_str(&differences(case, &outcome));
        if let Err(said) = tools.compiles(&root(Era::Old), case, Era::Old)? {
            wrong.push_str(&format!("{}, before: {said}\n", case.change));
        }
        let now = tools.compiles(&root(Era::New), case, Era::New)?;
        for expected in [case.go, case.py] {
            compare(case, "protoc", expected, now.as_ref().err(), &mut wrong);
        }
    }

    for era in [Era::Old, Era::New] {
        let files: Files = generated.iter().flat_map(|case| case.files(era)).collect();
        tools.generate(&home, go::side(era), &files)?;
    }
    for case in &generated {
        let old = pairs::compiled(&case.files(Era::Old))?;
        let old = DescriptorSet::parse(&old)?;
        go::write(&home, case, &old)?;
        python::write(&home, case, &old)?;
    }
    let built = go::build(tools, &home)?;
    let before = python::run(tools, &home, Era::Old)?;
    let after = python::run(tools, &home, Era::New)?;
    let uses: BTreeSet<String> = generated
        .iter()
        .flat_map(|case| [Era::Old, Era::New].map(|era| go::package(case, era)))
        .collect();
    for (package, said) in built.iter().filter(|(package, _)| !uses.contains(*package)) {
        wrong.push_str(&format!("{package}: {said}\n"));
    }
    for case in &generated {
        let old = built.get(&go::package(case, Era::Old));
        let old = old.into_iter().chain(before.get(&python::name(case)));
        for said in old {
            wrong.push_str(&format!("{}, before: {said}\n", case.change));
        }
        let now = built.get(&go::package(case, Era::New));
        compare(case, "Go", case.go, now, &mut wrong);
        let now = after.get(&python::name(case));
        compare(case, "Python", case.py, now, &mut wrong);
    }
    eprintln!(
        "{} changes, {} by an importing file",
        cases.len(),
        imported.len()
    );
    conclude(&wrong)
}

fn compare(case: &Case, who: &str, expected: Code, said: Option<&String>, wrong: &mut String) {
    let code = if said.is_some() {
        Code::Breaks
    } else {
        Code::Builds
    };
    if code != expected {
        let said = said.map_or("", String::as_str);
        wrong.push_str(&format!("{}: {who} {code:?} {said}\n", case.change));
    }
}
