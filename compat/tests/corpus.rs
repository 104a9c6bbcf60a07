//! Other people's files, as their own next version: neither rulebook says a
//! word, whichever compiler made which side.
//!
//! The files and buf come from npm and are kept below the target directory.
//! Without npm the tests report themselves ignored; `REQUIRE_TOOLCHAINS=1`
//! makes that a failure. To keep a debug build below a minute only every 60th
//! file of a version takes part, with all it imports; `CORPUS_EVERY=1` takes
//! them all.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "buf/tool.rs"]
#[allow(dead_code, reason = "other tests ask it for more")]
mod buf;
#[path = "corpus/fetched.rs"]
mod fetched;

use buf::Buf;
use compat::aperio::{self, Base, Comparison};
use compat::buf::Scope;
use compat::bufyaml::Workspace;
use compat::load::{Input, Loaded, Protox, Roots};
use compat::policy::CHANNELS;
use compat::{DescriptorSet, Policy, canon, waiver};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = fetched::VERSIONS.into_iter().map(|version| {
        Trial::ignorable_test(format!("google_proto_files_{version}"), move || {
            let ready = Buf::installed().and_then(|buf| Ok((buf, fetched::tree(version)?)));
            match ready {
                Ok((buf, tree)) => nothing_to_say(&buf, &tree).map(|()| Completion::Completed),
                Err(why) if std::env::var_os("REQUIRE_TOOLCHAINS").is_none() => {
                    Ok(Completion::ignored_with(why))
                }
                Err(why) => Err(why.into()),
            }
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn nothing_to_say(buf: &Buf, tree: &Path) -> Result<(), Failed> {
    let every = std::env::var("CORPUS_EVERY")
        .ok()
        .and_then(|text| text.parse().ok());
    let mut files = fetched::protos(tree)?;
    let mut at = 0;
    files.retain(|_| {
        at += 1;
        at % every.unwrap_or(60) == 0
    });
    let home = tempfile::tempdir()?;
    let text = home.path().join("text");
    fetched::copy(tree, fetched::closure(tree, files)?, &text)?;
    if let Err(lines) = buf.build(home.path(), "text", "image.binpb")? {
        return Err(format!("buf does not compile it: {lines:?}").into());
    }
    let load = |input: Input| input.load(&Roots::default(), &Protox);
    let text = load(Input::Path(text))?;
    let bytes = load(Input::Bytes(text.bytes.clone()))?;
    let image = load(Input::Path(home.path().join("image.binpb")))?;
    let sides = [("text", &text), ("bytes", &bytes), ("image", &image)];
    let mut sets = Vec::new();
    for (name, loaded) in sides {
        let set = loaded.set()?;
        let digest = canon::digest(&set, canon::closure(&set, &[], false))?;
        sets.push((name, loaded, set, digest));
    }
    for (old, new) in [(0, 1), (1, 0), (0, 2), (2, 0)] {
        let mut said = said(&sets[old], &sets[new])?;
        if old + new > 1 {
            // The first come with the compiler, of whatever version it is; the
            // others stand where compilers disagree whose comment it is.
            let theirs = [r#""path":"google/protobuf/"#, "COMMENT_CHANGED "];
            said.retain(|line| !theirs.iter().any(|theirs| line.contains(theirs)));
        }
        if !said.is_empty() {
            let (old, new) = (sets[old].0, sets[new].0);
            let first = &said[..said.len().min(5)];
            return Err(format!("{} findings from {old} to {new}: {first:#?}", said.len()).into());
        }
    }
    Ok(())
}

type Side<'s> = (&'static str, &'s Loaded, DescriptorSet<'s>, String);

/// What both rulebooks say.
fn said(old: &Side<'_>, new: &Side<'_>) -> Result<Vec<String>, Failed> {
    let (_, old_loaded, old, old_digest) = old;
    let (_, loaded, new, digest) = new;
    let world = Scope::default().world(old, new, loaded);
    let world = world.ok_or("no file takes part")?;
    let outcome = compat::buf::check(&world, &Workspace::unconfigured(), loaded, old_loaded);
    let mut said: Vec<String> = outcome
        .findings
        .iter()
        .map(compat::buf::Finding::line)
        .collect();

    let policy = Policy {
        channels: CHANNELS.into_iter().collect(),
        ..Policy::default()
    };
    let comparison = Comparison {
        new,
        digest: digest.clone(),
        loaded,
        bases: vec![Base {
            reference: "old".to_owned(),
            version: None,
            set: old,
            digest: old_digest.clone(),
            locked: false,
            comments: None,
        }],
        declared: None,
        policy: &policy,
        scope: Scope {
            exclude_built_in: true,
            ..Scope::default()
        },
        edited: Vec::new(),
        waivers: &[],
        today: waiver::today(),
    };
    let outcome = aperio::check(&comparison)?;
    said.extend(outcome.findings.iter().map(|finding| {
        format!(
            "{} {}: {}",
            finding.rule.id, finding.element, finding.message
        )
    }));
    Ok(said)
}
