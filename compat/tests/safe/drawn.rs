//! Small schemas whose fields change in every way at once, from a seed.

use crate::cases::{Files, Random};

const SCALARS: [&str; 15] = [
    "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32",
    "sfixed64", "bool", "string", "bytes", "float", "double",
];
const NAMED: [&str; 5] = ["N", "P", "M", "E", "F"];
const KEYS: [&str; 5] = ["int32", "uint64", "sint32", "bool", "string"];

/// Bodies of the types that fields name.
const MESSAGES: [&str; 6] = [
    "?int32 key = 1; ?string value = 2;",
    "?int64 key = 1; ?string value = 2;",
    "?string key = 1; ?int32 value = 2;",
    "?string key = 1; ?int32 value = 2; ?bool more = 3;",
    "?string value = 2;",
    "oneof o { int32 key = 1; string value = 2; bytes other = 4; }",
];
const ENUMS: [&str; 6] = [
    "_ZERO = 0; _ONE = 1; _TWO = 2;",
    "_ZERO = 0; _ONE = 1;",
    "_ZERO = 0; _UNO = 1; _TWO = 2;",
    "_ZERO = 0; _TWO = 1; _ONE = 2;",
    "_ZERO = 0; _ONE = 1; _TWO = 2; _LESS = -1;",
    "_ZERO = 0; _ONE = 1; _TWO = 2; _LARGE = 70000;",
];

#[derive(Clone)]
struct Field {
    name: String,
    number: usize,
    /// `?` where it has no label in proto3.
    label: &'static str,
    kind: String,
    oneof: Option<&'static str>,
    default: bool,
}

#[derive(Clone)]
struct Schema {
    proto2: bool,
    fields: Vec<Field>,
    messages: [&'static str; 2],
    enums: [&'static str; 2],
}

/// A schema and what became of it.
pub(crate) fn pair(random: &mut Random) -> (Files, Files) {
    let old = Schema {
        proto2: random.below(2) == 0,
        fields: (1..5).map(|number| field(random, number)).collect(),
        messages: [MESSAGES[0], word(random, &MESSAGES)],
        enums: [ENUMS[0], word(random, &ENUMS)],
    };
    let mut new = old.clone();
    if random.below(12) == 0 {
        new.proto2 = !new.proto2;
    }
    for each in &mut new.fields {
        if random.below(3) == 0 {
            change(random, each);
        }
    }
    match random.below(6) {
        0 => new.messages[0] = word(random, &MESSAGES),
        1 => new.enums[0] = word(random, &ENUMS),
        2 => drop(new.fields.remove(random.below(4))),
        3 => new.fields.push(field(random, 5)),
        4 => {
            let [one, two, ..] = &mut new.fields[..] else {
                unreachable!("there are four");
            };
            std::mem::swap(&mut one.name, &mut two.name);
        }
        _ => {}
    }
    (old.files(), new.files())
}

fn field(random: &mut Random, number: usize) -> Field {
    let mut field = Field {
        name: format!("f{number}"),
        number,
        label: word(random, &["?", "?", "optional ", "repeated ", "required "]),
        kind: String::new(),
        oneof: None,
        default: random.below(6) == 0,
    };
    retype(random, &mut field);
    if random.below(3) == 0 {
        field.oneof = Some(word(random, &["o", "p"]));
    }
    field
}

fn word(random: &mut Random, from: &[&'static str]) -> &'static str {
    from[random.below(from.len())]
}

fn retype(random: &mut Random, field: &mut Field) {
    field.kind = match random.below(8) {
        0 => format!("map<{}, {}>", random.pick(&KEYS), scalar_or_named(random)),
        _ => scalar_or_named(random).to_owned(),
    };
}

fn scalar_or_named(random: &mut Random) -> &'static str {
    if random.below(2) == 0 {
        word(random, &SCALARS)
    } else {
        word(random, &NAMED)
    }
}

fn change(random: &mut Random, field: &mut Field) {
    match random.below(6) {
        0 | 1 => retype(random, field),
        2 => field.label = word(random, &["?", "optional ", "repeated ", "required "]),
        3 => field.oneof = *random.pick(&[None, Some("o"), Some("p")]),
        4 => field.default = !field.default,
        _ => field.name.push_str("_renamed"),
    }
}

impl Schema {
    fn files(&self) -> Files {
        let mut members = [String::new(), String::new(), String::new()];
        for field in &self.fields {
            let at = match field.oneof {
                _ if field.kind.starts_with("map") => 0,
                None => 0,
                Some("o") => 1,
                Some(_) => 2,
            };
            let label = match (self.proto2, field.label) {
                _ if at > 0 || field.kind.starts_with("map") => "",
                (true, "?") => "optional ",
                (false, "?" | "required ") => "",
                (_, label) => label,
            };
            let default = match field.kind.as_str() {
                _ if !self.proto2 || !field.default || label == "repeated " => "",
                "int32" | "uint64" | "double" => " [default = 7]",
                "string" | "bytes" => " [default = \"x\"]",
                "E" => " [default = E_ONE]",
                _ => "",
            };
            let (name, number, kind) = (&field.name, field.number, &field.kind);
            let line = format!("  {label}{kind} {name} = {number}{default};\n");
            members[at].push_str(&line);
        }
        let mut body = members[0].clone();
        for (name, inside) in [("o", &members[1]), ("p", &members[2])] {
            if !inside.is_empty() {
                body.push_str(&format!("  oneof {name} {{\n{inside}  }}\n"));
            }
        }
        let (syntax, label) = if self.proto2 {
            ("proto2", "optional ")
        } else {
            ("proto3", "")
        };
        let [n, p] = self.messages.map(|body| body.replace('?', label));
        let [e, f] = [("E", self.enums[0]), ("F", self.enums[1])]
            .map(|(name, values)| values.replace('_', &format!("{name}_")));
        let text = format!(
            "syntax = \"{syntax}\";\npackage p.v1;\nmessage M {{\n{body}}}\n\
             message N {{ {n} }}\nmessage P {{ {p} }}\nenum E {{ {e} }}\nenum F {{ {f} }}\n\
             service S {{ rpc Call(M) returns (M); }}\n"
        );
        [("a.proto".to_owned(), text)].into()
    }
}
