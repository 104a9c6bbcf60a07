//! What an answer will take in memory, weighed before any of it is decoded.
//!
//! A message that is declared in two bytes takes hundreds once it is decoded,
//! and more in a pool; a long name counts again for all that is declared under
//! it. So both are counted first, and there is an end to either.

use super::Failure;
use prost::DecodeError;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost_reflect::prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto};
use prost_reflect::{Kind, MessageDescriptor};

/// Most elements of lists, at any depth: messages, fields, values, imports,
/// reserved numbers and whatever else there are several of. The interface and all
/// it imports have some 1,300.
const ELEMENTS: usize = 8 << 10;
/// Longest full name, in bytes.
const NAME: usize = 1 << 10;
/// Most bytes of full names.
const NAMES: usize = 1 << 20;
/// Deeper than prost decodes.
const DEPTH: usize = 128;

/// The field of a file that holds its comments and where they stand.
const SOURCE_CODE_INFO: u32 = 9;

/// What may still come.
pub(super) struct Room {
    elements: usize,
    names: usize,
}

impl Default for Room {
    fn default() -> Self {
        Room {
            elements: ELEMENTS,
            names: NAMES,
        }
    }
}

impl Room {
    /// Takes the elements of all lists in an encoded message of this type.
    pub(super) fn take_lists(
        &mut self,
        of: &MessageDescriptor,
        encoded: &[u8],
    ) -> Result<(), Failure> {
        self.lists(of, encoded, DEPTH)
    }

    fn lists(
        &mut self,
        of: &MessageDescriptor,
        mut encoded: &[u8],
        depth: usize,
    ) -> Result<(), Failure> {
        let wrong = |error: DecodeError| Failure::Wrong(format!("an answer is malformed: {error}"));
        while !encoded.is_empty() {
            let (number, wire) = decode_key(&mut encoded).map_err(wrong)?;
            let field = of.get_field(number);
            let Some(field) = field else {
                // Nobody decodes what nobody knows.
                skip_field(wire, number, &mut encoded, DecodeContext::default()).map_err(wrong)?;
                continue;
            };
            if wire != WireType::LengthDelimited {
                skip_field(wire, number, &mut encoded, DecodeContext::default()).map_err(wrong)?;
                self.elements(usize::from(field.is_list()))?;
                continue;
            }
            let length = decode_varint(&mut encoded).map_err(wrong)?;
            let split = usize::try_from(length)
                .ok()
                .and_then(|length| encoded.split_at_checked(length));
            let Some((value, rest)) = split else {
                return Err(Failure::Wrong("an answer is cut short".to_owned()));
            };
            encoded = rest;
            let elements = match field.kind() {
                Kind::Message(_) | Kind::String | Kind::Bytes => 1,
                // Packed numbers have a byte each at least.
                _ => value.len(),
            };
            self.elements(if field.is_list() { elements } else { 0 })?;
            if let Kind::Message(inner) = field.kind() {
                let depth = depth.checked_sub(1).ok_or_else(|| {
                    Failure::Wrong(format!("messages are nested more than {DEPTH} deep"))
                })?;
                self.lists(&inner, value, depth)?;
            }
        }
        Ok(())
    }

    fn elements(&mut self, elements: usize) -> Result<(), Failure> {
        self.elements = self.elements.checked_sub(elements).ok_or_else(|| {
            let text = format!("more than {ELEMENTS} messages, fields and other elements");
            Failure::TooMuch(text)
        })?;
        Ok(())
    }

    /// Takes the full names of all that a file declares, and the names it
    /// uses.
    pub(super) fn take_names(&mut self, file: &FileDescriptorProto) -> Result<(), Failure> {
        let scope = self.name(0, file.package())?;
        for message in &file.message_type {
            self.message(scope, message)?;
        }
        for one in &file.enum_type {
            self.enumeration(scope, one)?;
        }
        for field in &file.extension {
            self.name(scope, field.name())?;
            self.name(0, field.type_name())?;
            self.name(0, field.extendee())?;
        }
        for service in &file.service {
            let scope = self.name(scope, service.name())?;
            for method in &service.method {
                self.name(scope, method.name())?;
                self.name(0, method.input_type())?;
                self.name(0, method.output_type())?;
            }
        }
        Ok(())
    }

    fn message(&mut self, scope: usize, message: &DescriptorProto) -> Result<(), Failure> {
        let scope = self.name(scope, message.name())?;
        for field in message.field.iter().chain(&message.extension) {
            self.name(scope, field.name())?;
            self.name(0, field.type_name())?;
            self.name(0, field.extendee())?;
        }
        for oneof in &message.oneof_decl {
            self.name(scope, oneof.name())?;
        }
        for one in &message.enum_type {
            self.enumeration(scope, one)?;
        }
        for nested in &message.nested_type {
            self.message(scope, nested)?;
        }
        Ok(())
    }

    fn enumeration(&mut self, scope: usize, one: &EnumDescriptorProto) -> Result<(), Failure> {
        self.name(scope, one.name())?;
        for value in &one.value {
            self.name(scope, value.name())?;
        }
        Ok(())
    }

    /// Takes one name in a scope of this length; gives the length of both.
    fn name(&mut self, scope: usize, name: &str) -> Result<usize, Failure> {
        let length = scope + 1 + name.len();
        if length > NAME {
            return Err(Failure::TooMuch(format!(
                "a full name of more than {NAME} bytes"
            )));
        }
        self.names = self
            .names
            .checked_sub(length)
            .ok_or_else(|| Failure::TooMuch(format!("more than {NAMES} bytes of names")))?;
        Ok(length)
    }
}

/// An encoded file without its comments, of which there may be more than of
/// all else.
pub(super) fn without_comments(encoded: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut kept = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while !rest.is_empty() {
        let before = rest;
        let (number, wire) = decode_key(&mut rest)?;
        skip_field(wire, number, &mut rest, DecodeContext::default())?;
        if number != SOURCE_CODE_INFO {
            kept.extend_from_slice(&before[..before.len() - rest.len()]);
        }
    }
    Ok(kept)
}
