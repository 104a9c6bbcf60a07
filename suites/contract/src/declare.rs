//! How a requirement and a suite are declared.

/// Declares the requirement of the file it stands in: the doc comment is the
/// normative text, the last line the registration.
///
/// After `since` stands how it is judged: `record [over MODE]` reads what was
/// seen of a launch, `session [over MODE]` uses a live plugin, `launches`
/// starts processes of its own, `waits` does so and mostly waits, `waits long`
/// for some seconds, and `waits long once` is not tried again after a breach,
/// which was such a wait that ran out; MODE is `plain` or `tls`. `unobservable
/// "reason"` and `elsewhere "reason"` have no judge here.
macro_rules! requirement {
    ($(#[doc = $doc:literal])* $id:literal, $level:ident, since $since:literal, $($judge:tt)+) => {
        pub(crate) static CHECK: ::runner::Check = ::runner::Check {
            requirement: ::terms::Requirement {
                id: $id,
                level: ::terms::Level::$level,
                since: $since,
                removed: None,
                claims: None,
                observation: requirement!(@observed $($judge)+),
                doc: concat!($($doc, "\n"),*),
                file: file!(),
                line: line!(),
            },
            judge: requirement!(@judge $($judge)+),
            once: requirement!(@once $($judge)+),
        };
    };
    (@judge record) => { ::runner::Judge::Record(::runner::Over::Both, judge) };
    (@judge record over plain) => { ::runner::Judge::Record(::runner::Over::Plain, judge) };
    (@judge record over tls) => { ::runner::Judge::Record(::runner::Over::Tls, judge) };
    (@judge session) => {
        ::runner::Judge::Session(::runner::Over::Both, |session| Box::pin(judge(session)))
    };
    (@judge session over plain) => {
        ::runner::Judge::Session(::runner::Over::Plain, |session| Box::pin(judge(session)))
    };
    (@judge session over tls) => {
        ::runner::Judge::Session(::runner::Over::Tls, |session| Box::pin(judge(session)))
    };
    (@judge launches) => {
        ::runner::Judge::Case(::runner::Pace::Works, |case| Box::pin(judge(case)))
    };
    (@judge waits) => {
        ::runner::Judge::Case(::runner::Pace::Waits, |case| Box::pin(judge(case)))
    };
    (@judge waits long $(once)?) => {
        ::runner::Judge::Case(::runner::Pace::WaitsLong, |case| Box::pin(judge(case)))
    };
    (@once waits long once) => { true };
    (@once $($judge:tt)+) => { false };
    (@judge unobservable $reason:literal) => { ::runner::Judge::Nobody };
    (@judge elsewhere $reason:literal) => { ::runner::Judge::Nobody };
    (@observed unobservable $reason:literal) => {
        ::terms::Observation::Unobservable($reason)
    };
    (@observed elsewhere $reason:literal) => {
        ::terms::Observation::Elsewhere($reason)
    };
    (@observed $($judge:tt)+) => { ::terms::Observation::Judged };
}

/// Declares the rooms of one area and the list of its checks from the same
/// names.
macro_rules! suite {
    ($($name:ident),+ $(,)?) => {
        $(mod $name;)+

        pub(crate) static CHECKS: &[&::runner::Check] = &[$(&$name::CHECK),+];
    };
}

pub(crate) use {requirement, suite};
