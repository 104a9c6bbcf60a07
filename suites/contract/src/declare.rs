//! How a requirement and a suite are declared.

/// Declares the requirement of the file it stands in: the doc comment is the
/// normative text, the last line the registration.
///
/// After `since` stands how it is judged: `record [over MODE]` reads what was
/// seen of a launch, `session [over MODE]` uses a live plugin, `launches`
/// starts processes of its own; MODE is `plain` or `tls`.
macro_rules! requirement {
    ($(#[doc = $doc:literal])* $id:literal, $level:ident, since $since:literal, $($judge:tt)+) => {
        pub(crate) static CHECK: ::runner::Check = ::runner::Check {
            requirement: ::terms::Requirement {
                id: $id,
                level: ::terms::Level::$level,
                since: $since,
                removed: None,
                claims: None,
                observation: ::terms::Observation::Judged,
                doc: concat!($($doc, "\n"),*),
                file: file!(),
                line: line!(),
            },
            judge: requirement!(@judge $($judge)+),
        };
    };
    (@judge record) => { ::runner::Judge::Record(::runner::Over::Both, judge) };
    (@judge record over plain) => { ::runner::Judge::Record(::runner::Over::Plain, judge) };
    (@judge record over tls) => { ::runner::Judge::Record(::runner::Over::Tls, judge) };
    (@judge session) => {
        ::runner::Judge::Session(::runner::Over::Both, |session| Box::pin(judge(session)))
    };
    (@judge session over tls) => {
        ::runner::Judge::Session(::runner::Over::Tls, |session| Box::pin(judge(session)))
    };
    (@judge launches) => { ::runner::Judge::Case(|case| Box::pin(judge(case))) };
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
