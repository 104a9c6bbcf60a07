//! Where findings stand in the text: one pass over the source info of each
//! file that has some.

use crate::found::Spot;
use crate::model::{DescriptorSet, FileId, SourcePath, Span};
use std::collections::HashMap;

/// The places of some spots.
pub(crate) struct Places(HashMap<FileId, HashMap<SourcePath, Option<Span>>>);

impl Places {
    /// Looks them up in the set whose spots they are.
    pub(crate) fn of<'s>(
        set: &DescriptorSet<'_>,
        spots: impl IntoIterator<Item = &'s Spot>,
    ) -> Self {
        let mut wanted: HashMap<FileId, HashMap<SourcePath, Option<Span>>> = HashMap::new();
        for spot in spots {
            let paths = wanted.entry(spot.file).or_default();
            paths.extend(spot.tries.iter().map(|path| (path.clone(), None)));
        }
        for (file, paths) in &mut wanted {
            set.spans(*file, paths);
        }
        Places(wanted)
    }

    /// The first path of a spot that has a location; else the file's start.
    pub(crate) fn span(&self, spot: &Spot) -> Span {
        let paths = self.0.get(&spot.file);
        let found = paths.and_then(|paths| {
            let mut tries = spot.tries.iter();
            tries.find_map(|path| *paths.get(path)?)
        });
        found.unwrap_or(Span::START)
    }
}
