//! How a rule and a list of rules are declared.

/// Declares the rule of the file it stands in: the doc comment is its text and
/// its first test, the rest the registration.
///
/// After id and kind of pair stand, each where it applies: `buf [CATEGORIES]`
/// with `v1 […]` and `v1beta1 […]` where these versions differ, `aperio
/// [CHANNELS]`, `covers […]`, `instead_of […]`; then the name of the judge.
macro_rules! rule {
    (
        $(#[doc = $doc:expr])* $id:literal, $kind:ident,
        $(buf [$($v2:ident),+], $(v1 [$($v1:ident),*],)? $(v1beta1 [$($v1beta1:ident),*],)?)?
        $(aperio [$($channel:ident),+],)?
        $(covers [$($covers:literal),+ $(,)?],)?
        $(instead_of [$($instead:literal),+ $(,)?],)?
        judge
    ) => {
        pub(crate) static RULE: $crate::rule::Rule = $crate::rule::Rule {
            id: $id,
            doc: concat!($($doc, "\n"),*),
            file: file!(),
            line: line!(),
            buf: rule!(@buf $([$($v2)+] $([$($v1)*])? ; $([$($v1beta1)*])?)?),
            aperio: &[$($($crate::rule::Channel::$channel),+)?],
            covers: &[$($($covers),+)?],
            instead_of: &[$($($instead),+)?],
            judge: $crate::rule::Judge::$kind(judge),
        };
    };
    ($(#[doc = $doc:expr])* $id:literal, Release) => {
        pub(crate) static RULE: $crate::rule::Rule = $crate::rule::Rule {
            id: $id,
            doc: concat!($($doc, "\n"),*),
            file: file!(),
            line: line!(),
            buf: None,
            aperio: &[$crate::rule::Channel::Release],
            covers: &[],
            instead_of: &[],
            judge: $crate::rule::Judge::Release,
        };
    };
    (@buf) => { None };
    (@buf [$($v2:ident)+] ; ) => { rule!(@buf [$($v2)+] [$($v2)+] ; [$($v2)+]) };
    (@buf [$($v2:ident)+] [$($v1:ident)*] ; ) => { rule!(@buf [$($v2)+] [$($v1)*] ; [$($v1)*]) };
    (@buf [$($v2:ident)+] ; [$($beta:ident)*]) => { rule!(@buf [$($v2)+] [$($v2)+] ; [$($beta)*]) };
    (@buf [$($v2:ident)+] [$($v1:ident)*] ; [$($beta:ident)*]) => {
        Some($crate::rule::Buf {
            v2: &[$($crate::rule::Category::$v2),+],
            v1: &[$($crate::rule::Category::$v1),*],
            v1beta1: &[$($crate::rule::Category::$beta),*],
        })
    };
}

/// Declares the rooms of a list of rules and the list from the same names.
macro_rules! rules {
    ($($name:ident),+ $(,)?) => {
        $(mod $name;)+

        pub(crate) static RULES: &[&$crate::rule::Rule] = &[$(&$name::RULE),+];
    };
}

pub(crate) use {rule, rules};
