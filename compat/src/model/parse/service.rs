//! Services and their methods.

use super::{Home, Once, Parsed, Parser, short, simple_name, text};
use crate::features::{Features, Syntax};
use crate::load::LoadError;
use crate::model::index::Named;
use crate::model::{MessageId, Method, MethodId, Service, ServiceId};
use crate::wire::{Reader, Value};
use std::collections::HashSet;

impl<'a> Parser<'a> {
    pub(super) fn service(
        &mut self,
        bytes: &'a [u8],
        home: Home,
        package: &str,
        position: u32,
    ) -> Parsed<()> {
        self.count()?;
        let id = ServiceId(short(self.set.services.len()));
        let first = short(self.set.methods.len());
        let mut name = "";
        let mut options = Once::default();
        let mut reader = Reader::new(bytes);
        while let Some((number, value)) = reader.next()? {
            match (number, value) {
                (1, Value::Bytes(bytes)) => name = simple_name(bytes)?,
                (2, Value::Bytes(bytes)) => self.method(bytes, id, first)?,
                (3, Value::Bytes(bytes)) => options.put(bytes)?,
                _ => {}
            }
        }
        if name.is_empty() {
            return Err(LoadError::bad("a service has no name"));
        }
        let mut names = HashSet::new();
        if let Some(method) = self.set.methods[first as usize..]
            .iter()
            .find(|method| !names.insert(method.name))
        {
            let twice = format!("the service {name} has two methods named {}", method.name);
            return Err(LoadError::bad(twice));
        }
        let mut unused = home.features;
        let options = options.options(34, &mut unused)?;
        let full_name = self
            .set
            .names
            .push(package, name)
            .ok_or_else(|| LoadError::bad("the full names of the set are too long"))?;
        self.set.services.push(Service {
            id,
            name,
            file: home.file,
            position,
            methods: first..short(self.set.methods.len()),
            options,
            bytes,
            full_name,
        });
        self.register(full_name, Named::Service(id))
    }

    pub(super) fn method(&mut self, bytes: &'a [u8], service: ServiceId, first: u32) -> Parsed<()> {
        self.count()?;
        let mut name = "";
        let (mut input, mut output) = ("", "");
        let (mut client_streaming, mut server_streaming) = (false, false);
        let mut options = Once::default();
        let mut reader = Reader::new(bytes);
        while let Some((number, value)) = reader.next()? {
            match (number, value) {
                (1, Value::Bytes(bytes)) => name = simple_name(bytes)?,
                (2, Value::Bytes(bytes)) => input = text(bytes)?,
                (3, Value::Bytes(bytes)) => output = text(bytes)?,
                (4, Value::Bytes(bytes)) => options.put(bytes)?,
                (5, value) => client_streaming = value.varint().is_some_and(|value| value != 0),
                (6, value) => server_streaming = value.varint().is_some_and(|value| value != 0),
                _ => {}
            }
        }
        if name.is_empty() {
            return Err(LoadError::bad("a method has no name"));
        }
        let mut unused = Features::defaults(Syntax::Proto2);
        let options = options.options(35, &mut unused)?;
        let id = MethodId(short(self.set.methods.len()));
        self.method_types.push((input, output));
        self.set.methods.push(Method {
            id,
            name,
            service,
            position: id.0 - first,
            input: MessageId(0),
            output: MessageId(0),
            client_streaming,
            server_streaming,
            options,
            bytes,
        });
        Ok(())
    }
}
