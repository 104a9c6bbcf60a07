//! Messages by descriptors beside runtimes that are not ours: the pairs of
//! `witness/pairs.toml`, random messages, what whole witnesses say, and those
//! that the rules write.
//!
//! The oracle is protobuf for Python with protoc from grpcio-tools, kept below
//! the target directory. Without Python the tests report themselves ignored;
//! `REQUIRE_TOOLCHAINS=1` makes that a failure. `WITNESS_CASES=20000` and
//! `WITNESS_SEED=7` widen a run; `UPDATE_EDITIONS=1` rewrites the committed
//! descriptors of schemas that only protoc reads.

#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::print_stderr,
    reason = "a failed unwrap is a failed test; what was compared is said aloud"
)]

#[path = "examples/docs.rs"]
#[allow(dead_code, reason = "the test `examples` uses all of it")]
mod docs;
#[path = "buf/table.rs"]
#[allow(dead_code, reason = "the test `buf` uses all of it")]
mod experiments;
#[path = "editions/protoc.rs"]
mod protoc;
#[path = "mutants/releases.rs"]
#[allow(dead_code, reason = "the test `mutants` uses all of it")]
mod releases;
#[path = "fold/side.rs"]
#[allow(dead_code, reason = "the test `fold` uses all of it")]
mod side;
#[path = "mutants/table.rs"]
#[allow(dead_code, reason = "the test `mutants` uses all of it")]
mod table;
mod witness {
    pub(crate) mod laws;
    pub(crate) mod oracle;
    pub(crate) mod pairs;
    pub(crate) mod probes;
    pub(crate) mod random;
    pub(crate) mod told;
    pub(crate) mod tool;
}

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::process::ExitCode;
use witness::tool::Oracle;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = vec![
        Trial::test("pairs", witness::pairs::all),
        Trial::test("random_messages_keep_the_laws", witness::laws::random),
        Trial::test("hostile_bytes_keep_the_laws", witness::laws::hostile),
        Trial::test("prost_reads_the_same", witness::laws::prost),
        Trial::test("probes_are_carried", witness::probes::carried),
        Trial::test("probes_are_dressed", witness::probes::dressed),
        Trial::test("probes_show_defaults", witness::probes::defaults),
        Trial::test("probes_show_presence", witness::probes::presence),
        Trial::test("probes_may_be_raw", witness::probes::raw),
        Trial::test("probes_become_files", witness::probes::files),
        Trial::test("calls_of_nobody", witness::probes::calls),
        Trial::test("probes_that_do_not_fit", witness::probes::unfit),
        with_oracle("oracle", witness::oracle::all),
        with_oracle("oracle_of_the_rules", witness::told::all),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn with_oracle(
    name: &str,
    test: impl FnOnce(&Oracle) -> Result<(), Failed> + Send + 'static,
) -> Trial {
    Trial::ignorable_test(name, move || match Oracle::installed() {
        Ok(oracle) => test(&oracle).map(|()| Completion::Completed),
        Err(why) if std::env::var_os("REQUIRE_TOOLCHAINS").is_none() => {
            Ok(Completion::ignored_with(why))
        }
        Err(why) => Err(why.into()),
    })
}
