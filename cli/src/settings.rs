//! What holds for a run: a flag before the environment, that before the file,
//! that before the default.

use crate::args::{self, Contract as ContractArg, Effort, Format, Named, Outcome, Test, Times};
use crate::config::{self, Config};
use crate::subject;
use clap::parser::{ArgMatches, ValueSource};
use host::plugin::{Contract, Cookie};
use host::{Limits, Plugin};
use std::fmt::{Display, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;
use terms::{Exit, Strictness};

/// A mistake that keeps a run from starting, ready to be shown.
pub(crate) struct Refused {
    pub(crate) exit: Exit,
    pub(crate) text: String,
}

impl Refused {
    fn misnamed(misnamed: &subject::Misnamed) -> Self {
        Refused {
            exit: Exit::Usage,
            text: format!("error: {}\nhint: {}", misnamed.what, misnamed.hint),
        }
    }
}

/// What a command needs to know that starts a plugin and judges no requirement.
pub(crate) struct Launching {
    pub(crate) plugin: Plugin,
    pub(crate) limits: Limits,
    /// The embedded reference plugin is started for want of another.
    pub(crate) is_reference: bool,
    /// What the file says of the interface.
    pub(crate) policy: compat::Policy,
}

impl Launching {
    /// What holds; reads the file where there is one.
    pub(crate) fn resolve(
        named: &Named,
        times: &Times,
        config: Option<&Path>,
        matches: &ArgMatches,
    ) -> Result<Self, Refused> {
        let file = file(config)?;
        let mut resolver = Resolver::new(matches, file.as_ref());
        resolver.demand_harness()?;
        let (plugin, command) =
            plugin(named, None, &mut resolver).map_err(|misnamed| Refused::misnamed(&misnamed))?;
        let (limits, _) = limits(times, Effort::Quick, &mut resolver);
        Ok(Launching {
            plugin,
            limits,
            is_reference: command.is_empty(),
            policy: file.map(|file| file.text.compat).unwrap_or_default(),
        })
    }
}

fn file(named: Option<&Path>) -> Result<Option<Config>, Refused> {
    config::find(named).map_err(|unusable| Refused {
        exit: Exit::BadInput,
        text: unusable.shown,
    })
}

/// Everything a run needs to know beside what it selects.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) plugin: Plugin,
    /// The command as given; empty for the embedded reference plugin.
    pub(crate) command: Vec<String>,
    pub(crate) limits: Limits,
    pub(crate) scale: f64,
    pub(crate) slow: Duration,
    pub(crate) global: Option<Duration>,
    pub(crate) interface: Option<(u32, u32)>,
    pub(crate) seed: u64,
    pub(crate) effort: &'static str,
    pub(crate) jobs: usize,
    pub(crate) strictness: Strictness,
    pub(crate) solo_rerun: bool,
    pub(crate) max_fail: Option<usize>,
    /// The flags that judge one requirement again in the same way.
    pub(crate) bearing: Vec<String>,
    shown: Vec<(String, String, String)>,
}

/// When a check that still runs is called slow.
const SLOW: Duration = Duration::from_secs(30);
/// Length of the idle waits in a soak.
const SOAK: Duration = Duration::from_mins(1);
/// Most cases side by side unless the user says else.
const JOBS: usize = 4;

/// Finds what holds, and gathers where it comes from.
struct Resolver<'a> {
    matches: &'a ArgMatches,
    file: Option<&'a Config>,
    bearing: Vec<String>,
    shown: Vec<(String, String, String)>,
}

impl<'a> Resolver<'a> {
    fn new(matches: &'a ArgMatches, file: Option<&'a Config>) -> Self {
        Resolver {
            matches,
            file,
            bearing: Vec::new(),
            shown: Vec::new(),
        }
    }

    /// Refuses to go on where the file demands another version of this program.
    fn demand_harness(&mut self) -> Result<(), Refused> {
        let Some(demanded) = self
            .file
            .and_then(|file| file.text.interface.harness.as_ref())
        else {
            return Ok(());
        };
        let own = semver::Version::parse(env!("CARGO_PKG_VERSION"))
            .expect("a package has a semantic version");
        if !demanded.matches(&own) {
            return Err(Refused {
                exit: Exit::CouldNotJudge,
                text: format!(
                    "error: [interface] harness demands {demanded}, this is {own}\nhint: install a harness of that version"
                ),
            });
        }
        self.show("interface.harness", demanded, self.file_name());
        Ok(())
    }

    /// Where a flag was given, if it was.
    fn given(&self, flag: &str) -> Option<String> {
        match self.matches.value_source(&flag.replace('-', "_")) {
            Some(ValueSource::CommandLine) => Some(format!("flag --{flag}")),
            Some(ValueSource::EnvVariable) => Some(format!(
                "environment {}",
                args::variable(flag).to_string_lossy()
            )),
            _ => None,
        }
    }

    fn file_name(&self) -> String {
        self.file.map_or(String::new(), |config| {
            format!("file {}", config.path.display())
        })
    }

    fn show(&mut self, key: &str, value: impl Display, origin: impl Into<String>) {
        self.shown
            .push((key.to_owned(), value.to_string(), origin.into()));
    }

    fn pick<T>(
        &mut self,
        (key, flag): (&str, &str),
        given: Option<T>,
        file: Option<T>,
        default: T,
        show: impl Fn(&T) -> String,
    ) -> T {
        let (value, origin) = match (given, self.given(flag), file) {
            (Some(value), Some(origin), _) => (value, origin),
            (_, _, Some(value)) => (value, self.file_name()),
            (Some(value), None, None) => (value, "default".to_owned()),
            (None, _, None) => (default, "default".to_owned()),
        };
        self.show(key, show(&value), origin);
        value
    }

    /// A switch that has no key in the file.
    fn switch(&mut self, flag: &str, on: bool) -> bool {
        let origin = self.given(flag).unwrap_or_else(|| "default".to_owned());
        self.show(&format!("--{flag}"), on, origin);
        on
    }

    /// Repeats a flag in the command that judges again.
    fn bears(&mut self, flag: &str, value: Option<&str>) {
        if self.given(flag).is_some() {
            self.bearing.push(match value {
                Some(value) => format!("--{flag} {}", subject::quoted(value)),
                None => format!("--{flag}"),
            });
        }
    }
}

fn time(time: &Duration) -> String {
    humantime::format_duration(*time).to_string()
}

impl Settings {
    /// Everything that holds; reads the file where there is one.
    pub(crate) fn resolve(test: &Test, matches: &ArgMatches) -> Result<Self, Refused> {
        let file = file(test.config.as_deref())?;
        let mut resolver = Resolver::new(matches, file.as_ref());
        let sections = file.as_ref().map(|config| &config.text);
        resolver.demand_harness()?;
        let (plugin, command) = plugin(&test.named, test.reattach.as_deref(), &mut resolver)
            .map_err(|misnamed| Refused::misnamed(&misnamed))?;
        if let Some(config) = &file
            && test.named.command.is_empty()
        {
            let path = config.path.to_string_lossy();
            resolver
                .bearing
                .insert(0, format!("--config {}", subject::quoted(&path)));
        }
        let seed = resolver.pick(
            ("run.seed", "seed"),
            test.seed,
            sections.and_then(|text| text.run.seed),
            0,
            ToString::to_string,
        );
        resolver.bears("seed", Some(&seed.to_string()));
        let effort = resolver.pick(
            ("--effort", "effort"),
            test.effort,
            None,
            Effort::Quick,
            |effort| effort_name(*effort).to_owned(),
        );
        resolver.bears("effort", Some(effort_name(effort)));
        let cpus = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let jobs = resolver.pick(
            ("run.jobs", "jobs"),
            test.jobs,
            sections.and_then(|text| text.run.jobs),
            NonZeroUsize::new(JOBS).map_or(cpus, |most| cpus.min(most)),
            ToString::to_string,
        );
        let (limits, scale) = limits(&test.times, effort, &mut resolver);
        let timeouts = sections.map(|text| &text.timeouts);
        let slow = resolver.pick(
            ("timeouts.slow", "slow"),
            test.slow,
            timeouts.and_then(|times| times.slow).map(|time| time.0),
            SLOW,
            time,
        );
        let global = resolver.pick(
            ("timeouts.global", "global-timeout"),
            test.global_timeout.map(Some),
            timeouts
                .and_then(|times| times.global)
                .map(|time| Some(time.0)),
            None,
            |limit| limit.as_ref().map_or_else(|| "none".to_owned(), time),
        );
        let interface = resolver.pick(
            ("interface.version", "interface"),
            test.interface.map(Some),
            sections.and_then(|text| text.interface.version).map(Some),
            None,
            |version| {
                version.map_or_else(
                    || "the plugin's".to_owned(),
                    |(major, minor)| format!("{major}.{minor}"),
                )
            },
        );
        if let Some((major, minor)) = interface {
            resolver.bears("interface", Some(&format!("{major}.{minor}")));
        }
        let strict = resolver.switch("strict", test.strict);
        let flaky = resolver.pick(
            ("--flaky-result", "flaky-result"),
            test.flaky_result,
            None,
            if strict { Outcome::Fail } else { Outcome::Pass },
            |outcome| format!("{outcome:?}").to_ascii_lowercase(),
        );
        let solo_rerun = !resolver.switch("no-solo-rerun", test.no_solo_rerun);
        let max_fail = test.max_fail.map(usize::from);
        let max_fail = max_fail.or(test.fail_fast.then_some(1));
        resolver.show(
            "--max-fail",
            max_fail.map_or_else(|| "none".to_owned(), |most| most.to_string()),
            resolver
                .given("max-fail")
                .or_else(|| resolver.given("fail-fast"))
                .unwrap_or_else(|| "default".to_owned()),
        );
        Ok(Settings {
            plugin,
            command,
            limits,
            scale,
            slow,
            global,
            interface,
            seed,
            effort: effort_name(effort),
            jobs: jobs.get(),
            strictness: Strictness {
                should: strict,
                flaky: flaky == Outcome::Fail,
            },
            solo_rerun,
            max_fail,
            bearing: resolver.bearing,
            shown: resolver.shown,
        })
    }

    /// Whether the embedded reference plugin is judged for want of another.
    pub(crate) fn is_reference(&self) -> bool {
        self.command.is_empty() && self.plugin.running.is_none()
    }

    /// One line for each thing that holds: key, value, origin.
    pub(crate) fn shown(&self) -> String {
        let mut text = String::new();
        for (key, value, origin) in &self.shown {
            let setting = format!("{key} = {}", report::escape(value));
            let _ = writeln!(text, "{setting:<44} # {}", report::escape(origin));
        }
        text
    }
}

fn effort_name(effort: Effort) -> &'static str {
    match effort {
        Effort::Quick => "quick",
        Effort::Soak => "soak",
    }
}

fn limits(given: &Times, effort: Effort, resolver: &mut Resolver<'_>) -> (Limits, f64) {
    let timeouts = resolver.file.map(|config| &config.text.timeouts);
    let mut limits = Limits::default();
    if effort == Effort::Soak {
        limits.idle = SOAK;
    }
    for (name, limit) in limits.times_mut() {
        let flag = if name == "rpc" { "rpc-timeout" } else { "" };
        let own = given.rpc_timeout.filter(|_| name == "rpc");
        let key = format!("timeouts.{name}");
        let file = timeouts.and_then(|times| times.limit(name));
        *limit = resolver.pick((&key, flag), own, file, *limit, time);
    }
    let bounds = resolver.file.map(|config| &config.text.limits);
    for (key, bytes, file) in [
        (
            "limits.data_mib",
            &mut limits.data_bytes,
            bounds.and_then(|to| to.data_mib),
        ),
        (
            "limits.file_mib",
            &mut limits.file_bytes,
            bounds.and_then(|to| to.file_mib),
        ),
    ] {
        let mib = *bytes >> 20;
        let mib = resolver.pick((key, ""), None, file.map(u64::from), mib, u64::to_string);
        *bytes = mib << 20;
    }
    if let Some(limit) = given.rpc_timeout {
        resolver.bears("rpc-timeout", Some(&time(&limit).replace(' ', "")));
    }
    let scale = resolver.pick(
        ("timeouts.scale", "timeout-scale"),
        given.timeout_scale,
        timeouts.and_then(|times| times.scale),
        1.0,
        ToString::to_string,
    );
    resolver.bears("timeout-scale", Some(&scale.to_string()));
    (limits.scaled(scale), scale)
}

/// The plugin after `--`, that of the file, or the embedded reference plugin.
fn plugin(
    named: &Named,
    reattach: Option<&str>,
    resolver: &mut Resolver<'_>,
) -> Result<(Plugin, Vec<String>), subject::Misnamed> {
    let section = resolver.file.map(|config| &config.text.plugin);
    let from_file = section.and_then(|plugin| plugin.command.as_deref());
    let beside = resolver
        .file
        .and_then(|config| config.path.parent())
        .unwrap_or(Path::new(""));
    if let Some(json) = reattach {
        let mut plugin = subject::running(json)?;
        resolver.show("plugin.reattach", json, "--reattach".to_owned());
        resolver.bears("reattach", Some(json));
        plugin.contract = contract(named, resolver, ContractArg::Aperio);
        return Ok((plugin, Vec::new()));
    }
    let (mut plugin, command, origin) = match (named.command.is_empty(), from_file) {
        (false, _) => {
            let words = &named.command;
            let shown = words
                .iter()
                .map(|word| word.to_string_lossy().into_owned())
                .collect();
            (
                subject::plugin(words, Path::new(""))?,
                shown,
                "after --".to_owned(),
            )
        }
        (true, Some([])) => {
            return Err(subject::Misnamed {
                what: "[plugin] command is empty".to_owned(),
                hint: "write it as [\"./dist/acme-box\", \"serve\"], or leave it out",
            });
        }
        (true, Some(command)) => {
            let words: Vec<_> = command.iter().map(std::ffi::OsString::from).collect();
            (
                subject::plugin(&words, beside)?,
                command.to_vec(),
                resolver.file_name(),
            )
        }
        (true, None) => (
            subject::embedded(),
            Vec::new(),
            "default: the embedded reference plugin".to_owned(),
        ),
    };
    resolver.show("plugin.command", format!("{command:?}"), origin);
    if let Some(section) = section {
        for (key, value) in &section.env {
            plugin.env.push((key.clone(), value.clone()));
            resolver.show(&format!("plugin.env.{key}"), value, resolver.file_name());
        }
    }
    let cookie = resolver.pick(
        ("plugin.cookie", "cookie"),
        named.cookie.clone().map(Some),
        section.and_then(|plugin| plugin.cookie.clone()).map(Some),
        None,
        |cookie| cookie.clone().unwrap_or_else(|| "Aperio's".to_owned()),
    );
    if let Some(cookie) = &cookie {
        let pair = cookie.split_once('=').filter(|(key, _)| !key.is_empty());
        let Some((key, value)) = pair else {
            return Err(subject::Misnamed {
                what: format!("the cookie {:?} has no key", report::escape(cookie)),
                hint: "write it as KEY=VALUE",
            });
        };
        plugin.cookie = Cookie {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        resolver.bears("cookie", Some(cookie));
    }
    let majors = resolver.pick(
        ("plugin.app_protocols", "app-protocols"),
        Some(named.app_protocols.clone()).filter(|majors| !majors.is_empty()),
        section.and_then(|plugin| plugin.app_protocols.clone()),
        Vec::new(),
        |majors| {
            if majors.is_empty() {
                "Aperio's".to_owned()
            } else {
                format!("{majors:?}")
            }
        },
    );
    let foreign = cookie.is_some() || !majors.is_empty();
    if !majors.is_empty() {
        let numbers: Vec<String> = majors.iter().map(u32::to_string).collect();
        resolver.bears("app-protocols", Some(&numbers.join(",")));
        plugin.majors = majors;
    }
    let implied = if foreign {
        ContractArg::GoPlugin
    } else {
        ContractArg::Aperio
    };
    plugin.contract = contract(named, resolver, implied);
    plugin.auto_mtls = resolver.pick(
        ("plugin.auto_mtls", "no-auto-mtls"),
        named.no_auto_mtls.then_some(false),
        section.and_then(|plugin| plugin.auto_mtls),
        true,
        ToString::to_string,
    );
    resolver.bears("no-auto-mtls", None);
    Ok((plugin, command))
}

fn contract(named: &Named, resolver: &mut Resolver<'_>, implied: ContractArg) -> Contract {
    let section = resolver.file.map(|config| &config.text.plugin);
    let contract = resolver.pick(
        ("plugin.contract", "contract"),
        named.contract,
        section.and_then(|plugin| plugin.contract),
        implied,
        |contract| contract_name(*contract).to_owned(),
    );
    resolver.bears("contract", Some(contract_name(contract)));
    match contract {
        ContractArg::Aperio => Contract::Aperio,
        ContractArg::GoPlugin => Contract::GoPlugin,
    }
}

fn contract_name(contract: ContractArg) -> &'static str {
    match contract {
        ContractArg::Aperio => "aperio",
        ContractArg::GoPlugin => "go-plugin",
    }
}

/// How stdout is written.
pub(crate) fn format(test: &Test) -> Format {
    if test.quiet && test.format == Format::Pretty {
        Format::Terse
    } else {
        test.format
    }
}
