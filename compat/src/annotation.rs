//! The options of `aperio.annotations.v1`, read by number from option bytes.

use crate::load::LoadError;
use crate::model::{DescriptorSet, ElementId, FileId};
use std::collections::HashSet;

pub(crate) const SENSITIVE: u32 = 50101;
/// `since` has one number in the options of fields, messages, values and
/// methods.
pub(crate) const SINCE: u32 = 50102;
pub(crate) const REQUIRED: u32 = 50103;
pub(crate) const MAX_BYTES: u32 = 50104;
pub(crate) const MAX_ITEMS: u32 = 50105;
pub(crate) const PATTERN: u32 = 50106;
pub(crate) const FIELD_GATED_BY: u32 = 50107;
pub(crate) const METHOD_GATED_BY: u32 = 50103;
pub(crate) const REPEATABLE: u32 = 50104;

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
    let known = set.annotated.get_or_init(|| {
        let annotated = packages(set);
        let files = set.files().iter();
        files.map(|file| annotated.contains(file.package)).collect()
    });
    known[file.index()]
}

/// The packages that are annotated.
pub fn packages<'a>(set: &DescriptorSet<'a>) -> HashSet<&'a str> {
    importers(set).map(|file| set[file].package).collect()
}

/// The files that import the annotations.
fn importers<'s>(set: &'s DescriptorSet<'_>) -> impl Iterator<Item = FileId> + use<'s> {
    let declaring = set.files().iter().filter(|file| file.package == PACKAGE);
    let declaring: HashSet<&str> = declaring.map(|file| file.path).collect();
    let importing = set.files().iter().filter(move |file| {
        let mut paths = file.dependencies.iter();
        paths.any(|path| declaring.contains(path))
    });
    importing.map(|file| file.id)
}

/// Refuses a set that imports the annotations and holds none of them: whoever
/// made it dropped what the rules on annotations judge, and they would pass
/// everything.
pub fn check_read(set: &DescriptorSet<'_>) -> Result<(), LoadError> {
    let Some(importer) = importers(set).next() else {
        return Ok(());
    };
    let any = set.fields().iter().any(|field| says(set, field.id))
        || set.messages().iter().any(|message| says(set, message.id))
        || set.values().iter().any(|value| says(set, value.id))
        || set.methods().iter().any(|method| says(set, method.id));
    if any {
        return Ok(());
    }
    let message = format!("it imports {PACKAGE}, and no option of that package was read");
    let error = LoadError::unjudged(message)
        .hint("compile it with a compiler that keeps custom options")
        .in_file(set[importer].path);
    Err(error)
}

fn says(set: &DescriptorSet<'_>, element: impl Into<ElementId>) -> bool {
    Annotations::of(set, element) != Annotations::default()
}
