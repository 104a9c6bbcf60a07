//! Enums and their values.

use super::{Home, Once, Parsed, Parser, range, short, simple_name, text, visibility};
use crate::features::{Features, Syntax};
use crate::load::LoadError;
use crate::model::index::Named;
use crate::model::{Enum, EnumId, EnumValue, ValueId, Visibility};
use crate::wire::{Reader, Value};
use std::collections::HashSet;

impl<'a> Parser<'a> {
    pub(super) fn enumeration(&mut self, bytes: &'a [u8], home: Home, position: u32) -> Parsed<()> {
        self.count()?;
        let id = EnumId(short(self.set.enums.len()));
        let first = short(self.set.values.len());
        let mut name = "";
        let mut options = Once::default();
        let mut seen = Visibility::Unset;
        let mut reserved = Vec::new();
        let mut reserved_names = Vec::new();
        let mut reader = Reader::new(bytes);
        while let Some((number, value)) = reader.next()? {
            match (number, value) {
                (1, Value::Bytes(bytes)) => name = simple_name(bytes)?,
                (2, Value::Bytes(bytes)) => self.value(bytes, id, first)?,
                (3, Value::Bytes(bytes)) => options.put(bytes)?,
                (4, Value::Bytes(bytes)) => {
                    self.count()?;
                    reserved.push(range(bytes, 0)?);
                }
                (5, Value::Bytes(bytes)) => {
                    self.count()?;
                    reserved_names.push(text(bytes)?);
                }
                (6, value) => seen = visibility(value.int32().unwrap_or(0)),
                _ => {}
            }
        }
        if name.is_empty() {
            return Err(LoadError::bad("an enum has no name"));
        }
        let values = first..short(self.set.values.len());
        if values.is_empty() {
            return Err(LoadError::bad(format!("the enum {name} has no values")));
        }
        let mut names = HashSet::with_capacity(values.len());
        if let Some(value) = self.set.values[first as usize..]
            .iter()
            .find(|value| !names.insert(value.name))
        {
            let twice = format!("the enum {name} has two values named {}", value.name);
            return Err(LoadError::bad(twice));
        }
        let mut features = home.features;
        let options = options.options(7, &mut features)?;
        let full_name = self.full_name(home, name)?;
        self.set.enums.push(Enum {
            id,
            name,
            file: home.file,
            parent: home.parent,
            position,
            values,
            reserved,
            reserved_names,
            options,
            features,
            visibility: seen,
            bytes,
            full_name,
        });
        self.register(full_name, Named::Enum(id))
    }

    pub(super) fn value(&mut self, bytes: &'a [u8], parent: EnumId, first: u32) -> Parsed<()> {
        self.count()?;
        let mut name = "";
        let mut value_number = 0;
        let mut options = Once::default();
        let mut reader = Reader::new(bytes);
        while let Some((number, value)) = reader.next()? {
            match (number, value) {
                (1, Value::Bytes(bytes)) => name = simple_name(bytes)?,
                (2, value) => value_number = value.int32().unwrap_or(0),
                (3, Value::Bytes(bytes)) => options.put(bytes)?,
                _ => {}
            }
        }
        if name.is_empty() {
            return Err(LoadError::bad("an enum value has no name"));
        }
        let mut unused = Features::defaults(Syntax::Proto2);
        let options = options.options(2, &mut unused)?;
        let id = ValueId(short(self.set.values.len()));
        self.set.values.push(EnumValue {
            id,
            name,
            number: value_number,
            parent,
            position: id.0 - first,
            options,
            bytes,
        });
        Ok(())
    }
}
