//! How far a version moves, and how far it has to.

use crate::version::{Version, numbers};

/// What a change asks of a version, or what a step between two allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bump {
    /// Nothing changed.
    None,
    /// What no peer notices.
    Patch,
    /// More than before, and nothing less.
    Minor,
    /// Something a peer relied on.
    Major,
}

impl Bump {
    /// Its name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Bump::None => "none",
            Bump::Patch => "patch",
            Bump::Minor => "minor",
            Bump::Major => "major",
        }
    }

    /// What the step from a base to a version allows: nothing where it does
    /// not rise. Before 1.0 everything moves one place to the left: `0.y` may
    /// break, `0.y.z` may add.
    pub fn between(base: &Version, version: &Version) -> Bump {
        let (old, new) = (numbers(base), numbers(version));
        if new <= old {
            Bump::None
        } else if new.0 != old.0 {
            Bump::Major
        } else if new.1 != old.1 {
            Bump::Minor.before_1_0(new.0)
        } else {
            Bump::Patch.before_1_0(new.0)
        }
    }

    /// What a version says of itself when nobody knows its base: `X.0.0` is a
    /// major, `X.Y.0` a minor, anything else a patch.
    pub fn shown_by(version: &Version) -> Bump {
        match numbers(version) {
            (0, 0, _) => Bump::Patch.before_1_0(0),
            (_, 0, 0) => Bump::Major,
            (major, _, 0) => Bump::Minor.before_1_0(major),
            (major, _, _) => Bump::Patch.before_1_0(major),
        }
    }

    fn before_1_0(self, major: u64) -> Bump {
        match (self, major) {
            (Bump::Minor, 0) => Bump::Major,
            (Bump::Patch, 0) => Bump::Minor,
            _ => self,
        }
    }

    /// The smallest release above a base that allows this; without a demand
    /// the base itself.
    pub fn above(self, base: &Version) -> Version {
        let (major, minor, patch) = numbers(base);
        let next = |number: u64| number.saturating_add(1);
        match (self, major) {
            (Bump::None, _) => Version::new(major, minor, patch),
            (Bump::Patch, _) | (Bump::Minor, 0) => Version::new(major, minor, next(patch)),
            (Bump::Minor, _) | (Bump::Major, 0) => Version::new(major, next(minor), 0),
            (Bump::Major, _) => Version::new(next(major), 0, 0),
        }
    }
}

/// What the author says the next release is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declared {
    /// A version.
    Version(Version),
    /// How far it moves.
    Bump(Bump),
}

impl Declared {
    /// Reads `patch`, `minor`, `major` or a version. The error says what is
    /// understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "patch" => Ok(Declared::Bump(Bump::Patch)),
            "minor" => Ok(Declared::Bump(Bump::Minor)),
            "major" => Ok(Declared::Bump(Bump::Major)),
            _ => Version::parse(text)
                .map(Declared::Version)
                .map_err(|_| "patch, minor, major, or a version such as 1.3.0".to_owned()),
        }
    }

    /// The version, where one is said.
    pub fn version(&self) -> Option<&Version> {
        match self {
            Declared::Version(version) => Some(version),
            Declared::Bump(_) => None,
        }
    }

    /// What may change against a base, whose version is not always known.
    pub fn allows(&self, base: Option<&Version>) -> Bump {
        match (self, base) {
            (Declared::Bump(bump), _) => *bump,
            (Declared::Version(version), Some(base)) => Bump::between(base, version),
            (Declared::Version(version), None) => Bump::shown_by(version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn steps_allow_what_they_show() {
        for (base, next, bump) in [
            ("1.2.3", "1.2.3", Bump::None),
            ("1.2.3", "1.2.4", Bump::Patch),
            ("1.2.3", "1.3.0", Bump::Minor),
            ("1.2.3", "1.10.7", Bump::Minor),
            ("1.2.3", "2.0.0", Bump::Major),
            ("1.2.3", "1.2.2", Bump::None),
            ("1.2.3", "0.9.0", Bump::None),
            // Before 1.0 one place to the left.
            ("0.2.3", "0.2.4", Bump::Minor),
            ("0.2.3", "0.3.0", Bump::Major),
            ("0.2.3", "1.0.0", Bump::Major),
            // What stands behind the numbers does not count.
            ("1.2.3-rc.1", "1.2.3", Bump::None),
            ("1.2.3", "1.3.0-rc.1+x", Bump::Minor),
        ] {
            let found = Bump::between(&version(base), &version(next));
            assert_eq!(found, bump, "{base} to {next}");
        }
    }

    #[test]
    fn the_smallest_version_allows_and_the_one_below_does_not() {
        for base in ["0.0.0", "0.0.3", "0.2.3", "1.0.0", "1.2.3", "1.2.3-rc.1"].map(version) {
            for bump in [Bump::Patch, Bump::Minor, Bump::Major] {
                let next = bump.above(&base);
                assert!(
                    Bump::between(&base, &next) >= bump,
                    "{base} {bump:?} {next}"
                );
                let numbers = (0..4).flat_map(|major| {
                    (0..5).flat_map(move |minor| (0..6).map(move |patch| (major, minor, patch)))
                });
                for (major, minor, patch) in numbers {
                    let other = Version::new(major, minor, patch);
                    if other < next {
                        let allows = Bump::between(&base, &other);
                        assert!(allows < bump, "{base}: {other} is smaller than {next}");
                    }
                }
            }
            assert_eq!(numbers(&Bump::None.above(&base)), numbers(&base));
        }
    }

    #[test]
    fn words_and_versions_are_declared() {
        let declared = |text: &str| Declared::parse(text).unwrap();
        let base = version("1.2.0");
        assert_eq!(declared("minor").allows(Some(&base)), Bump::Minor);
        assert_eq!(declared("2.0.0").allows(Some(&base)), Bump::Major);
        assert_eq!(declared("1.2.0").allows(Some(&base)), Bump::None);
        for (text, bump) in [
            ("3.0.0", Bump::Major),
            ("3.1.0", Bump::Minor),
            ("3.1.4", Bump::Patch),
            ("0.4.0", Bump::Major),
            ("0.4.1", Bump::Minor),
        ] {
            assert_eq!(declared(text).allows(None), bump, "{text}");
        }
        for text in ["Minor", "none", "1.3", "v1.3.0", ""] {
            assert!(Declared::parse(text).is_err(), "{text}");
        }
        assert!(Bump::None < Bump::Patch && Bump::Minor < Bump::Major);
        assert_eq!(Bump::Major.name(), "major");
    }
}
