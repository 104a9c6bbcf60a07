//! Our host held against go-plugin's own: a stock Go host starts the reference
//! plugin with every planted defect, and reads handshake lines.
//!
//! A defect's `go_host` is what that host says; where it is wrong the test
//! prints what to write.

mod go_host {
    pub(crate) mod defects;
    pub(crate) mod lines;
}

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use peers::NotBuilt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::LazyLock;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let defects = std::iter::once(None).chain(plugin::defects().map(Some));
    let mut trials: Vec<Trial> = defects
        .map(|defect| {
            let name = defect.map_or("no_defect", |defect| defect.name);
            with_host(name, move |host| go_host::defects::agrees(host, defect))
        })
        .collect();
    for multiplex in [false, true] {
        let name = if multiplex {
            "lines_multiplexed"
        } else {
            "lines"
        };
        trials.push(with_host(name, move |host| {
            go_host::lines::agree(host, multiplex)
        }));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The Go host, built once and before our host is at work: that reaps what dies
/// in this process, the commands of a build included.
static HOST: LazyLock<Result<PathBuf, NotBuilt>> = LazyLock::new(|| {
    peers::go_host(&PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../fixtures"))
});

/// A trial that needs the Go host.
fn with_host(
    name: &str,
    judge: impl FnOnce(&Path) -> Result<(), Failed> + Send + 'static,
) -> Trial {
    Trial::ignorable_test(name, move || match &*HOST {
        Ok(host) => judge(host).map(|()| Completion::Completed),
        Err(NotBuilt::Missing(what)) if std::env::var_os("REQUIRE_TOOLCHAINS").is_none() => {
            Ok(Completion::ignored_with(what.clone()))
        }
        Err(NotBuilt::Missing(what) | NotBuilt::Failed(what)) => Err(what.clone().into()),
    })
}
