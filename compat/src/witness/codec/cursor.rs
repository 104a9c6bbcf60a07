//! Walks over encoded bytes.

use super::{DecodeError, Profile, Wire};

type Read<T> = Result<T, DecodeError>;

/// A place in encoded bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'b> {
    bytes: &'b [u8],
    pub(super) at: usize,
    profile: Profile,
}

impl<'b> Cursor<'b> {
    pub(super) fn new(bytes: &'b [u8], profile: Profile) -> Self {
        Cursor {
            bytes,
            at: 0,
            profile,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// What was read since a place.
    pub(super) fn since(&self, start: usize) -> &'b [u8] {
        &self.bytes[start..self.at]
    }

    /// A number of up to ten bytes. What does not fit into 64 bits is cut off,
    /// or refused.
    pub(super) fn varint(&mut self) -> Read<u64> {
        let mut value = 0;
        for (place, &byte) in self.bytes[self.at..].iter().enumerate().take(10) {
            if place == 9 && self.profile == Profile::Prost && byte > 1 {
                return Err(DecodeError::Varint);
            }
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                self.at += place + 1;
                return Ok(value);
            }
        }
        match self.bytes.len() - self.at {
            0..10 => Err(DecodeError::Cut),
            _ => Err(DecodeError::Varint),
        }
    }

    /// A number and a wire type.
    pub(super) fn tag(&mut self) -> Read<(u32, Wire)> {
        let (number, wire) = self.loose_tag()?;
        if number == 0 {
            return Err(DecodeError::Tag);
        }
        Ok((number, wire))
    }

    /// The same, where the number 0 passes.
    fn loose_tag(&mut self) -> Read<(u32, Wire)> {
        let start = self.at;
        let tag = self.varint()?;
        let long = self.at - start > 5 && self.profile == Profile::Spec;
        let tag = u32::try_from(tag).map_err(|_| DecodeError::Tag)?;
        let wire = match tag & 7 {
            0 => Wire::Varint,
            1 => Wire::Fixed64,
            2 => Wire::Bytes,
            3 => Wire::Group,
            4 => Wire::End,
            5 => Wire::Fixed32,
            _ => return Err(DecodeError::Tag),
        };
        if long {
            return Err(DecodeError::Tag);
        }
        Ok((tag >> 3, wire))
    }

    pub(super) fn take(&mut self, length: u64) -> Read<&'b [u8]> {
        let rest = &self.bytes[self.at..];
        let length = usize::try_from(length).map_err(|_| DecodeError::Cut)?;
        let taken = rest.get(..length).ok_or(DecodeError::Cut)?;
        self.at += length;
        Ok(taken)
    }

    pub(super) fn delimited(&mut self) -> Read<&'b [u8]> {
        let length = self.varint()?;
        self.take(length)
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Read<[u8; N]> {
        let rest = &self.bytes[self.at..];
        let value = rest.first_chunk().ok_or(DecodeError::Cut)?;
        self.at += N;
        Ok(*value)
    }

    /// Steps over the value behind a tag; groups may nest as deep as `depth`.
    pub(super) fn skip(&mut self, number: u32, wire: Wire, depth: u32) -> Read<()> {
        let mut open = Vec::new();
        let (mut number, mut wire) = (number, wire);
        loop {
            match wire {
                Wire::Varint => drop(self.varint()?),
                Wire::Fixed64 => drop(self.fixed::<8>()?),
                Wire::Bytes => drop(self.delimited()?),
                Wire::Fixed32 => drop(self.fixed::<4>()?),
                Wire::Group if open.len() >= depth as usize => return Err(DecodeError::Depth),
                Wire::Group => open.push(number),
                Wire::End if open.pop() != Some(number) => return Err(DecodeError::Group),
                Wire::End => {}
            }
            if open.is_empty() {
                return Ok(());
            }
            if self.is_empty() {
                return Err(DecodeError::Group);
            }
            (number, wire) = match self.profile {
                // Nobody looks at the numbers of what is skipped.
                Profile::Spec => self.loose_tag()?,
                Profile::Prost => self.tag()?,
            };
        }
    }
}
