//! What a message will take in memory, weighed before it is decoded.
//!
//! An element of a list that is sent in two bytes takes hundreds once it is
//! decoded. So lists are counted first, and there is an end to them. Messages
//! that stand alone weigh nothing: the interface and reflection have none
//! that hold themselves.

use prost::DecodeError;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost_reflect::{Kind, MessageDescriptor};
use std::fmt;
use tonic::Status;

/// A message in a list, in bytes: as many as a dynamic one takes with a field
/// or two, and more than a generated one.
const MESSAGE: usize = 1 << 10;
/// An entry of a map, in bytes.
const ENTRY: usize = 128;
/// A field nobody knows, in bytes: a dynamic message keeps it by its number.
const UNKNOWN: usize = 384;
/// Anything else in a list, in bytes.
const VALUE: usize = 64;
/// Deeper than prost decodes.
const DEPTH: usize = 128;

/// Why a message is not decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It is none.
    Malformed(String),
    /// It holds more than there is room for.
    TooMuch(String),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Malformed(text) | Unfit::TooMuch(text) => f.write_str(text),
        }
    }
}

impl From<Unfit> for Status {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Malformed(text) => Status::internal(text),
            Unfit::TooMuch(text) => Status::resource_exhausted(text),
        }
    }
}

impl From<DecodeError> for Unfit {
    fn from(error: DecodeError) -> Self {
        Unfit::Malformed(error.to_string())
    }
}

/// What may still come, in bytes of memory.
#[derive(Debug)]
pub(crate) struct Room {
    all: usize,
    left: usize,
}

impl Room {
    /// Room for so many bytes.
    pub(crate) fn of(bytes: usize) -> Self {
        Room {
            all: bytes,
            left: bytes,
        }
    }

    /// Takes the lists of an encoded message of this type, at any depth.
    pub(crate) fn take(&mut self, of: &MessageDescriptor, encoded: &[u8]) -> Result<(), Unfit> {
        self.lists(of, encoded, DEPTH)
    }

    fn lists(
        &mut self,
        of: &MessageDescriptor,
        mut encoded: &[u8],
        depth: usize,
    ) -> Result<(), Unfit> {
        while !encoded.is_empty() {
            let (number, wire) = decode_key(&mut encoded)?;
            let field = of.get_field(number);
            let (WireType::LengthDelimited, Some(field)) = (wire, &field) else {
                let before = encoded.len();
                skip_field(wire, number, &mut encoded, DecodeContext::default())?;
                // A dynamic message keeps what it does not know, and a group
                // may hold a field in every two bytes.
                self.bytes(match (field, wire) {
                    (_, WireType::StartGroup) => UNKNOWN / 2 * (before - encoded.len()),
                    (Some(field), _) if field.is_list() => VALUE,
                    (Some(_), _) => 0,
                    (None, _) => UNKNOWN,
                })?;
                continue;
            };
            let length = decode_varint(&mut encoded)?;
            let (value, rest) = usize::try_from(length)
                .ok()
                .and_then(|length| encoded.split_at_checked(length))
                .ok_or_else(|| Unfit::Malformed("it is cut short".to_owned()))?;
            encoded = rest;
            let kind = field.kind();
            let element = match kind {
                Kind::Message(_) if field.is_map() => ENTRY,
                Kind::Message(_) => MESSAGE,
                Kind::String | Kind::Bytes => VALUE,
                Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => VALUE * value.len() / 8,
                Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => VALUE * value.len() / 4,
                // Packed, with a byte each at least.
                _ => VALUE * value.len(),
            };
            self.bytes(if field.is_list() || field.is_map() {
                element
            } else {
                0
            })?;
            if let Kind::Message(inner) = kind {
                let depth = depth.checked_sub(1).ok_or_else(|| {
                    Unfit::Malformed(format!("messages are nested more than {DEPTH} deep"))
                })?;
                self.lists(&inner, value, depth)?;
            }
        }
        Ok(())
    }

    fn bytes(&mut self, bytes: usize) -> Result<(), Unfit> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| {
            Unfit::TooMuch(format!(
                "it takes more than {} MiB in memory",
                self.all >> 20
            ))
        })?;
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use prost::Message;
    use proto::aperio::plugin::v1 as api;

    fn weighed(name: &str, encoded: &[u8]) -> Result<(), Unfit> {
        let of = proto::interface::newest().get_message_by_name(name);
        Room::of(24 << 20).take(&of.unwrap(), encoded)
    }

    /// The answer with the longest lists, as long as the interface allows.
    #[test]
    fn all_that_the_interface_allows_fits() {
        let input = api::ConfigField {
            choices: vec![String::new(); 64],
            ..api::ConfigField::default()
        };
        let action = api::ActionDescriptor {
            inputs: vec![input; 32],
            required_scopes: vec![String::new(); 32],
            ..api::ActionDescriptor::default()
        };
        let actions = api::ListActionsResponse {
            actions: vec![action; 128],
        };
        let name = "aperio.plugin.v1.ListActionsResponse";
        assert_eq!(weighed(name, &actions.encode_to_vec()), Ok(()));
    }

    #[test]
    fn short_elements_by_the_million_are_too_much() {
        let describe = "aperio.plugin.v1.DescribeResponse";
        let number = |name: &str, field: &str| {
            let of = proto::interface::newest().get_message_by_name(name);
            of.unwrap().get_field_by_name(field).unwrap().number()
        };
        let delimited = |number: u32, value: &[u8]| {
            let mut encoded = Vec::new();
            prost::encoding::bytes::encode(number, &value.to_vec(), &mut encoded);
            encoded
        };
        let config_fields = number(describe, "config_fields");
        let choice = delimited(number("aperio.plugin.v1.ConfigField", "choices"), &[]);
        let many: [(&str, Vec<u8>); 6] = [
            // Messages of two bytes.
            (describe, delimited(config_fields, &[]).repeat(1 << 20)),
            // Texts of two bytes within a message.
            (describe, delimited(config_fields, &choice.repeat(1 << 20))),
            // Numbers, packed.
            (
                describe,
                delimited(number(describe, "kinds"), &vec![1; 1 << 20]),
            ),
            // Entries of a map.
            (
                "aperio.plugin.v1.ValidateConfigRequest",
                delimited(3, &[]).repeat(1 << 20),
            ),
            // Fields nobody knows, alone and in a group.
            (describe, [0xf8, 0x7f, 0].repeat(1 << 20)),
            (
                describe,
                [&[0xfb, 0x7f][..], &[8, 0].repeat(1 << 20), &[0xfc, 0x7f]].concat(),
            ),
        ];
        for (number, (name, encoded)) in many.iter().enumerate() {
            let told = weighed(name, encoded);
            assert!(matches!(told, Err(Unfit::TooMuch(_))), "{number}: {told:?}");
        }
    }

    #[test]
    fn what_is_no_message_is_malformed() {
        let describe = "aperio.plugin.v1.DescribeResponse";
        for encoded in [&[0x0a, 2, 0x78][..], &[0xff; 8], &[0x0a]] {
            let told = weighed(describe, encoded);
            assert!(matches!(told, Err(Unfit::Malformed(_))), "{told:?}");
        }
    }
}
