//! The options of files that generated code is named or built after: sixteen
//! rules that differ in the option alone.

use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Found, Spot};
use crate::model::File;
use crate::pair::{Pair, World};
use crate::rule::{Channel, Rule};

const PY_GENERIC_SERVICES: u32 = 18;

/// Declares the rule of one option: name, number, default.
macro_rules! option {
    ($module:ident, $name:literal, $number:literal, $default:ident $(($value:literal))?, $($rule:tt)+) => {
        mod $module {
            use super::*;

            rule! { $($rule)+ }

            fn judge(pair: &Pair<File>, world: &World, found: &mut Found) {
                let default = Default::$default $(($value))?;
                super::judge(pair, world, found, $name, $number, default);
            }
        }
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

option! {
    cc_enable_arenas, "cc_enable_arenas", 31, Bool(true),
    /// A file keeps its `cc_enable_arenas`.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// option cc_enable_arenas = false;
    /// message M {}
    /// ```
    /// ```proto allowed
    /// option cc_enable_arenas = true;
    /// message M {}
    /// ```
    "FILE_SAME_CC_ENABLE_ARENAS", File,
    buf [File, Package],
    judge
}
option! {
    cc_generic_services, "cc_generic_services", 16, Bool(false),
    /// A file keeps its `cc_generic_services`.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// option cc_generic_services = true;
    /// message M {}
    /// ```
    /// ```proto allowed
    /// option cc_generic_services = false;
    /// message M {}
    /// ```
    "FILE_SAME_CC_GENERIC_SERVICES", File,
    buf [File, Package],
    judge
}
option! {
    csharp_namespace, "csharp_namespace", 37, Text,
    /// A file keeps its `csharp_namespace`.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// option csharp_namespace = "N";
    /// message M {}
    /// ```
    /// ```proto allowed
    /// option csharp_namespace = "";
    /// message M {}
    /// ```
    "FILE_SAME_CSHARP_NAMESPACE", File,
    buf [File, Package],
    judge
}
option! {
    go_package, "go_package", 11, Text,
    /// A file keeps its `go_package`.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// option go_package = "n";
    /// message M {}
    /// ```
    /// ```proto allowed
    /// option go_package = "";
    /// message M {}
    /// ```
    "FILE_SAME_GO_PACKAGE", File,
    buf [File, Package],
    aperio [SourceGo],
    judge
}
option! {
    java_generic_services, "java_generic_services", 17, Bool(false),
    /// A file keeps its `java_generic_services`.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// option java_generic_services = true;
    /// message M {}
    /// ```
    /// ```proto allowed
    /// option java_generic_services = false;
    /// message M {}
    /// ```
    "FILE_SAME_JAVA_GENERIC_SERVICES", File,
    buf [File, Package],
    judge
}
option! {
    java_multiple_files, "java_multiple_files", 10, Bool(false),
    /// A file keeps its `java_multiple_files`.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// option java_multiple_files = true;
    /// message M {}
    /// ```
    /// ```proto allowed
    /// option java_multiple_files = false;
    /// message M {}
    /// ```
    "FILE_SAME_JAVA_MULTIPLE_FILES", File,
    buf [File, Package],
    judge
}
option! {
    java_outer_classname, "java_outer_classname", 8, Text,
    /// A file keeps its `java_outer_classname`.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// option java_outer_classname = "N";
    /// message M {}
    /// ```
    /// ```proto allowed
    /// option java_outer_classname = "";
    /// message M {}
    /// ```
    "FILE_SAME_JAVA_OUTER_CLASSNAME", File,
    buf [File, Package],
    judge
}
option! {
    java_package, "java_package", 1, Text,
    /// A file keeps its `java_package`.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// option java_package = "n";
    /// message M {}
    /// ```
    /// ```proto allowed
    /// option java_package = "";
    /// message M {}
    /// ```
    "FILE_SAME_JAVA_PACKAGE", File,
    buf [File, Package],
    judge
}
option! {
    objc_class_prefix, "objc_class_prefix", 36, Text,
    /// A file keeps its `objc_class_prefix`.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// option objc_class_prefix = "N";
    /// message M {}
    /// ```
    /// ```proto allowed
    /// option objc_class_prefix = "";
    /// message M {}
    /// ```
    "FILE_SAME_OBJC_CLASS_PREFIX", File,
    buf [File, Package],
    judge
}
option! {
    optimize_for, "optimize_for", 9, Speed,
    /// A file keeps its `optimize_for`.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// option optimize_for = CODE_SIZE;
    /// message M {}
    /// ```
    /// ```proto allowed
    /// option optimize_for = SPEED;
    /// message M {}
    /// ```
    "FILE_SAME_OPTIMIZE_FOR", File,
    buf [File, Package],
    judge
}
option! {
    php_class_prefix, "php_class_prefix", 40, Text,
    /// A file keeps its `php_class_prefix`.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// option php_class_prefix = "N";
    /// message M {}
    /// ```
    /// ```proto allowed
    /// option php_class_prefix = "";
    /// message M {}
    /// ```
    "FILE_SAME_PHP_CLASS_PREFIX", File,
    buf [File, Package],
    judge
}
option! {
    php_metadata_namespace, "php_metadata_namespace", 44, Text,
    /// A file keeps its `php_metadata_namespace`.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// option php_metadata_namespace = "N";
    /// message M {}
    /// ```
    /// ```proto allowed
    /// option php_metadata_namespace = "";
    /// message M {}
    /// ```
    "FILE_SAME_PHP_METADATA_NAMESPACE", File,
    buf [File, Package],
    judge
}
option! {
    php_namespace, "php_namespace", 41, Text,
    /// A file keeps its `php_namespace`.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// option php_namespace = "N";
    /// message M {}
    /// ```
    /// ```proto allowed
    /// option php_namespace = "";
    /// message M {}
    /// ```
    "FILE_SAME_PHP_NAMESPACE", File,
    buf [File, Package],
    judge
}
option! {
    py_generic_services, "py_generic_services", 18, Bool(false),
    /// A file keeps its `py_generic_services`.
    ///
    /// With them go names that Python can use; where they come, it has more names.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// option py_generic_services = true;
    /// message M {}
    /// ```
    /// ```proto allowed
    /// option py_generic_services = false;
    /// message M {}
    /// ```
    "FILE_SAME_PY_GENERIC_SERVICES", File,
    buf [File, Package],
    aperio [SourcePy],
    judge
}
option! {
    ruby_package, "ruby_package", 45, Text,
    /// A file keeps its `ruby_package`.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// option ruby_package = "N";
    /// message M {}
    /// ```
    /// ```proto allowed
    /// option ruby_package = "";
    /// message M {}
    /// ```
    "FILE_SAME_RUBY_PACKAGE", File,
    buf [File, Package],
    judge
}
option! {
    swift_prefix, "swift_prefix", 39, Text,
    /// A file keeps its `swift_prefix`.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// option swift_prefix = "N";
    /// message M {}
    /// ```
    /// ```proto allowed
    /// option swift_prefix = "";
    /// message M {}
    /// ```
    "FILE_SAME_SWIFT_PREFIX", File,
    buf [File, Package],
    judge
}

pub(crate) static RULES: &[&Rule] = &[
    &cc_enable_arenas::RULE,
    &cc_generic_services::RULE,
    &csharp_namespace::RULE,
    &go_package::RULE,
    &java_generic_services::RULE,
    &java_multiple_files::RULE,
    &java_outer_classname::RULE,
    &java_package::RULE,
    &objc_class_prefix::RULE,
    &optimize_for::RULE,
    &php_class_prefix::RULE,
    &php_metadata_namespace::RULE,
    &php_namespace::RULE,
    &py_generic_services::RULE,
    &ruby_package::RULE,
    &swift_prefix::RULE,
];
