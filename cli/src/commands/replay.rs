//! `replay`: messages that show a break, sent to a running plugin.

mod files;
mod output;
mod sending;
mod verdict;

use super::compat::carried;
use super::launcher::{Launcher, Told, loaded};
use super::{say, talk};
use crate::args::{Replay, ReplayFormat};
use crate::settings::Launching;
use ::compat::DescriptorSet;
use ::compat::load::{Failure, LoadError, Loaded};
use ::compat::witness::Reproducer;
use clap::ArgMatches;
use terms::Exit;

pub(super) use output::{line, object};
pub(super) use verdict::{Replayed, Word};

pub(super) fn run(args: &Replay, matches: &ArgMatches) -> Exit {
    let form = args.form();
    let cases = match files::read(&args.files) {
        Ok(cases) => cases,
        Err(error) => {
            super::compat::tell(&error);
            return ended(form, &Err(error), &[]);
        }
    };
    let launching = Launching::resolve(&args.named, &args.times, args.config.as_deref(), matches);
    let launching = match launching {
        Ok(launching) => launching,
        Err(refused) => {
            talk(&refused.text);
            return refused.exit;
        }
    };
    if launching.is_reference {
        talk(
            "no plugin is named: asking the embedded reference plugin (aperio-plugin replay FILE… -- COMMAND…)",
        );
    }
    let launcher = Launcher::new(launching);
    let mut replayed = Vec::new();
    let told = all(&launcher, &cases, |one| {
        let said = match form {
            ReplayFormat::Pretty => say(&output::block(&one)),
            ReplayFormat::Terse if one.word.is_told() => say(&output::line(&one)),
            ReplayFormat::Terse | ReplayFormat::Json => Exit::Conforms,
        };
        replayed.push(one);
        said == Exit::Conforms
    });
    if launcher.is_interrupted() {
        return Exit::Interrupted;
    }
    if let Err(error) = &told {
        super::compat::tell(error);
    }
    ended(form, &told, &replayed)
}

/// The end of the text, or the whole object.
fn ended(form: ReplayFormat, told: &Result<(), LoadError>, replayed: &[Replayed]) -> Exit {
    let exit = match told {
        Ok(()) => exit(replayed),
        Err(error) => error.failure.exit(),
    };
    let text = match form {
        ReplayFormat::Json => output::json(told, replayed, exit),
        ReplayFormat::Pretty | ReplayFormat::Terse if told.is_ok() => output::end(replayed, exit),
        ReplayFormat::Pretty | ReplayFormat::Terse => String::new(),
    };
    match say(&text) {
        Exit::Conforms => exit,
        said => said,
    }
}

/// What some messages end in: the worst of them.
pub(super) fn exit(replayed: &[Replayed]) -> Exit {
    let any = |word: Word| replayed.iter().any(|one| one.word == word);
    if any(Word::Fail) {
        Exit::Breach
    } else if any(Word::Unknown) {
        Exit::CouldNotJudge
    } else if any(Word::Pass) {
        Exit::Conforms
    } else {
        Exit::NothingSelected
    }
}

/// Sends each message to a process of its own, until nobody wants more.
fn all(
    launcher: &Launcher,
    cases: &[files::Case],
    mut each: impl FnMut(Replayed) -> bool,
) -> Result<(), LoadError> {
    // What no plugin is sent is told without one.
    let mut served = None;
    for case in cases {
        let skipped = sending::skipped(launcher, &case.reproducer);
        let replayed = if let Some(why) = skipped {
            Replayed::skipped(case, why)
        } else {
            if served.is_none() {
                let Some(told) = ask(launcher)? else {
                    return Ok(());
                };
                served = Some(Served::of(&told));
            }
            let served = served.as_ref().expect("it was just asked");
            match sending::replay(launcher, case, served) {
                Some(replayed) => replayed,
                None => return Ok(()),
            }
        };
        if !each(replayed) {
            break;
        }
    }
    Ok(())
}

/// What to do about a plugin that does not come up.
const NOT_UP: &str = "aperio-plugin test says more; --no-auto-mtls starts it without TLS";

pub(super) fn ask(launcher: &Launcher) -> Result<Option<Told>, LoadError> {
    launcher.ask().map_err(|why| {
        let message = format!("the plugin does not come up: {why}");
        LoadError::new(Failure::Unjudged, message).hint(NOT_UP)
    })
}

/// Messages outside of any file, sent to a plugin whose answers are known.
pub(super) fn proofs(
    launcher: &Launcher,
    told: &Told,
    proofs: impl IntoIterator<Item = Reproducer>,
) -> Vec<Replayed> {
    let served = Served::of(told);
    let mut replayed = Vec::new();
    for reproducer in proofs {
        let case = files::Case {
            file: reproducer.file_name(),
            reproducer,
        };
        match sending::skipped(launcher, &case.reproducer) {
            Some(why) => replayed.push(Replayed::skipped(&case, why)),
            None => match sending::replay(launcher, &case, &served) {
                Some(one) => replayed.push(one),
                None => break,
            },
        }
    }
    replayed
}

/// What is known of the descriptors that a plugin reads by.
pub(super) struct Served {
    loaded: Option<Loaded>,
    /// Whose descriptors they are.
    by: String,
    /// The services that are served, where that is told.
    services: Option<Vec<String>>,
}

impl Served {
    /// Of the plugin's own descriptors; else of the released ones that an
    /// Aperio plugin says it was built from.
    fn of(told: &Told) -> Self {
        let services = told.reflected.as_ref().ok();
        let services = services.map(|reflected| reflected.services.clone());
        let own = told.reflected.as_ref().ok();
        let own = own.and_then(|reflected| {
            let loaded = loaded(&reflected.descriptors).ok()?;
            loaded.set().is_ok().then_some(loaded)
        });
        if let Some(own) = own {
            return Served {
                loaded: Some(own),
                by: "its own descriptors".to_owned(),
                services,
            };
        }
        let version = told.described.as_ref().and_then(|one| one.interface);
        let release = version.and_then(|(major, minor)| carried(major, minor));
        Served {
            by: release.as_ref().map_or_else(String::new, |(version, _)| {
                format!("the descriptors of {version}, which it says it was built for")
            }),
            loaded: release.map(|(_, loaded)| loaded),
            services,
        }
    }

    fn set(&self) -> Option<DescriptorSet<'_>> {
        self.loaded.as_ref()?.set().ok()
    }

    /// Whether a service is served; unknown where that is not told.
    fn has(&self, service: &str) -> Option<bool> {
        let services = self.services.as_ref()?;
        Some(services.iter().any(|one| one == service))
    }
}
