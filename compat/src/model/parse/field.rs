//! Fields and extensions.

use super::{Home, Once, Parsed, Parser, short, simple_name, text};
use crate::features::{Features, Presence, RepeatedEncoding, Syntax};
use crate::load::LoadError;
use crate::model::index::Named;
use crate::model::{Field, FieldId, Kind, Label, OneofId, Options, Scope, Target};
use crate::wire::{Reader, Value};

impl<'a> Parser<'a> {
    pub(super) fn field(
        &mut self,
        bytes: &'a [u8],
        home: Home,
        position: u32,
        extension: bool,
        oneofs: &std::ops::Range<u32>,
    ) -> Parsed<()> {
        self.count()?;
        let mut name = "";
        let (mut field_number, mut label, mut kind) = (0, 1, 0);
        let (mut type_name, mut extendee) = ("", "");
        let mut default = None;
        let mut json_name = None;
        let mut oneof_index = None;
        let mut proto3_optional = false;
        let mut options = Once::default();
        let mut reader = Reader::new(bytes);
        while let Some((number, value)) = reader.next()? {
            match (number, value) {
                (1, Value::Bytes(bytes)) => name = simple_name(bytes)?,
                (2, Value::Bytes(bytes)) => extendee = text(bytes)?,
                (3, value) => field_number = value.int32().unwrap_or(0),
                (4, value) => label = value.int32().unwrap_or(1),
                (5, value) => kind = value.int32().unwrap_or(0),
                (6, Value::Bytes(bytes)) => type_name = text(bytes)?,
                (7, Value::Bytes(bytes)) => default = Some(bytes),
                (8, Value::Bytes(bytes)) => options.put(bytes)?,
                (9, value) => oneof_index = value.int32(),
                (10, Value::Bytes(bytes)) => json_name = Some(text(bytes)?),
                (17, value) => proto3_optional = value.varint().is_some_and(|value| value != 0),
                _ => {}
            }
        }
        if name.is_empty() {
            return Err(LoadError::bad("a field has no name"));
        }
        let odd = |what: &str| LoadError::bad(format!("the field {name} {what}"));
        // A field of a message set may use the whole range.
        if field_number < 1 {
            return Err(odd("has no number"));
        }
        let label = match label {
            1 => Label::Optional,
            2 => Label::Required,
            3 => Label::Repeated,
            _ => return Err(odd("has an unknown label")),
        };
        let declared_kind = match Kind::read(kind) {
            Some(kind) => kind,
            // Only a named type may go without; which one it is shows later.
            None if kind == 0 && !type_name.is_empty() => Kind::Message,
            None => return Err(odd("has an unknown type")),
        };
        if declared_kind.is_named() == type_name.is_empty() {
            return Err(odd("has a type without a name, or a name without a type"));
        }
        if extension == extendee.is_empty() {
            return Err(odd("does not stand where it belongs"));
        }
        let oneof = match oneof_index {
            None => None,
            Some(index) => Some(
                u32::try_from(index)
                    .ok()
                    .and_then(|index| oneofs.start.checked_add(index))
                    .filter(|id| oneofs.contains(id))
                    .map(OneofId)
                    .ok_or_else(|| odd("is in a oneof that does not exist"))?,
            ),
        };
        let mut features = home.features;
        if let Some(oneof) = oneof {
            let inherited = self.set.oneofs[oneof.index()].options;
            for set in inherited.all(1) {
                features.overlay(set)?;
            }
        }
        let options = options.options(21, &mut features)?;
        if !matches!(home.syntax, Syntax::Edition(_)) {
            translate(&mut features, label, proto3_optional, options);
        }
        let id = FieldId(short(self.set.fields.len()));
        if extension {
            self.extendees.push((id, extendee));
            let full_name = self.full_name(home, name)?;
            self.register(full_name, Named::Extension(id))?;
        }
        self.type_names.push(type_name);
        self.set.fields.push(Field {
            id,
            name,
            number: field_number,
            file: home.file,
            scope: home.parent.map_or(Scope::File, Scope::Message),
            position,
            extendee: None,
            kind: declared_kind,
            declared_kind,
            target: Target::Scalar,
            label,
            oneof,
            proto3_optional,
            declared_json_name: json_name,
            declared_default: default,
            options,
            features,
            bytes,
        });
        Ok(())
    }
}

/// Labels and options of proto2 and proto3 as features.
fn translate(features: &mut Features, label: Label, proto3_optional: bool, options: Options<'_>) {
    if label == Label::Required {
        features.presence = Presence::LegacyRequired;
    } else if proto3_optional {
        features.presence = Presence::Explicit;
    }
    match options.bool(2) {
        Some(true) => features.repeated = RepeatedEncoding::Packed,
        Some(false) => features.repeated = RepeatedEncoding::Expanded,
        None => {}
    }
}
