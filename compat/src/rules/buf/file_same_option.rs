//! The options of files that generated code is named or built after: sixteen
//! rules that differ in the option alone.

use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Found, Spot};
use crate::model::File;
use crate::pair::{Pair, World};
use crate::rule::{Channel, Rule};

const PY_GENERIC_SERVICES: u32 = 18;

/// Declares the rules: an option, its number, how it is read and what it is when
/// it is not set, the id, a value that differs from that and one that does not.
macro_rules! options {
    ($(
        $(#[doc = $more:literal])*
        $name:ident = $number:literal: $default:ident $(($unset:literal))?,
        $id:literal, $other:tt not $same:tt $(, aperio [$channel:ident])?;
    )+) => {
        $(mod $name {
            use super::*;

            rule! {
                #[doc = concat!(" A file keeps its `", stringify!($name), "`.\n")]
                $(#[doc = $more])*
                #[doc = concat!(
                    "\n ```proto old\n message M {}\n ```",
                    "\n ```proto breaks\n option ", stringify!($name = $other;), "\n message M {}\n ```",
                    "\n ```proto allowed\n option ", stringify!($name = $same;), "\n message M {}\n ```",
                )]
                $id, File,
                buf [File, Package],
                $(aperio [$channel],)?
                judge
            }

            fn judge(pair: &Pair<File>, world: &World, found: &mut Found) {
                let default = Default::$default $(($unset))?;
                super::judge(pair, world, found, stringify!($name), $number, default);
            }
        })+

        pub(crate) static RULES: &[&Rule] = &[$(&$name::RULE),+];
    };
}

/// What an option is that is not set, and how it is read.
#[derive(Clone, Copy)]
enum Default {
    Text,
    Bool(bool),
    Speed,
}

fn judge(
    pair: &Pair<File>,
    world: &World,
    found: &mut Found,
    name: &str,
    number: u32,
    default: Default,
) {
    let value = |file: &File| match default {
        Default::Text => file.options.text(number).unwrap_or("").to_owned(),
        Default::Bool(default) => file.options.bool(number).unwrap_or(default).to_string(),
        Default::Speed => match file.options.varint(number).unwrap_or(1) {
            1 => "SPEED".to_owned(),
            2 => "CODE_SIZE".to_owned(),
            3 => "LITE_RUNTIME".to_owned(),
            other => other.to_string(),
        },
    };
    let (old, new) = (value(pair.old), value(pair.new));
    if old != new {
        let message = format!("file option {name} changed from {old:?} to {new:?}");
        let path = [
            8,
            i32::try_from(number).expect("options have small numbers"),
        ];
        let spot = Spot::part_only(world.new, pair.new.id, &path);
        let hit = found.at(pair.new.id, spot, Some(pair.old.id), message);
        if number == PY_GENERIC_SERVICES && new == "true" {
            // More names beside those that were there.
            hit.demands(Channel::SourcePy, Demand::Minor)
                .demands(Channel::Source, Demand::Major);
        }
    }
}

options! {
    cc_enable_arenas = 31: Bool(true), "FILE_SAME_CC_ENABLE_ARENAS", false not true;
    cc_generic_services = 16: Bool(false), "FILE_SAME_CC_GENERIC_SERVICES", true not false;
    csharp_namespace = 37: Text, "FILE_SAME_CSHARP_NAMESPACE", "N" not "";
    go_package = 11: Text, "FILE_SAME_GO_PACKAGE", "n" not "", aperio [SourceGo];
    java_generic_services = 17: Bool(false), "FILE_SAME_JAVA_GENERIC_SERVICES", true not false;
    java_multiple_files = 10: Bool(false), "FILE_SAME_JAVA_MULTIPLE_FILES", true not false;
    java_outer_classname = 8: Text, "FILE_SAME_JAVA_OUTER_CLASSNAME", "N" not "";
    java_package = 1: Text, "FILE_SAME_JAVA_PACKAGE", "n" not "";
    objc_class_prefix = 36: Text, "FILE_SAME_OBJC_CLASS_PREFIX", "N" not "";
    optimize_for = 9: Speed, "FILE_SAME_OPTIMIZE_FOR", CODE_SIZE not SPEED;
    php_class_prefix = 40: Text, "FILE_SAME_PHP_CLASS_PREFIX", "N" not "";
    php_metadata_namespace = 44: Text, "FILE_SAME_PHP_METADATA_NAMESPACE", "N" not "";
    php_namespace = 41: Text, "FILE_SAME_PHP_NAMESPACE", "N" not "";
    /// With them go names that Python can use; where they come, it has more names.
    py_generic_services = 18: Bool(false), "FILE_SAME_PY_GENERIC_SERVICES", true not false, aperio [SourcePy];
    ruby_package = 45: Text, "FILE_SAME_RUBY_PACKAGE", "N" not "";
    swift_prefix = 39: Text, "FILE_SAME_SWIFT_PREFIX", "N" not "";
}
