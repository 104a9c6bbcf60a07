//! Where an element stands in the text: paths into `SourceCodeInfo`, decoded
//! only for files that somebody asks about.

use super::{DescriptorSet, ElementId, FileId, MessageId, Scope};
use crate::wire::{Reader, packed};
use std::collections::HashMap;

/// The path of a declaration or a token, as `SourceCodeInfo` numbers it.
pub type SourcePath = Vec<i32>;

/// A stretch of the text; lines and columns count from 1, the end is outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the four say themselves")]
pub struct Span {
    pub start_line: u32,
    pub start_column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

impl Span {
    /// Where nothing better is known.
    pub const START: Span = Span {
        start_line: 1,
        start_column: 1,
        end_line: 1,
        end_column: 1,
    };
}

fn step(position: u32) -> i32 {
    i32::try_from(position).expect("counts are bounded")
}

impl DescriptorSet<'_> {
    /// The path of an element's declaration; of a file the empty path.
    pub fn source_path(&self, element: impl Into<ElementId>) -> SourcePath {
        match element.into() {
            ElementId::File(_) => Vec::new(),
            ElementId::Message(id) => self.message_path(id),
            ElementId::Field(id) => {
                let field = &self[id];
                let number = match (field.scope, field.extendee) {
                    (Scope::File, _) => 7,
                    (Scope::Message(_), None) => 2,
                    (Scope::Message(_), Some(_)) => 6,
                };
                let mut path = match field.scope {
                    Scope::File => Vec::new(),
                    Scope::Message(message) => self.message_path(message),
                };
                path.extend([number, step(field.position)]);
                path
            }
            ElementId::Oneof(id) => {
                let oneof = &self[id];
                let mut path = self.message_path(oneof.message);
                path.extend([8, step(oneof.position)]);
                path
            }
            ElementId::Enum(id) => {
                let found = &self[id];
                let mut path = found.parent.map_or_else(Vec::new, |message| {
                    let mut path = self.message_path(message);
                    path.push(4);
                    path
                });
                if path.is_empty() {
                    path.push(5);
                }
                path.push(step(found.position));
                path
            }
            ElementId::Value(id) => {
                let value = &self[id];
                let mut path = self.source_path(value.parent);
                path.extend([2, step(value.position)]);
                path
            }
            ElementId::Service(id) => vec![6, step(self[id].position)],
            ElementId::Method(id) => {
                let method = &self[id];
                let service = &self[method.service];
                vec![6, step(service.position), 2, step(method.position)]
            }
        }
    }

    fn message_path(&self, id: MessageId) -> SourcePath {
        let mut path = Vec::new();
        let mut at = Some(id);
        while let Some(id) = at {
            let message = &self[id];
            path.push(step(message.position));
            path.push(if message.parent.is_some() { 3 } else { 4 });
            at = message.parent;
        }
        path.reverse();
        path
    }

    /// The spans of the wanted paths of a file. A path without a location is
    /// left out; broken source info ends the list.
    pub fn spans(&self, file: FileId, wanted: &mut HashMap<SourcePath, Option<Span>>) {
        let mut info = Reader::new(self[file].source_info);
        let mut left = wanted.len();
        let mut path = SourcePath::new();
        while left > 0
            && let Ok(Some((number, value))) = info.next()
        {
            let (1, Some(location)) = (number, value.bytes()) else {
                continue;
            };
            let Some(span) = location_of(location, &mut path) else {
                continue;
            };
            if let Some(slot) = wanted.get_mut(&path)
                && slot.is_none()
            {
                *slot = Some(span);
                left -= 1;
            }
        }
    }
}

impl DescriptorSet<'_> {
    /// The comments of a file by the element they stand at, each element's in
    /// the order of the text. Broken source info ends them.
    pub fn comments(&self, file: FileId) -> HashMap<SourcePath, String> {
        let mut comments: HashMap<SourcePath, String> = HashMap::new();
        let mut info = Reader::new(self[file].source_info);
        let mut path = SourcePath::new();
        while let Ok(Some((number, value))) = info.next() {
            let (1, Some(location)) = (number, value.bytes()) else {
                continue;
            };
            let mut texts = Vec::new();
            let mut reader = Reader::new(location);
            while let Ok(Some((number, value))) = reader.next() {
                if let (3 | 4, Some(text)) = (number, value.bytes()) {
                    texts.push(String::from_utf8_lossy(text));
                }
            }
            if texts.is_empty() || location_of(location, &mut path).is_none() {
                continue;
            }
            path.truncate(element_of(&path));
            let all = comments.entry(path.clone()).or_default();
            for text in texts {
                all.push_str(&text);
                all.push('\n');
            }
        }
        comments
    }
}

/// How much of a path leads to the element that the rest is a part of.
fn element_of(path: &[i32]) -> usize {
    let mut at = 0;
    let mut inside: &[i32] = &[4, 5, 6, 7];
    while let [number, _, ..] = path[at..]
        && inside.contains(&number)
    {
        inside = match (inside, number) {
            // Messages hold fields, messages, enums, extensions and oneofs.
            ([4, 5, 6, 7], 4) | ([2, 3, 4, 6, 8], 3) => &[2, 3, 4, 6, 8],
            // Enums hold values, services methods.
            ([4, 5, 6, 7], 5 | 6) | ([2, 3, 4, 6, 8], 4) => &[2],
            _ => &[],
        };
        at += 2;
    }
    at
}

/// Reads one `Location`: its path into `path`, its span as the result.
fn location_of(location: &[u8], path: &mut SourcePath) -> Option<Span> {
    path.clear();
    let mut span = [0u32; 4];
    let mut parts = 0;
    let mut reader = Reader::new(location);
    while let Ok(Some((number, value))) = reader.next() {
        let numbers = match (number, value.bytes(), value.varint()) {
            (1 | 2, Some(bytes), _) => packed(bytes).collect::<Result<Vec<_>, _>>().ok()?,
            (1 | 2, None, Some(single)) => vec![single],
            _ => continue,
        };
        for value in numbers {
            let value = u32::try_from(value).ok()?;
            if number == 1 {
                path.push(i32::try_from(value).ok()?);
            } else if parts < 4 {
                span[parts] = value.checked_add(1)?;
                parts += 1;
            }
        }
    }
    match parts {
        3 => Some(Span {
            start_line: span[0],
            start_column: span[1],
            end_line: span[0],
            end_column: span[2],
        }),
        4 => Some(Span {
            start_line: span[0],
            start_column: span[1],
            end_line: span[2],
            end_column: span[3],
        }),
        _ => None,
    }
}
