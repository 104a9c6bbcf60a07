//! The options of `aperio.annotations.v1`, read by number from option bytes.

use crate::model::{DescriptorSet, ElementId, FileId};

const SENSITIVE: u32 = 50101;
/// `since` has one number in the options of fields, messages, values and
/// methods.
const SINCE: u32 = 50102;
const REQUIRED: u32 = 50103;
const MAX_BYTES: u32 = 50104;
const MAX_ITEMS: u32 = 50105;
const PATTERN: u32 = 50106;
const FIELD_GATED_BY: u32 = 50107;
const METHOD_GATED_BY: u32 = 50103;
const REPEATABLE: u32 = 50104;

/// The package of the options.
pub const PACKAGE: &str = "aperio.annotations.v1";

/// The annotations of one element; what it cannot have is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Annotations<'a> {
    /// The minor that introduced the element, as `MAJOR.MINOR`.
    pub since: Option<&'a str>,
    /// The capability without which the element is not used.
    pub gate: Option<&'a str>,
    /// The value is a secret.
    pub sensitive: bool,
    /// A receiver refuses a message without the field.
    pub required: bool,
    /// The most bytes a value has.
    pub max_bytes: Option<u64>,
    /// The most elements a list or map has.
    pub max_items: Option<u64>,
    /// The pattern, in RE2, that a text matches in full.
    pub pattern: Option<&'a str>,
    /// A call may be repeated.
    pub repeatable: bool,
}

impl<'a> Annotations<'a> {
    /// What an element says of itself.
    pub fn of(set: &DescriptorSet<'a>, element: impl Into<ElementId>) -> Self {
        match element.into() {
            ElementId::Field(id) => {
                let options = set[id].options;
                if options.bytes().is_empty() {
                    return Annotations::default();
                }
                Annotations {
                    since: options.text(SINCE),
                    gate: options.text(FIELD_GATED_BY).filter(|gate| !gate.is_empty()),
                    sensitive: options.bool(SENSITIVE) == Some(true),
                    required: options.bool(REQUIRED) == Some(true),
                    max_bytes: options.varint(MAX_BYTES),
                    max_items: options.varint(MAX_ITEMS),
                    pattern: options.text(PATTERN),
                    repeatable: false,
                }
            }
            ElementId::Message(id) => Annotations {
                since: set[id].options.text(SINCE),
                ..Annotations::default()
            },
            ElementId::Value(id) => Annotations {
                since: set[id].options.text(SINCE),
                ..Annotations::default()
            },
            ElementId::Method(id) => {
                let options = set[id].options;
                Annotations {
                    since: options.text(SINCE),
                    gate: options
                        .text(METHOD_GATED_BY)
                        .filter(|gate| !gate.is_empty()),
                    repeatable: options.bool(REPEATABLE) == Some(true),
                    ..Annotations::default()
                }
            }
            _ => Annotations::default(),
        }
    }
}

/// Whether the package of a file is annotated: one of its files imports the
/// annotations. Packages that are not say nothing with numbers that are equal
/// by chance.
pub fn annotated(set: &DescriptorSet<'_>, file: FileId) -> bool {
    let package = set[file].package;
    let files = set.files().iter();
    files
        .filter(|other| other.package == package)
        .flat_map(|other| &other.dependencies)
        .any(|path| {
            let imported = set.files().iter().find(|file| file.path == *path);
            imported.is_some_and(|file| file.package == PACKAGE)
        })
}
