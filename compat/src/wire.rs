//! Reads protobuf's wire format without knowing any message.

use std::fmt;

/// How deep groups may nest.
const GROUP_DEPTH: u32 = 100;

/// Bytes that are not protobuf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// One value as it stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(&'a [u8]),
    /// What stands between the two tags of a group.
    Group(&'a [u8]),
    Fixed32([u8; 4]),
}

impl<'a> Value<'a> {
    pub(crate) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(crate) fn varint(self) -> Option<u64> {
        match self {
            Value::Varint(value) => Some(value),
            _ => None,
        }
    }

    /// As `int32` and enums read it: the low 32 bits.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the wire format says to cut"
    )]
    pub(crate) fn int32(self) -> Option<i32> {
        self.varint().map(|value| value as i32)
    }
}

/// The fields of one message, in the order of the wire.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes }
    }

    /// The next field: its number and its value.
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Value<'a>)>, Malformed> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let (number, wire) = self.tag()?;
        let value = match wire {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(self.fixed()?),
            2 => Value::Bytes(self.length_delimited()?),
            3 => Value::Group(self.group(number)?),
            5 => Value::Fixed32(self.fixed()?),
            4 => return Err(Malformed("a group ends that never began")),
            _ => return Err(Malformed("an unknown wire type")),
        };
        Ok(Some((number, value)))
    }

    fn tag(&mut self) -> Result<(u32, u8), Malformed> {
        let tag =
            u32::try_from(self.varint()?).map_err(|_| Malformed("a tag is longer than 32 bits"))?;
        let number = tag >> 3;
        if number == 0 {
            return Err(Malformed("a field has the number 0"));
        }
        Ok((number, u8::try_from(tag & 7).expect("three bits")))
    }

    pub(crate) fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for (at, &byte) in self.bytes.iter().enumerate().take(10) {
            if at == 9 && byte > 1 {
                return Err(Malformed("a varint is longer than 64 bits"));
            }
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte < 0x80 {
                self.bytes = &self.bytes[at + 1..];
                return Ok(value);
            }
        }
        Err(Malformed("a varint has no end"))
    }

    fn length_delimited(&mut self) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(self.varint()?)
            .map_err(|_| Malformed("a length reaches past the end"))?;
        let (value, rest) = self
            .bytes
            .split_at_checked(length)
            .ok_or(Malformed("a length reaches past the end"))?;
        self.bytes = rest;
        Ok(value)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (value, rest) = self
            .bytes
            .split_first_chunk()
            .ok_or(Malformed("a fixed value reaches past the end"))?;
        self.bytes = rest;
        Ok(*value)
    }

    fn group(&mut self, number: u32) -> Result<&'a [u8], Malformed> {
        let whole = self.bytes;
        let mut open = vec![number];
        loop {
            let before = self.bytes;
            if before.is_empty() {
                return Err(Malformed("a group has no end"));
            }
            let (number, wire) = self.tag()?;
            match wire {
                0 => drop(self.varint()?),
                1 => drop(self.fixed::<8>()?),
                2 => drop(self.length_delimited()?),
                3 if open.len() >= GROUP_DEPTH as usize => {
                    return Err(Malformed("groups nest too deep"));
                }
                3 => open.push(number),
                4 if open.pop() == Some(number) => {
                    if open.is_empty() {
                        return Ok(&whole[..whole.len() - before.len()]);
                    }
                }
                4 => return Err(Malformed("a group ends that never began")),
                5 => drop(self.fixed::<4>()?),
                _ => return Err(Malformed("an unknown wire type")),
            }
        }
    }
}

/// Every number of a packed list of varints.
pub(crate) fn packed(bytes: &[u8]) -> impl Iterator<Item = Result<u64, Malformed>> {
    let mut reader = Reader::new(bytes);
    std::iter::from_fn(move || {
        if reader.bytes.is_empty() {
            return None;
        }
        let value = reader.varint();
        if value.is_err() {
            reader.bytes = &[];
        }
        Some(value)
    })
}

/// Appends a varint.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).expect("seven bits") | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).expect("seven bits"));
}

/// Appends one field.
pub(crate) fn put(out: &mut Vec<u8>, number: u32, value: Value<'_>) {
    let tag = u64::from(number) << 3;
    match value {
        Value::Varint(value) => {
            put_varint(out, tag);
            put_varint(out, value);
        }
        Value::Fixed64(value) => {
            put_varint(out, tag | 1);
            out.extend_from_slice(&value);
        }
        Value::Bytes(value) => {
            put_varint(out, tag | 2);
            put_varint(out, value.len() as u64);
            out.extend_from_slice(value);
        }
        Value::Group(value) => {
            put_varint(out, tag | 3);
            out.extend_from_slice(value);
            put_varint(out, tag | 4);
        }
        Value::Fixed32(value) => {
            put_varint(out, tag | 5);
            out.extend_from_slice(&value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(bytes: &[u8]) -> Result<Vec<(u32, Value<'_>)>, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut found = Vec::new();
        while let Some(field) = reader.next()? {
            found.push(field);
        }
        Ok(found)
    }

    #[test]
    fn every_wire_type_is_read() {
        let bytes = [
            8, 1, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x1a, 2, 9, 9, 0x23, 8, 5, 0x24, 0x2d, 1, 2, 3, 4,
        ];
        let read = fields(&bytes).unwrap();
        assert_eq!(read[0], (1, Value::Varint(1)));
        assert_eq!(read[2], (3, Value::Bytes(&[9, 9])));
        assert_eq!(read[3], (4, Value::Group(&[8, 5])));
        let mut again = Vec::new();
        for (number, value) in read {
            put(&mut again, number, value);
        }
        assert_eq!(again, bytes);
    }

    #[test]
    fn broken_bytes_are_told() {
        for bytes in [
            &[8][..],
            &[8, 0x80],
            &[0x0a, 5, 1],
            &[0x0b, 8, 1],
            &[0x0b, 0x14],
            &[0x0c],
            &[0],
            &[0x0e],
            &[0x0d, 1],
            &[8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2],
        ] {
            assert!(fields(bytes).is_err(), "{bytes:?}");
        }
        assert!(fields(&[0x0b; 4000]).is_err());
    }
}
