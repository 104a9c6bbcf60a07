//! Python that touches everything that generated code offers, and what happens
//! when it runs.

use super::go::side;
use super::table::Case;
use super::tools::{Tools, output};
use compat::model::{Cardinality, ElementId, Field, FileId, Kind, Method, Target};
use compat::{DescriptorSet, Era};
use libtest_mimic::Failed;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// The option of a file that has services in its own module.
const PY_GENERIC_SERVICES: u32 = 18;

/// Writes code against the old schema of a case.
pub(crate) fn write(home: &Path, case: &Case, old: &DescriptorSet<'_>) -> Result<(), Failed> {
    let folder = home.join("uses");
    std::fs::create_dir_all(&folder)?;
    let place = folder.join(format!("{}.py", case.folder.replace('/', "_")));
    std::fs::write(place, Code { set: old }.text())?;
    Ok(())
}

/// Runs the code of all cases against one side; what went wrong, by case.
pub(crate) fn run(
    tools: &Tools,
    home: &Path,
    era: Era,
) -> Result<BTreeMap<String, String>, Failed> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/source/touch.py");
    let mut command = Command::new(&tools.python);
    command.arg(script).arg(home.join("python").join(side(era)));
    command.arg(home.join("uses"));
    Ok(serde_json::from_slice(&output(&mut command)?)?)
}

/// The name of a case's code.
pub(crate) fn name(case: &Case) -> String {
    case.folder.replace('/', "_")
}

struct Code<'s> {
    set: &'s DescriptorSet<'s>,
}

impl Code<'_> {
    fn text(&self) -> String {
        let set = self.set;
        let mut text = String::new();
        for file in set.files() {
            let path = file.path.trim_end_matches(".proto").replace('/', ".");
            let alias = self.alias(file.id);
            let _ = writeln!(text, "import {path}_pb2 as {alias}");
            if !file.services.is_empty() {
                let _ = writeln!(text, "import {path}_pb2_grpc as {alias}_grpc");
            }
        }
        for file in set.files() {
            let alias = self.alias(file.id);
            for message in set.messages_of(file) {
                if message.map_entry {
                    continue;
                }
                let name = self.name(message.id.into());
                let _ = writeln!(text, "{name}.DESCRIPTOR\nm = {name}()");
                for field in set.fields_of(message) {
                    self.field(field, &name, &mut text);
                }
            }
            for each in set.enums_of(file) {
                let name = self.name(each.id.into());
                let around = match each.parent {
                    Some(message) => self.name(message.into()),
                    None => alias.clone(),
                };
                for value in set.values_of(each) {
                    let value = value.name;
                    let _ = writeln!(
                        text,
                        "{name}.Value(\"{value}\")\n{name}.Name({around}.{value})"
                    );
                }
            }
            for extension in set.extensions_of(file) {
                let of = self.name(set.owner(extension).into());
                let (extension, value) = (extension.name, self.value(extension));
                let _ = writeln!(text, "{of}().Extensions[{alias}.{extension}] = {value}");
            }
            for service in set.services_of(file) {
                let grpc = format!("{alias}_grpc");
                let name = service.name;
                if file.options.bool(PY_GENERIC_SERVICES) == Some(true) {
                    let _ = writeln!(text, "{alias}.{name}\n{alias}.{name}_Stub");
                }
                let _ = writeln!(text, "class Own({grpc}.{name}Servicer):");
                for method in set.methods_of(service) {
                    self.serve(method, &mut text);
                }
                let _ = writeln!(text, "    pass\nserver = Server()");
                let _ = writeln!(text, "{grpc}.add_{name}Servicer_to_server(Own(), server)");
                let _ = writeln!(text, "stub = {grpc}.{name}Stub(Channel())");
                for method in set.methods_of(service) {
                    self.call(method, &mut text);
                }
            }
        }
        text
    }

    fn alias(&self, file: FileId) -> String {
        let path = self.set[file].path.trim_end_matches(".proto");
        path.rsplit('/').next().unwrap_or_default().to_owned()
    }

    fn name(&self, element: ElementId) -> String {
        let alias = self.alias(self.set.file_of(element));
        format!("{alias}.{}", self.set.nested_name(element))
    }

    /// A value that is not zero.
    fn value(&self, field: &Field<'_>) -> String {
        match (field.kind, field.target) {
            (_, Target::Message(id)) => format!("{}()", self.name(id.into())),
            (_, Target::Enum(id)) => {
                let each = &self.set[id];
                let around = match each.parent {
                    Some(message) => self.name(message.into()),
                    None => self.alias(each.file),
                };
                let values = self.set.values_of(each);
                format!("{around}.{}", values[values.len() - 1].name)
            }
            (Kind::Bool, _) => "True".to_owned(),
            (Kind::Float | Kind::Double, _) => "1.5".to_owned(),
            (Kind::String, _) => "\"x\"".to_owned(),
            (Kind::Bytes, _) => "b\"x\"".to_owned(),
            _ => "3".to_owned(),
        }
    }

    fn field(&self, field: &Field<'_>, message: &str, text: &mut String) {
        let set = self.set;
        let (name, value) = (field.name, self.value(field));
        let number = name.to_uppercase();
        let _ = writeln!(text, "{message}.{number}_FIELD_NUMBER");
        match set.cardinality(field) {
            Cardinality::Map => {
                let Target::Message(entry) = field.target else {
                    return;
                };
                let fields = set.fields_of(&set[entry]);
                let (key, value) = (self.value(&fields[0]), self.value(&fields[1]));
                if fields[1].kind.is_message() {
                    let _ = writeln!(text, "m.{name}[{key}].CopyFrom({value})");
                } else {
                    let _ = writeln!(text, "m.{name}[{key}] = {value}");
                }
                let _ = writeln!(
                    text,
                    "same(m.{name}[{key}], {value})\n\
                     for key in m.{name}: same(key, {key})"
                );
            }
            Cardinality::Repeated => {
                let _ = writeln!(
                    text,
                    "m.{name}.append({value})\nm.{name}.extend([{value}])\n\
                     same(m.{name}[0], {value})\nassert len(m.{name}) == 2"
                );
                if field.kind.is_message() {
                    let _ = writeln!(text, "same(m.{name}.add(), {value})");
                }
            }
            cardinality => {
                if field.kind.is_message() {
                    let _ = writeln!(text, "m.{name}.SetInParent()\nm.{name}.CopyFrom({value})");
                } else {
                    let _ = writeln!(text, "m.{name} = {value}");
                }
                let _ = writeln!(text, "same(m.{name}, {value})\n{message}({name}={value})");
                if cardinality != Cardinality::Implicit {
                    let _ = writeln!(text, "assert m.HasField(\"{name}\")");
                }
            }
        }
        if let Some(oneof) = set.oneof_of(field) {
            let _ = writeln!(text, "m.WhichOneof(\"{}\")", oneof.name);
        }
        let _ = writeln!(text, "m.ClearField(\"{name}\")");
    }

    /// A method as its author serves it.
    fn serve(&self, method: &Method<'_>, text: &mut String) {
        let (input, output) = (
            self.name(method.input.into()),
            self.name(method.output.into()),
        );
        let reads = if method.client_streaming {
            format!("for each in request: same(each, {input}())")
        } else {
            format!("same(request, {input}())")
        };
        let gives = if method.server_streaming {
            format!("yield {output}()")
        } else {
            format!("return {output}()")
        };
        let name = method.name;
        let _ = writeln!(
            text,
            "    def {name}(self, request, context):\n        {reads}\n        {gives}"
        );
    }

    /// The call of a method, and what its server makes of one.
    fn call(&self, method: &Method<'_>, text: &mut String) {
        let (input, output) = (
            self.name(method.input.into()),
            self.name(method.output.into()),
        );
        let name = method.name;
        let request = if method.client_streaming {
            format!("iter([{input}()])")
        } else {
            format!("{input}()")
        };
        for call in [
            format!("stub.{name}({request})"),
            format!("server.call(\"{name}\", {request})"),
        ] {
            if method.server_streaming {
                let _ = writeln!(text, "for each in {call}: same(each, {output}())");
            } else {
                let _ = writeln!(text, "same({call}, {output}())");
            }
        }
    }
}
