//! The real `buf breaking` beside ours, on schemas that a seed makes: the same
//! findings in the same places, without an exception.
//!
//! buf comes from npm and is kept below the target directory. Without npm the
//! tests report themselves ignored; `REQUIRE_TOOLCHAINS=1` makes that a
//! failure. `BUF_CASES=20000` and `BUF_SEED=7` widen a run.

#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::print_stderr,
    reason = "a failed unwrap is a failed test; what was compared is said aloud"
)]

mod buf {
    pub(crate) mod cases;
    pub(crate) mod compare;
    pub(crate) mod configs;
    pub(crate) mod experiments;
    pub(crate) mod table;
    pub(crate) mod tool;
}
#[path = "editions/protoc.rs"]
mod protoc;

use buf::tool::Buf;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = vec![
        with_buf("text_and_images", |buf| buf::compare::seeded(&buf)),
        with_buf("configurations", |buf| buf::configs::random(&buf)),
        with_buf("categories", |buf| buf::configs::categories(&buf)),
        with_buf("experiments", |buf| buf::experiments::all(&buf)),
        Trial::test("experiments_without_buf", buf::experiments::ours),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn with_buf(name: &str, test: impl FnOnce(Buf) -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::ignorable_test(name, move || match Buf::installed() {
        Ok(buf) => test(buf).map(|()| Completion::Completed),
        Err(why) if std::env::var_os("REQUIRE_TOOLCHAINS").is_none() => {
            Ok(Completion::ignored_with(why))
        }
        Err(why) => Err(why.into()),
    })
}
