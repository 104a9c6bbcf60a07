//! Spans that our compiler draws otherwise than protoc and buf do: a default
//! begins at its word, and the type of a group is the word `group`.

use crate::wire::{Malformed, Reader, Value, packed, put, put_varint};

/// Whether a text may have such spans. Comments have the words too, and seldom
/// what follows them: the name of a group begins with a capital letter.
pub(super) fn wants(text: &str) -> bool {
    let before = |word: &str, follows: fn(char) -> bool| {
        let mut found = text.match_indices(word);
        found.any(|(at, _)| text[at + word.len()..].trim_start().starts_with(follows))
    };
    before("default", |next| next == '=') || before("group", |next| next.is_ascii_uppercase())
}

/// The file with those spans mended.
pub(super) fn mended(file: &[u8], text: &str) -> Result<Vec<u8>, Malformed> {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut out = Vec::with_capacity(file.len());
    let mut reader = Reader::new(file);
    while let Some((number, value)) = reader.next()? {
        match (number, value) {
            (9, Value::Bytes(info)) => {
                let mut mended = Vec::with_capacity(info.len());
                let mut locations = Reader::new(info);
                while let Some((number, value)) = locations.next()? {
                    let location = value.bytes().map(|bytes| location(bytes, &lines));
                    match location.transpose()?.flatten() {
                        Some(location) => put(&mut mended, number, Value::Bytes(&location)),
                        None => put(&mut mended, number, value),
                    }
                }
                put(&mut out, 9, Value::Bytes(&mended));
            }
            _ => put(&mut out, number, value),
        }
    }
    Ok(out)
}

/// A location that is drawn otherwise; `None` where it stays.
fn location(bytes: &[u8], lines: &[&str]) -> Result<Option<Vec<u8>>, Malformed> {
    let (mut path, mut span) = (Vec::new(), Vec::new());
    let mut rest = Vec::new();
    let mut reader = Reader::new(bytes);
    while let Some((number, value)) = reader.next()? {
        match (number, value) {
            (1, Value::Bytes(bytes)) => path = packed(bytes).collect::<Result<_, _>>()?,
            (2, Value::Bytes(bytes)) => span = packed(bytes).collect::<Result<_, _>>()?,
            other => rest.push(other),
        }
    }
    let ([.., part], [line, column, ..]) = (&path[..], &span[..]) else {
        return Ok(None);
    };
    if !matches!(part, 6 | 7) || !is_field(&path[..path.len() - 1]) {
        return Ok(None);
    }
    let before = usize::try_from(*line)
        .ok()
        .and_then(|line| lines.get(line))
        .zip(usize::try_from(*column).ok())
        .and_then(|(line, column)| line.get(..column))
        // Elsewhere a column is not a byte.
        .filter(|before| before.is_ascii() && !before.contains('\t'));
    let Some(before) = before.map(str::trim_end) else {
        return Ok(None);
    };
    if *part == 7 {
        let word = before.strip_suffix('=').map(str::trim_end);
        let Some(start) = word.and_then(|word| word.strip_suffix("default")) else {
            return Ok(None);
        };
        span[1] = start.len() as u64;
    } else {
        let Some(start) = before.strip_suffix("group") else {
            return Ok(None);
        };
        let start = start.len() as u64;
        span = vec![*line, start, start + 5];
    }
    let mut out = Vec::with_capacity(bytes.len());
    for (number, numbers) in [(1, &path), (2, &span)] {
        let mut list = Vec::new();
        for value in numbers {
            put_varint(&mut list, *value);
        }
        put(&mut out, number, Value::Bytes(&list));
    }
    for (number, value) in rest {
        put(&mut out, number, value);
    }
    Ok(Some(out))
}

/// Whether a path is that of a field or an extension.
fn is_field(path: &[u64]) -> bool {
    match path {
        [7, _] => true,
        [4, _, inner @ ..] => {
            let mut inner = inner;
            while let [3, _, deeper @ ..] = inner {
                inner = deeper;
            }
            matches!(inner, [2 | 6, _])
        }
        _ => false,
    }
}
