//! Counting, and the last word of a run.

use terms::{Conclusion, Counts, Exit, Judged, Level, Overlay, Strictness, Verdict};

/// The denominators of these results.
pub fn count(results: &[Judged]) -> Counts {
    let mut counts = Counts::default();
    for judged in results {
        if judged.is_not_applicable() {
            counts.skipped += 1;
            continue;
        }
        counts.applicable += 1;
        match judged.level {
            Level::Must => counts.must += 1,
            Level::Should => counts.should += 1,
            Level::May => {}
        }
        let flaky = judged.overlay == Some(Overlay::Flaky);
        let passed = flaky || judged.verdict == Verdict::Pass;
        match &judged.verdict {
            Verdict::Skip { .. } => counts.skipped += 1,
            Verdict::Unknown { .. } => {
                counts.unknown += 1;
                counts.blocked += u32::from(judged.blocked_by().is_some());
            }
            Verdict::Pass => counts.exercised += 1,
            Verdict::Fail { .. } => {
                counts.exercised += 1;
                if flaky {
                    counts.flaky += 1;
                } else {
                    match judged.level {
                        Level::Must => counts.failed += 1,
                        Level::Should => counts.warnings += 1,
                        Level::May => counts.notes += 1,
                    }
                }
            }
        }
        if passed {
            counts.passed += 1;
            match judged.level {
                Level::Must => counts.must_passed += 1,
                Level::Should => counts.should_passed += 1,
                Level::May => {}
            }
        }
    }
    counts
}

/// What of a run bears on its conclusion beside the results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// What fails the run beside a broken Must.
    pub strictness: Strictness,
    /// A filter narrowed the selection.
    pub filtered: bool,
    /// The run was cut short.
    pub interrupted: bool,
    /// The plugin's file was another at the end, so that nobody knows what was
    /// judged.
    pub changed: bool,
    /// The embedded reference plugin was judged for want of another.
    pub reference: bool,
}

/// The conclusion and the exit code: 130 before 4 before 1 before 3 before 0,
/// but 3 before 1 where the plugin's file changed.
pub fn conclude(results: &[Judged], run: Circumstances) -> (Conclusion, Exit) {
    let Circumstances {
        strictness,
        filtered,
        interrupted,
        changed,
        reference,
    } = run;
    let breach = results
        .iter()
        .any(|judged| judged.counts_as_failure(strictness));
    // A blocked check takes its root's exit code, which `breach` covers.
    let unknown = results
        .iter()
        .any(|judged| matches!(judged.verdict, Verdict::Unknown { .. }));
    let exit = if interrupted {
        Exit::Interrupted
    } else if results.is_empty() {
        Exit::NothingSelected
    } else if breach && !changed {
        Exit::Breach
    } else if unknown || changed {
        Exit::CouldNotJudge
    } else {
        Exit::Conforms
    };
    let conclusion = match exit {
        Exit::Interrupted if !breach => Conclusion::NoVerdictInterrupted,
        Exit::NothingSelected => Conclusion::NothingSelected,
        Exit::CouldNotJudge if changed => Conclusion::CouldNotJudge,
        _ if breach => Conclusion::NotConformant,
        Exit::CouldNotJudge => Conclusion::CouldNotJudge,
        _ if reference => Conclusion::ReferencePluginOnly,
        _ if filtered || results.iter().any(Judged::is_excluded) => Conclusion::NoVerdictFiltered,
        _ => Conclusion::Conformant,
    };
    (conclusion, exit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use terms::{Finding, Trouble};

    fn judged(level: Level, verdict: Verdict) -> Judged {
        Judged {
            id: "X-001".to_owned(),
            title: String::new(),
            level,
            since: "1.0".to_owned(),
            verdict,
            overlay: None,
            notes: Vec::new(),
            seen_by: Vec::new(),
            reproduce: None,
            took_ms: 0,
        }
    }

    #[test]
    fn exit_codes_keep_their_precedence() {
        let pass = judged(Level::Must, Verdict::Pass);
        let fail = judged(Level::Must, Verdict::fail(Finding::new("x")));
        let warn = judged(Level::Should, Verdict::fail(Finding::new("x")));
        let unknown = judged(
            Level::Must,
            Verdict::Unknown {
                trouble: Trouble::harness("x"),
            },
        );
        let exit = |results: &[&Judged], strict, interrupted| {
            let results: Vec<Judged> = results.iter().map(|&judged| judged.clone()).collect();
            let run = Circumstances {
                strictness: Strictness {
                    should: strict,
                    flaky: strict,
                },
                interrupted,
                ..Circumstances::default()
            };
            conclude(&results, run).1
        };
        assert_eq!(exit(&[], false, false), Exit::NothingSelected);
        assert_eq!(exit(&[&pass], false, false), Exit::Conforms);
        assert_eq!(exit(&[&pass, &warn], false, false), Exit::Conforms);
        assert_eq!(exit(&[&pass, &warn], true, false), Exit::Breach);
        assert_eq!(exit(&[&pass, &unknown], false, false), Exit::CouldNotJudge);
        assert_eq!(exit(&[&fail, &unknown], false, false), Exit::Breach);
        assert_eq!(exit(&[&fail], false, true), Exit::Interrupted);
    }

    #[test]
    fn a_file_that_changed_was_not_judged() {
        let pass = judged(Level::Must, Verdict::Pass);
        let fail = judged(Level::Must, Verdict::fail(Finding::new("x")));
        let run = Circumstances {
            changed: true,
            ..Circumstances::default()
        };
        for results in [vec![pass.clone()], vec![pass, fail]] {
            let end = conclude(&results, run);
            assert_eq!(end, (Conclusion::CouldNotJudge, Exit::CouldNotJudge));
        }
        let interrupted = Circumstances {
            interrupted: true,
            ..run
        };
        assert_eq!(conclude(&[], interrupted).1, Exit::Interrupted);
    }

    #[test]
    fn a_filter_or_the_reference_plugin_takes_the_conclusion_away() {
        let results = [judged(Level::Must, Verdict::Pass)];
        let word = |filtered, reference| {
            let run = Circumstances {
                filtered,
                reference,
                ..Circumstances::default()
            };
            conclude(&results, run).0
        };
        assert_eq!(word(false, false), Conclusion::Conformant);
        assert_eq!(word(true, false), Conclusion::NoVerdictFiltered);
        assert_eq!(word(false, true), Conclusion::ReferencePluginOnly);
    }
}
