//! Options, read by number when asked.

use crate::wire::{Reader, Value};

/// The encoded options of one element, extensions included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options<'a>(pub(crate) &'a [u8]);

impl<'a> Options<'a> {
    /// As they came.
    pub fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// Every value with this number, in the order of the wire.
    pub(crate) fn values(self, number: u32) -> impl Iterator<Item = Value<'a>> {
        let mut reader = Reader::new(self.0);
        // The model has read these bytes once; what is malformed ends the list.
        std::iter::from_fn(move || reader.next().ok().flatten())
            .filter(move |(found, _)| *found == number)
            .map(|(_, value)| value)
    }

    /// A number, a bool or an enum; the last one wins.
    pub fn varint(self, number: u32) -> Option<u64> {
        self.values(number).filter_map(Value::varint).last()
    }

    /// A bool.
    pub fn bool(self, number: u32) -> Option<bool> {
        self.varint(number).map(|value| value != 0)
    }

    /// A text; the last one wins. What is no UTF-8 counts as unset.
    pub fn text(self, number: u32) -> Option<&'a str> {
        self.values(number)
            .filter_map(Value::bytes)
            .filter_map(|bytes| std::str::from_utf8(bytes).ok())
            .last()
    }

    /// Every message or text with this number, in the order of the wire.
    pub fn all(self, number: u32) -> impl Iterator<Item = &'a [u8]> {
        self.values(number).filter_map(Value::bytes)
    }

    /// Whether the option is set.
    pub fn has(self, number: u32) -> bool {
        self.values(number).next().is_some()
    }
}
