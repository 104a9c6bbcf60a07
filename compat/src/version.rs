//! Versions of an interface: how users, folders, tags and packages name them.

pub use semver::Version;

/// A release: `X.Y.Z` and nothing behind it.
pub fn release(text: &str) -> Option<Version> {
    let version = Version::parse(text).ok()?;
    (version.pre.is_empty() && version.build.is_empty()).then_some(version)
}

/// The release that a tag names: `v1.2.0`, or `1.2.0`.
pub fn tag(text: &str) -> Option<Version> {
    release(text.strip_prefix('v').unwrap_or(text))
}

/// What counts of a version when two are compared: its pre-release and build
/// parts do not.
pub fn numbers(version: &Version) -> (u64, u64, u64) {
    (version.major, version.minor, version.patch)
}

/// A released version as a user names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// `X.Y.Z`.
    Release(Version),
    /// `X.Y`: the newest patch of it.
    Minor(u64, u64),
}

impl Wanted {
    /// Reads `X.Y.Z` or `X.Y`; `None` for what is neither.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(version) = release(text) {
            return Some(Wanted::Release(version));
        }
        // What is a release with a patch is a minor without one.
        let version = release(&format!("{text}.0"))?;
        Some(Wanted::Minor(version.major, version.minor))
    }

    /// The version that is meant among those that are there.
    pub fn newest<'v>(&self, among: impl IntoIterator<Item = &'v Version>) -> Option<&'v Version> {
        let meant = |version: &&Version| match self {
            Wanted::Release(wanted) => *version == wanted,
            Wanted::Minor(major, minor) => (version.major, version.minor) == (*major, *minor),
        };
        among.into_iter().filter(meant).max()
    }
}

/// The major that a package's last part names: 1 of `aperio.plugin.v1` and of
/// `acme.v1beta2`.
pub fn suffix(package: &str) -> Option<u64> {
    let (_, last) = package.rsplit_once('.')?;
    let rest = last.strip_prefix('v')?;
    let (digits, behind) = match rest.find(|char: char| !char.is_ascii_digit()) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let major = digits.parse().ok()?;
    // No leading zero, no `v0`, and nothing behind but a mark of instability.
    let plain = !digits.starts_with('0');
    (plain && (behind.is_empty() || crate::bufyaml::is_unstable(package))).then_some(major)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(texts: &[&str]) -> Vec<Version> {
        texts.iter().map(|text| release(text).unwrap()).collect()
    }

    #[test]
    fn releases_are_three_numbers() {
        assert_eq!(release("1.2.3"), Some(Version::new(1, 2, 3)));
        for text in [
            "1.2",
            "v1.2.3",
            "1.2.3-rc.1",
            "1.2.3+a",
            "01.2.3",
            "",
            "1.2.3.4",
        ] {
            assert_eq!(release(text), None, "{text}");
        }
        assert_eq!(tag("v1.2.3"), tag("1.2.3"));
        assert_eq!(tag("vv1.2.3"), None);
    }

    #[test]
    fn a_minor_means_its_newest_patch() {
        let there = versions(&["1.2.0", "1.2.10", "1.2.9", "1.20.0", "2.2.11"]);
        let newest = |text: &str| {
            let wanted = Wanted::parse(text).unwrap();
            wanted.newest(&there).map(ToString::to_string)
        };
        assert_eq!(newest("1.2").as_deref(), Some("1.2.10"));
        assert_eq!(newest("1.2.9").as_deref(), Some("1.2.9"));
        assert_eq!(newest("1.2.1"), None);
        assert_eq!(newest("1.3"), None);
        for text in ["1", "proto", "1.x", "1.2.", "git:1.2"] {
            assert_eq!(Wanted::parse(text), None, "{text}");
        }
    }

    #[test]
    fn packages_name_their_major() {
        for (package, major) in [
            ("aperio.plugin.v1", Some(1)),
            ("acme.v12", Some(12)),
            ("acme.v1beta2", Some(1)),
            ("acme.v2alpha", Some(2)),
            ("acme.v1gamma", None),
            ("acme.v01", None),
            ("acme.v0", None),
            ("acme.v", None),
            ("acme", None),
            ("v1", None),
            ("", None),
        ] {
            assert_eq!(suffix(package), major, "{package}");
        }
    }
}
