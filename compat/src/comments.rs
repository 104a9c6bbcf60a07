//! Comments as a lock keeps them: beside the declarations, which do not show
//! them.
//!
//! They are kept as a row of parts, each a byte that says what it is, a length
//! of eight bytes and as many bytes. The path of a file stands before what is
//! in it; the path of a declaration, as source info has it, before each of its
//! comments. The digest of a lock's comments is that of the whole row.

use crate::canon::sha256;
use crate::load::LoadError;
use crate::model::{DescriptorSet, FileId};
use crate::wire::{Reader, Value, put};
use std::collections::HashMap;

/// Parts of the row; comments have the numbers that source info gives them.
const FILE: u8 = 0;
const PATH: u8 = 1;
const LEADING: u8 = 3;
const TRAILING: u8 = 4;

/// Fields of the descriptors.
const SOURCE_INFO: u32 = 9;
const LOCATION: u32 = 1;
const SPAN: u32 = 2;

/// The leading and trailing comments of some files, in the order of the source
/// info.
pub fn kept(
    set: &DescriptorSet<'_>,
    files: impl IntoIterator<Item = FileId>,
) -> Result<Vec<u8>, LoadError> {
    let mut files: Vec<_> = files.into_iter().map(|id| &set[id]).collect();
    files.sort_by_key(|file| file.path);
    let mut row = Vec::new();
    let mut keep = |part: u8, bytes: &[u8]| {
        row.push(part);
        row.extend((bytes.len() as u64).to_le_bytes());
        row.extend(bytes);
    };
    for file in files {
        keep(FILE, file.path.as_bytes());
        let mut info = Reader::new(file.source_info);
        while let Some((number, value)) = info.next()? {
            let (LOCATION, Value::Bytes(location)) = (number, value) else {
                continue;
            };
            let (mut path, mut comments): (&[u8], _) = (&[], [None; 2]);
            let mut reader = Reader::new(location);
            while let Some((number, value)) = reader.next()? {
                match (u8::try_from(number), value) {
                    (Ok(PATH), Value::Bytes(bytes)) => path = bytes,
                    (Ok(LEADING), Value::Bytes(bytes)) => comments[0] = Some(bytes),
                    (Ok(TRAILING), Value::Bytes(bytes)) => comments[1] = Some(bytes),
                    _ => {}
                }
            }
            for (part, comment) in [LEADING, TRAILING].into_iter().zip(comments) {
                if let Some(comment) = comment {
                    keep(PATH, path);
                    keep(part, comment);
                }
            }
        }
    }
    Ok(row)
}

/// The digest of the comments of some files.
pub fn digest(
    set: &DescriptorSet<'_>,
    files: impl IntoIterator<Item = FileId>,
) -> Result<String, LoadError> {
    Ok(sha256(&kept(set, files)?))
}

/// A descriptor set with the comments of a row at its declarations, which have
/// no places. `None` where it is no such row.
pub(crate) fn laid_over(set: &DescriptorSet<'_>, row: &[u8]) -> Option<Vec<u8>> {
    let mut infos = by_file(row)?;
    let mut out = Vec::new();
    for file in set.files() {
        let mut bytes = file.bytes.to_vec();
        if let Some(info) = infos.remove(file.path) {
            put(&mut bytes, SOURCE_INFO, Value::Bytes(&info));
        }
        put(&mut out, 1, Value::Bytes(&bytes));
    }
    Some(out)
}

/// The source info of each file that a row tells of.
fn by_file(mut row: &[u8]) -> Option<HashMap<&str, Vec<u8>>> {
    let mut infos: HashMap<&str, Vec<u8>> = HashMap::new();
    let (mut file, mut path) = (None, None);
    while let Some((part, rest)) = row.split_first() {
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (bytes, rest) = rest.split_at_checked(length)?;
        row = rest;
        match *part {
            FILE => {
                let name = std::str::from_utf8(bytes).ok()?;
                file = Some(name);
                // A file without comments is known to have none.
                let whole = location(&[], None);
                put(
                    infos.entry(name).or_default(),
                    LOCATION,
                    Value::Bytes(&whole),
                );
            }
            PATH => path = Some(bytes),
            LEADING | TRAILING => {
                let here = location(path.take()?, Some((*part, bytes)));
                put(
                    infos.entry(file?).or_default(),
                    LOCATION,
                    Value::Bytes(&here),
                );
            }
            _ => return None,
        }
    }
    Some(infos)
}

/// A declaration, which has no place.
fn location(path: &[u8], comment: Option<(u8, &[u8])>) -> Vec<u8> {
    let mut location = Vec::new();
    put(&mut location, u32::from(PATH), Value::Bytes(path));
    put(&mut location, SPAN, Value::Bytes(&[0, 0, 0]));
    if let Some((part, text)) = comment {
        put(&mut location, u32::from(part), Value::Bytes(text));
    }
    location
}
