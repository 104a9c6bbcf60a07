//! Schemas and edits, made from a seed.

use std::collections::BTreeMap;

/// Files of one side by path.
pub(crate) type Files = BTreeMap<String, String>;

/// One pair of schemas in a folder and package of its own.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) folder: String,
    pub(crate) edits: Vec<String>,
    pub(crate) old: Files,
    pub(crate) new: Files,
}

/// A generator that gives the same numbers everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub(crate) fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

const HEADS: [&str; 4] = [
    "syntax = \"proto3\";",
    "syntax = \"proto2\";",
    "edition = \"2023\";",
    "edition = \"2024\";",
];

const SCALARS: [&str; 15] = [
    "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32",
    "sfixed64", "bool", "string", "bytes", "float", "double",
];

/// `?` is the label of a field that has none in proto3.
const MAIN: &str = r#"HEAD
package PACKAGE;
import "FOLDER/b.proto";
option go_package = "x/y";
option java_package = "j";
option java_multiple_files = true;
// A message.
message M {
  ?int32 a = 1;
  ?string s = 2;
  ?int64 o = 3;
  repeated int32 r = 4;
  map<string, N> m = 5;
  ?N n = 6;
  ?E e = 7;
  ?bytes b = 8;
  oneof pick {
    int32 x = 9;
    string y = 10;
  }
  oneof single {
    bool z = 11;
  }
  ?fixed32 f = 12;
  map<int32, int64> ints = 13;
  ?Other other = 14;
  ?Inner inner = 15;
  repeated E es = 16;
  repeated string names = 17;
  ?int64 big_number = 18 [jstype = JS_STRING];
  ?Inner.Mode mode = 19;
  repeated Other others = 40;
  EXTRA
  reserved 20 to 25, 30;
  reserved "old", "older";
  message Inner {
    ?int32 deep = 1;
    enum Mode {
      MODE_ZERO = 0;
      MODE_ONE = 1;
    }
    ?Mode mode = 2;
    message Deeper {
      ?string d = 1;
    }
    ?Deeper deeper = 3;
  }
}
message N {
  ?int64 id = 1;
  ?string label = 2;
}
message N2 {
  ?int64 id = 1;
  ?string label = 2;
}
enum E {
  option allow_alias = true;
  E_ZERO = 0;
  E_ONE = 1;
  E_UNO = 1;
  E_TWO = 2;
  E_NEGATIVE = -3;
  reserved 10 to 12;
  reserved "E_OLD";
}
message Holder {
  enum E {
    HOLDER_ZERO = 0;
    HOLDER_ONE = 1;
  }
}
service S {
  rpc Get(M) returns (N);
  rpc List(stream M) returns (stream N);
  rpc Put(M) returns (N) {
    option idempotency_level = IDEMPOTENT;
  }
}
service T {
  rpc Only(N) returns (N);
}
TAIL
"#;

const OTHER: &str = r"HEAD
package PACKAGE;
message Other {
  ?int32 v = 1;
}
enum Far {
  FAR_ZERO = 0;
}
message Stay {
  ?Far far = 1;
}
";

const PROTO2_EXTRA: &str = r#"optional int32 with_default = 50 [default = 7];
  optional string text_default = 51 [default = "t"];
  optional bytes bytes_default = 52 [default = "\001x"];
  optional double double_default = 53 [default = 1.5];
  optional E enum_default = 54 [default = E_ONE];
  required int32 must = 55;
  optional group Grouped = 56 {
    optional int32 inside = 1;
  }
  extensions 100 to 200, 300 to max;
  extend M {
    optional int32 nested_extension = 120;
  }
  optional float float_default = 57 [default = inf];
  optional First first = 58;
  repeated int32 packed = 59 [packed = true];"#;

const PROTO2_TAIL: &str = r"enum First {
  FIRST_ONE = 1;
  FIRST_TWO = 2;
}
extend M {
  optional int32 extension = 110;
  repeated N extensions = 111;
}";

const EDITION_EXTRA: &str = r"string unchecked = 50 [features.utf8_validation = NONE];
  int32 implicit = 51 [features.field_presence = IMPLICIT];
  N delimited = 52 [features.message_encoding = DELIMITED];
  int32 with_default = 53 [default = 7];
  repeated int32 expanded = 54 [features.repeated_field_encoding = EXPANDED];
  int32 must = 55 [features.field_presence = LEGACY_REQUIRED];
  Closed closed = 56;
  extensions 100 to 200;";

const EDITION_TAIL: &str = r"enum Closed {
  option features.enum_type = CLOSED;
  CLOSED_ONE = 1;
  CLOSED_TWO = 2;
}
extend M {
  int32 extension = 110;
}";

/// A schema; `at` says which syntax, `package` which package.
fn schema(at: usize, folder: &str, package: &str) -> Files {
    let (label, extra, tail) = match at {
        0 => ("", "optional int32 present = 50;", ""),
        1 => ("optional ", PROTO2_EXTRA, PROTO2_TAIL),
        _ => ("", EDITION_EXTRA, EDITION_TAIL),
    };
    [("a.proto", MAIN), ("b.proto", OTHER)]
        .into_iter()
        .map(|(name, text)| {
            let text = text
                .replace("HEAD", HEADS[at])
                .replace("PACKAGE", package)
                .replace("FOLDER", folder)
                .replace("EXTRA", extra)
                .replace("TAIL", tail)
                .replace('?', label);
            (format!("{folder}/{name}"), text)
        })
        .collect()
}

/// Edits by what is replaced: the first occurrence, in any file that has it.
/// An edit that does not apply, or leaves what does not compile, is no edit.
#[rustfmt::skip]
const EDITS: &[(&str, &str)] = &[
    ("package PACKAGE;", "package PACKAGE.sub;"),
    ("  rpc Get(M) returns (N);\n", ""),
    ("rpc Get(M)", "rpc Fetch(M)"),
    ("rpc Get(M)", "rpc Get(N)"),
    ("rpc Get(M) returns (N)", "rpc Get(M) returns (stream N)"),
    ("rpc Get(M) returns (N)", "rpc Get(M) returns (Other)"),
    ("rpc List(stream M)", "rpc List(M)"),
    ("returns (stream N)", "returns (N)"),
    ("idempotency_level = IDEMPOTENT", "idempotency_level = NO_SIDE_EFFECTS"),
    ("    option idempotency_level = IDEMPOTENT;\n", ""),
    ("rpc Only(N) returns (N);", "rpc Only(N) returns (N) {\n    option idempotency_level = IDEMPOTENT;\n  }"),
    ("service T {\n  rpc Only(N) returns (N);\n}\n", ""),
    ("service T ", "service U "),
    ("service T {", "message Added {}\nservice T {"),
    ("message Stay {", "message Gone {"),
    ("message Holder {", "message Holder2 {"),
    ("  enum E {\n    HOLDER_ZERO = 0;\n    HOLDER_ONE = 1;\n  }\n", ""),
    ("E e = 7;", "Holder.E e = 7;"),
    ("E e = 7;", "int32 e = 7;"),
    ("E e = 7;", "Far e = 7;"),
    ("HOLDER_ONE = 1;", "HOLDER_ONE = 1;\n    HOLDER_TWO = 2;"),
    ("E_ONE = 1;", "E_EIN = 1;"),
    ("  E_UNO = 1;\n", ""),
    ("  E_TWO = 2;\n", ""),
    ("  E_TWO = 2;\n", "  reserved 2;\n"),
    ("  E_TWO = 2;\n", "  reserved \"E_TWO\";\n"),
    ("  E_TWO = 2;\n", "  E_ZWEI = 2;\n  E_DUE = 2;\n"),
    ("E_NEGATIVE = -3;", "E_NEGATIVE = -4;"),
    ("E_NEGATIVE = -3;", "reserved -5 to -3;"),
    ("reserved 10 to 12;", "reserved 10, 12;"),
    ("reserved 10 to 12;", "reserved 10 to max;"),
    ("  reserved \"E_OLD\";\n", ""),
    ("reserved 20 to 25, 30;", "reserved 20 to 22, 24 to 25;"),
    ("reserved 20 to 25, 30;", "reserved 20 to 22, 23 to 35;"),
    ("reserved \"old\", \"older\";", "reserved \"older\";"),
    ("  oneof single {\n    bool z = 11;\n  }\n", "  bool z = 11;\n"),
    ("  oneof single {\n    bool z = 11;\n  }\n", "  oneof solo {\n    bool z = 11;\n  }\n"),
    ("  oneof single {\n    bool z = 11;\n  }\n", ""),
    ("    string y = 10;\n", "    string y = 10;\n    N w = 60;\n"),
    ("    int32 x = 9;\n", ""),
    ("    bool z = 11;\n  }\n", "  }\n  bool z = 11;\n"),
    ("map<string, N> m = 5;", "map<string, N2> m = 5;"),
    ("map<string, N> m = 5;", "map<int32, N> m = 5;"),
    ("map<string, N> m = 5;", "map<string, N> renamed = 5;"),
    ("  map<string, N> m = 5;\n", ""),
    ("map<string, N> m = 5;", "repeated N m = 5;"),
    ("map<int32, int64> ints = 13;", "map<int32, int32> ints = 13;"),
    ("map<int32, int64> ints = 13;", "map<int32, string> ints = 13;"),
    ("map<int32, int64> ints = 13;", "map<uint32, E> ints = 13;"),
    ("message N2 {", "message N3 {"),
    ("message Deeper {", "message Deepest {"),
    ("    message Deeper {\n", "    message Added {}\n    message Deeper {\n"),
    ("MODE_ONE = 1;", "MODE_TWO = 2;"),
    ("repeated int32 r = 4;", "repeated int32 r = 4 [packed = false];"),
    ("[jstype = JS_STRING]", "[jstype = JS_NUMBER]"),
    (" [jstype = JS_STRING]", ""),
    ("string s = 2;", "string s = 2 [ctype = CORD];"),
    ("string s = 2;", "string s = 2 [ctype = STRING_PIECE];"),
    ("string s = 2;", "string s = 2 [json_name = \"other\"];"),
    ("string s = 2;", "string s = 2 [deprecated = true];"),
    ("int64 o = 3;", "int64 o = 3 [jstype = JS_NUMBER];"),
    ("message N {", "message N {\n  option no_standard_descriptor_accessor = true;"),
    ("option go_package = \"x/y\";\n", ""),
    ("option go_package = \"x/y\";", "option go_package = \"x/z\";"),
    ("option java_package = \"j\";", "option java_package = \"k\";"),
    ("option java_multiple_files = true;", "option java_multiple_files = false;"),
    ("option java_multiple_files = true;", "option optimize_for = CODE_SIZE;"),
    ("option java_multiple_files = true;", "option cc_enable_arenas = false;"),
    ("option java_multiple_files = true;", "option java_string_check_utf8 = true;"),
    ("option java_multiple_files = true;", "option java_outer_classname = \"O\";\noption objc_class_prefix = \"OBJ\";\noption csharp_namespace = \"C\";"),
    ("option java_multiple_files = true;", "option php_class_prefix = \"P\";\noption php_namespace = \"P\";\noption php_metadata_namespace = \"P\";\noption ruby_package = \"R\";\noption swift_prefix = \"S\";"),
    ("option java_multiple_files = true;", "option cc_generic_services = true;\noption java_generic_services = true;\noption py_generic_services = true;"),
    ("// A message.\n", "// Another text.\n// On two lines.\n"),
    ("// A message.\n", "enum Early {\n  EARLY_ZERO = 0;\n}\n"),
    // proto2
    ("[default = 7]", "[default = 8]"),
    (" [default = 7]", ""),
    ("[default = \"t\"]", "[default = \"u\"]"),
    ("[default = \"\\001x\"]", "[default = \"\\x01x\"]"),
    ("[default = \"\\001x\"]", "[default = \"\\001y\"]"),
    ("[default = 1.5]", "[default = 15e-1]"),
    ("double double_default = 53 [default = 1.5]", "float double_default = 53 [default = 1.5]"),
    ("[default = E_ONE]", "[default = E_UNO]"),
    ("[default = E_ONE]", "[default = E_TWO]"),
    ("[default = inf]", "[default = nan]"),
    ("  FIRST_ONE = 1;\n  FIRST_TWO = 2;\n", "  FIRST_TWO = 2;\n  FIRST_ONE = 1;\n"),
    ("  required int32 must = 55;\n", ""),
    ("required int32 must = 55;", "optional int32 must = 55;"),
    ("required int32 must = 55;", "required int32 must = 55;\n  required bool more = 61;"),
    ("group Grouped = 56", "group Regrouped = 56"),
    ("extensions 100 to 200, 300 to max;", "extensions 100 to 200;"),
    ("extensions 100 to 200, 300 to max;", "extensions 100 to 150, 151 to max;"),
    ("extensions 100 to 200", "extensions 101 to 200"),
    ("    optional int32 nested_extension = 120;\n", "    optional int64 nested_extension = 120;\n"),
    ("nested_extension = 120", "renamed_extension = 120"),
    ("int32 extension = 110;", "int64 extension = 110;"),
    ("int32 extension = 110;", "int32 extended = 110;"),
    ("int32 extension = 110;", "int32 extension = 112;"),
    ("repeated N extensions = 111;", "repeated N2 extensions = 111;"),
    // editions
    (" [features.utf8_validation = NONE]", ""),
    ("[features.utf8_validation = NONE]", "[features.utf8_validation = VERIFY]"),
    ("string s = 2;", "string s = 2 [features.utf8_validation = NONE];"),
    ("string s = 2;", "string s = 2 [features = { utf8_validation: NONE }];"),
    (" [features.field_presence = IMPLICIT]", ""),
    ("int32 a = 1;", "int32 a = 1 [features.field_presence = IMPLICIT];"),
    ("int32 a = 1;", "int32 a = 1 [features.field_presence = LEGACY_REQUIRED];"),
    ("N n = 6;", "N n = 6 [features.message_encoding = DELIMITED];"),
    (" [features.message_encoding = DELIMITED]", ""),
    (" [features.repeated_field_encoding = EXPANDED]", ""),
    ("[features.field_presence = LEGACY_REQUIRED]", "[features.field_presence = EXPLICIT]"),
    ("features.enum_type = CLOSED", "features.enum_type = OPEN"),
    ("  CLOSED_ONE = 1;\n  CLOSED_TWO = 2;\n", "  CLOSED_TWO = 2;\n  CLOSED_ONE = 1;\n"),
    ("  option allow_alias = true;\n", "  option allow_alias = true;\n  option features.enum_type = CLOSED;\n"),
    ("  option allow_alias = true;\n", "  option allow_alias = true;\n  option features.json_format = LEGACY_BEST_EFFORT;\n"),
    ("message N {", "message N {\n  option features.json_format = LEGACY_BEST_EFFORT;"),
    ("option java_multiple_files = true;", "option features.field_presence = IMPLICIT;"),
    ("option java_multiple_files = true;", "option features.utf8_validation = NONE;"),
    ("option java_multiple_files = true;", "option features.message_encoding = DELIMITED;"),
    ("option java_multiple_files = true;", "option features.json_format = LEGACY_BEST_EFFORT;"),
    ("import \"FOLDER/b.proto\";", "import \"FOLDER/b.proto\";\nimport \"google/protobuf/cpp_features.proto\";\noption features.(pb.cpp).string_type = CORD;"),
    ("import \"FOLDER/b.proto\";", "import \"FOLDER/b.proto\";\nimport \"google/protobuf/java_features.proto\";\noption features.(pb.java).utf8_validation = VERIFY;"),
    ("edition = \"2023\";", "edition = \"2024\";"),
    ("syntax = \"proto3\";", "edition = \"2023\";\noption features.field_presence = IMPLICIT;"),
    ("syntax = \"proto2\";", ""),
    ("syntax = \"proto3\";", "syntax = \"proto2\";"),
];

/// Case `number` of a run.
pub(crate) fn case(random: &mut Random, number: usize, syntaxes: usize) -> Case {
    let folder = format!("c{number}/v1");
    let package = format!("c{number}.v1");
    let old = schema(random.below(syntaxes), &folder, &package);
    let mut new = old.clone();
    let mut edits = Vec::new();
    for _ in 0..=random.below(3) {
        let edit = match random.below(4) {
            0 => field_edit(random, &mut new),
            1 if random.below(4) == 0 => file_edit(random, &mut new, &folder),
            1 if random.below(8) == 0 => {
                let syntax = random.below(syntaxes);
                new = schema(syntax, &folder, &package);
                Some(format!("all is {}", HEADS[syntax]))
            }
            1 if random.below(8) == 0 => {
                for text in new.values_mut() {
                    *text = text.replace(&package, &format!("{package}.other"));
                }
                Some("the package is renamed".to_owned())
            }
            _ => {
                let (find, replace) = random.pick(EDITS);
                let fill =
                    |text: &str| text.replace("PACKAGE", &package).replace("FOLDER", &folder);
                let (find, replace) = (fill(find), fill(replace));
                new.values_mut()
                    .find(|text| text.contains(&find))
                    .map(|text| {
                        *text = text.replacen(&find, &replace, 1);
                        format!("{find:?} -> {replace:?}")
                    })
            }
        };
        edits.extend(edit);
    }
    Case {
        folder,
        edits,
        old,
        new,
    }
}

/// Deletes a file, moves its messages, or adds one.
fn file_edit(random: &mut Random, files: &mut Files, folder: &str) -> Option<String> {
    let b = format!("{folder}/b.proto");
    let text = files.get(&b)?.clone();
    let moved = format!("{folder}/moved.proto");
    match random.below(3) {
        0 => {
            // Everything moves to another file.
            files.remove(&b);
            files.insert(moved, text);
            let a = files.get_mut(&format!("{folder}/a.proto"))?;
            *a = a.replace("/b.proto\"", "/moved.proto\"");
            Some("b.proto is renamed".to_owned())
        }
        1 => {
            // One message moves.
            let (head, tail) = text.split_once("message Stay")?;
            let lines: Vec<&str> = text.lines().take(2).collect();
            let more = format!("{}\nimport \"{b}\";\nmessage Stay{tail}", lines.join("\n"));
            files.insert(moved, more);
            files.insert(b, head.to_owned());
            Some("Stay moves".to_owned())
        }
        _ => {
            files.remove(&b);
            let a = files.get_mut(&format!("{folder}/a.proto"))?;
            *a = a
                .lines()
                .filter(|line| !line.contains("Other") && !line.contains("b.proto"))
                .fold(String::new(), |text, line| text + line + "\n");
            Some("b.proto is deleted".to_owned())
        }
    }
}

/// Changes a field that stands on a line of its own.
fn field_edit(random: &mut Random, files: &mut Files) -> Option<String> {
    let path = random
        .pick(&files.keys().cloned().collect::<Vec<_>>())
        .clone();
    let text = files.get_mut(&path)?;
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let fields: Vec<usize> = (0..lines.len())
        .filter(|at| {
            let line = &lines[*at];
            line.starts_with("  ")
                && line.ends_with(';')
                && line.contains(" = ")
                && !line.trim_start().starts_with("option ")
                && line.trim().split(' ').count() >= 4
                && !line.contains("map<")
        })
        .collect();
    if fields.is_empty() {
        return None;
    }
    let at = *random.pick(&fields);
    let line = lines[at].clone();
    let words: Vec<&str> = line.trim_start().split(' ').collect();
    let indent = &line[..line.len() - line.trim_start().len()];
    let labelled = matches!(words[0], "optional" | "repeated" | "required");
    let kind = usize::from(labelled);
    let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    let mut replaced = None;
    match random.below(6) {
        0 | 1 => (*random.pick(&SCALARS)).clone_into(&mut words[kind]),
        2 => words[kind + 1].push_str("_renamed"),
        3 => {
            let number: String = words[kind + 3]
                .chars()
                .take_while(char::is_ascii_digit)
                .collect();
            let rest = words[kind + 3][number.len()..].to_owned();
            words[kind + 3] = format!("{}{rest}", 70 + random.below(5));
        }
        4 => {
            let label = *random.pick(&["optional", "repeated", ""]);
            if labelled {
                label.clone_into(&mut words[0]);
            } else {
                words.insert(0, label.to_owned());
            }
        }
        _ => {
            let reserve = random.below(3);
            let number: String = words[kind + 3]
                .chars()
                .take_while(char::is_ascii_digit)
                .collect();
            replaced = Some(match reserve {
                0 => String::new(),
                1 => format!("{indent}reserved {number};"),
                _ => format!("{indent}reserved \"{}\";", words[kind + 1]),
            });
        }
    }
    let edited = replaced.unwrap_or_else(|| format!("{indent}{}", words.join(" ").trim_start()));
    let mut lines = lines;
    lines[at].clone_from(&edited);
    *text = lines.join("\n") + "\n";
    Some(format!("{line:?} -> {edited:?}"))
}
