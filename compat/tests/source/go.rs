//! Go that touches everything that generated code offers, and what the
//! compiler says of it.

use super::table::{Case, MODULE, go_package};
use super::tools::{Tools, output};
use compat::model::{Cardinality, ElementId, Field, FileId, Kind, Method, Target};
use compat::{DescriptorSet, Era};
use libtest_mimic::Failed;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// The versions of the fixtures; their sums are known.
const MODULE_FILE: &str = include_str!("../../../fixtures/go/go.mod");
const SUMS: &str = include_str!("../../../fixtures/go/go.sum");

/// The folder of one side.
pub(crate) fn side(era: Era) -> &'static str {
    match era {
        Era::Old => "old",
        Era::New => "new",
    }
}

/// Writes code against the old schema of a case, for both sides.
pub(crate) fn write(home: &Path, case: &Case, old: &DescriptorSet<'_>) -> Result<(), Failed> {
    for era in [Era::Old, Era::New] {
        let folder = home.join(side(era)).join(&case.folder).join("use");
        std::fs::create_dir_all(&folder)?;
        let code = Code {
            set: old,
            case,
            root: format!("{MODULE}/{}", side(era)),
        };
        std::fs::write(folder.join("use.go"), code.text())?;
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    import_path: String,
    error: Option<Complaint>,
    /// Packages that it imports and that are not there.
    #[serde(default)]
    deps_errors: Vec<Complaint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Complaint {
    err: String,
}

/// Builds everything at once; what is wrong, by package.
pub(crate) fn build(tools: &Tools, home: &Path) -> Result<BTreeMap<String, String>, Failed> {
    let module = MODULE_FILE
        .lines()
        .skip_while(|line| !line.starts_with("go "));
    let module: Vec<&str> = module.collect();
    let module = format!("module {MODULE}\n\n{}\n", module.join("\n"));
    std::fs::write(home.join("go.mod"), module)?;
    std::fs::write(home.join("go.sum"), SUMS)?;
    let mut command = Command::new(&tools.go);
    command.args(["list", "-mod=mod", "-e", "-export"]);
    command.args(["-json=ImportPath,Error,DepsErrors", "./..."]);
    let listed = output(command.current_dir(home))?;
    let mut wrong = BTreeMap::new();
    let packages = serde_json::Deserializer::from_slice(&listed).into_iter::<Listed>();
    for package in packages {
        let package = package?;
        let mut complaints = package.error.into_iter().chain(package.deps_errors);
        if let Some(complaint) = complaints.next() {
            wrong.insert(package.import_path, complaint.err);
        }
    }
    Ok(wrong)
}

/// The package of a case's code on one side.
pub(crate) fn package(case: &Case, era: Era) -> String {
    format!("{MODULE}/{}/{}/use", side(era), case.folder)
}

struct Code<'s> {
    set: &'s DescriptorSet<'s>,
    case: &'s Case,
    root: String,
}

impl Code<'_> {
    fn text(&self) -> String {
        let set = self.set;
        let mut body = String::new();
        let mut serves = false;
        for file in set.files() {
            let alias = self.alias(file.id);
            for message in set.messages_of(file) {
                if message.map_entry {
                    continue;
                }
                let name = self.name(message.id.into());
                let _ = writeln!(body, "func touch{}(m *{name}) {{", camel(&name));
                for field in set.fields_of(message) {
                    self.field(field, &name, &mut body);
                }
                body.push_str("}\n");
            }
            for each in set.enums_of(file) {
                let name = self.name(each.id.into());
                let around = match each.parent {
                    Some(message) => self.name(message.into()),
                    None => name.clone(),
                };
                for value in set.values_of(each) {
                    let _ = writeln!(body, "var _ {name} = {around}_{}", value.name);
                }
                let _ = writeln!(body, "var _, _ = {name}_name, {name}_value");
            }
            for extension in set.extensions_of(file) {
                let _ = writeln!(body, "var _ = {alias}.E_{}", camel(extension.name));
            }
            for service in set.services_of(file) {
                serves = true;
                let name = format!("{alias}.{}", service.name);
                let own = format!("serve{}", service.name);
                let _ = writeln!(
                    body,
                    "type {own} struct {{ {alias}.Unimplemented{0}Server }}\n\
                     var _ {name}Server = {own}{{}}\n\
                     var _ = {alias}.Register{0}Server\n\
                     var _ = {name}_ServiceDesc\n\
                     var _ func(grpc.ClientConnInterface) {name}Client = {alias}.New{0}Client",
                    service.name
                );
                for method in set.methods_of(service) {
                    self.method(method, &name, &own, &mut body);
                }
            }
        }
        let mut imports: BTreeSet<String> = BTreeSet::new();
        for text in self.case.files(Era::Old).values() {
            let path = go_package(text).unwrap_or_default();
            let alias = path.rsplit('/').next().unwrap_or_default();
            imports.insert(format!("{alias} \"{}/{path}\"", self.root));
        }
        if serves {
            imports.insert("\"context\"".to_owned());
            imports.insert("\"google.golang.org/grpc\"".to_owned());
        }
        let imports: Vec<String> = imports.into_iter().collect();
        format!(
            "package use\n\nimport (\n{}\n)\n\n{body}",
            imports.join("\n")
        )
    }

    /// What a file's package is called here: the last word of its path.
    fn alias(&self, file: FileId) -> String {
        let files = self.case.files(Era::Old);
        let path = go_package(&files[self.set[file].path]).unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// A message or an enum with its package.
    fn name(&self, element: ElementId) -> String {
        let name = self.set.nested_name(element);
        let words: Vec<String> = name.split('.').map(camel).collect();
        format!(
            "{}.{}",
            self.alias(self.set.file_of(element)),
            words.join("_")
        )
    }

    /// The type of one value.
    fn of(&self, field: &Field<'_>) -> String {
        let word = match (field.kind, field.target) {
            (_, Target::Message(id)) => return format!("*{}", self.name(id.into())),
            (_, Target::Enum(id)) => return self.name(id.into()),
            (Kind::Int32 | Kind::Sint32 | Kind::Sfixed32, _) => "int32",
            (Kind::Int64 | Kind::Sint64 | Kind::Sfixed64, _) => "int64",
            (Kind::Uint32 | Kind::Fixed32, _) => "uint32",
            (Kind::Uint64 | Kind::Fixed64, _) => "uint64",
            (Kind::Float, _) => "float32",
            (Kind::Double, _) => "float64",
            (Kind::Bool, _) => "bool",
            (Kind::Bytes, _) => "[]byte",
            _ => "string",
        };
        word.to_owned()
    }

    fn field(&self, field: &Field<'_>, message: &str, body: &mut String) {
        let set = self.set;
        let (name, one) = (camel(field.name), self.of(field));
        let get = match (set.cardinality(field), field.target) {
            (Cardinality::Map, Target::Message(entry)) => {
                let fields = set.fields_of(&set[entry]);
                format!("map[{}]{}", self.of(&fields[0]), self.of(&fields[1]))
            }
            (Cardinality::Repeated, _) => format!("[]{one}"),
            _ => one.clone(),
        };
        if let Some(oneof) = set.oneof_of(field) {
            let (oneof, arm) = (camel(oneof.name), format!("{message}_{name}"));
            let _ = writeln!(
                body,
                "\t{{ w := &{arm}{{}}; var v {one} = w.{name}; w.{name} = v; m.{oneof} = w; \
                 switch m.Get{oneof}().(type) {{ case *{arm}: }} }}"
            );
        } else {
            let told = matches!(
                set.cardinality(field),
                Cardinality::Explicit | Cardinality::Required
            );
            let pointer = told && !field.kind.is_message() && field.kind != Kind::Bytes;
            let held = if pointer {
                format!("*{one}")
            } else {
                get.clone()
            };
            let _ = writeln!(body, "\t{{ var v {held} = m.{name}; m.{name} = v }}");
        }
        let _ = writeln!(body, "\t{{ var v {get} = m.Get{name}(); _ = v }}");
        if field.declared_default.is_some() {
            let named = message.replacen('.', ".Default_", 1);
            let _ = writeln!(body, "\t_ = {named}_{name}");
        }
    }

    fn method(&self, method: &Method<'_>, service: &str, own: &str, body: &mut String) {
        let (name, called) = (method.name, camel(method.name));
        let (input, output) = (
            self.name(method.input.into()),
            self.name(method.output.into()),
        );
        let (serves, calls) = match (method.client_streaming, method.server_streaming) {
            (false, false) => (
                format!("(context.Context, *{input}) (*{output}, error) {{ return nil, nil }}"),
                format!("var out *{output}; out, _ = c.{called}(ctx, new({input}))"),
            ),
            (false, true) => (
                format!("(*{input}, grpc.ServerStreamingServer[{output}]) error {{ return nil }}"),
                format!(
                    "stream, _ := c.{called}(ctx, new({input})); \
                     var out *{output}; out, _ = stream.Recv()"
                ),
            ),
            (true, false) => (
                format!("(grpc.ClientStreamingServer[{input}, {output}]) error {{ return nil }}"),
                format!(
                    "stream, _ := c.{called}(ctx); _ = stream.Send(new({input})); \
                     var out *{output}; out, _ = stream.CloseAndRecv()"
                ),
            ),
            (true, true) => (
                format!("(grpc.BidiStreamingServer[{input}, {output}]) error {{ return nil }}"),
                format!(
                    "stream, _ := c.{called}(ctx); _ = stream.Send(new({input})); \
                     var out *{output}; out, _ = stream.Recv()"
                ),
            ),
        };
        let _ = writeln!(
            body,
            "func ({own}) {called}{serves}\n\
             func call{own}{name}(ctx context.Context, c {service}Client) {{ {calls}; _ = out }}\n\
             const _ = {service}_{name}_FullMethodName"
        );
    }
}

/// `big_number` as `BigNumber`.
fn camel(name: &str) -> String {
    let words = name.split(['_', '.']);
    words
        .flat_map(|word| {
            let (first, rest) = word.split_at(1.min(word.len()));
            [first.to_uppercase(), rest.to_owned()]
        })
        .collect()
}
