//! Which version two sides speak that do not serve the same.

use crate::policy::Side;

/// A version as peers exchange it: the major of the handshake and the minor
/// that `Describe` tells.
pub type Spoken = (u32, u32);

/// How two sides meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skew {
    /// Both serve the same version.
    Same {
        /// That version.
        effective: Spoken,
    },
    /// One major, two minors: the older one is spoken.
    MinorSkew {
        /// The version that is spoken.
        effective: Spoken,
        /// The side that could do more.
        newer: Side,
    },
    /// No major in common: the host refuses the plugin.
    MajorSkew,
}

impl Skew {
    /// The version that is spoken, if any is.
    pub fn effective(self) -> Option<Spoken> {
        match self {
            Skew::Same { effective } | Skew::MinorSkew { effective, .. } => Some(effective),
            Skew::MajorSkew => None,
        }
    }
}

/// How a host meets a plugin, from the versions each serves: one, or one of
/// each major where a build is dual. The highest major in common is taken, and
/// of it the lower of the two minors.
pub fn table(host: &[Spoken], plugin: &[Spoken]) -> Skew {
    let newest = |served: &[Spoken], major: u32| {
        let minors = served.iter().filter(|version| version.0 == major);
        minors.map(|version| version.1).max()
    };
    let common = host
        .iter()
        .filter_map(|&(major, _)| Some((major, newest(host, major)?, newest(plugin, major)?)))
        .max();
    match common {
        None => Skew::MajorSkew,
        Some((major, host, plugin)) if host == plugin => Skew::Same {
            effective: (major, host),
        },
        Some((major, host, plugin)) => Skew::MinorSkew {
            effective: (major, host.min(plugin)),
            newer: if host > plugin {
                Side::Host
            } else {
                Side::Plugin
            },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds of the interface: three minors, the next major, and both.
    const BUILDS: [&[Spoken]; 5] = [
        &[(1, 0)],
        &[(1, 1)],
        &[(1, 2)],
        &[(2, 0)],
        &[(1, 2), (2, 0)],
    ];

    /// Rows are hosts, columns plugins, both in the order of [`BUILDS`]: the
    /// version that is spoken, then who is newer, or `reject`.
    const TABLE: [[&str; 5]; 5] = [
        ["1.0", "1.0 plugin", "1.0 plugin", "reject", "1.0 plugin"],
        ["1.0 host", "1.1", "1.1 plugin", "reject", "1.1 plugin"],
        ["1.0 host", "1.1 host", "1.2", "reject", "1.2"],
        ["reject", "reject", "reject", "2.0", "2.0"],
        ["1.0 host", "1.1 host", "1.2", "2.0", "2.0"],
    ];

    fn shown(skew: Skew) -> String {
        match skew {
            Skew::Same { effective } => format!("{}.{}", effective.0, effective.1),
            Skew::MinorSkew { effective, newer } => {
                format!("{}.{} {}", effective.0, effective.1, newer.name())
            }
            Skew::MajorSkew => "reject".to_owned(),
        }
    }

    #[test]
    fn every_cell_is_as_the_table_says() {
        for (host, row) in BUILDS.iter().zip(TABLE) {
            for (plugin, cell) in BUILDS.iter().zip(row) {
                assert_eq!(shown(table(host, plugin)), cell, "{host:?} {plugin:?}");
            }
        }
    }

    #[test]
    fn order_and_repetition_do_not_matter() {
        let (one, other) = ([(2, 0), (1, 0), (1, 2)], [(1, 2), (2, 0), (2, 0)]);
        assert_eq!(table(&one, &other).effective(), Some((2, 0)));
        assert_eq!(
            table(&[(1, 0), (1, 2)], &[(1, 2)]).effective(),
            Some((1, 2))
        );
        assert_eq!(table(&[], &[(1, 0)]), Skew::MajorSkew);
        assert_eq!(table(&[(1, 0)], &[]).effective(), None);
    }
}
