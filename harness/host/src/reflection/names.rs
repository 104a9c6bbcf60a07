//! The full names in an answer, of which there is an end.
//!
//! A long name counts again for all that is declared under it.

use super::Failure;
use prost_reflect::prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto};

/// Longest full name, in bytes.
const NAME: usize = 1 << 10;
/// Most bytes of full names.
const NAMES: usize = 1 << 20;

/// Bytes of names that may still come.
pub(super) struct Names(usize);

impl Default for Names {
    fn default() -> Self {
        Names(NAMES)
    }
}

impl Names {
    /// Takes the full names of all that a file declares, and the names it
    /// uses.
    pub(super) fn take(&mut self, file: &FileDescriptorProto) -> Result<(), Failure> {
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
        self.0 = self
            .0
            .checked_sub(length)
            .ok_or_else(|| Failure::TooMuch(format!("more than {NAMES} bytes of names")))?;
        Ok(length)
    }
}
