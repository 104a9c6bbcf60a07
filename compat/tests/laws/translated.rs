//! One file in the syntax it was written in, and in edition 2023.

use crate::protoc;
use crate::side::one;
use compat::load::{Input, Loaded, Protox, Roots};
use std::collections::BTreeMap;

/// What both languages write alike.
const ALIKE: &str = "
message N { M back = 1; }
service Box {
  rpc Call(M) returns (N);
  rpc Stream(stream M) returns (stream N);
}
";

/// Everything whose meaning hangs on the syntax, as far as proto3 has it.
const PROTO3: &str = "syntax = \"proto3\";
package p.v1;
message M {
  int32 implicit = 1;
  optional int32 explicit = 2;
  repeated int32 packed = 3;
  repeated int32 expanded = 4 [packed = false];
  string text = 5;
  optional string maybe_text = 6;
  repeated string texts = 7;
  bytes raw = 8;
  N inner = 9;
  repeated N many = 10;
  map<string, N> named = 11;
  map<int32, string> numbered = 12;
  oneof o {
    int32 arm = 13;
    string other = 14;
    N third = 15;
  }
  E kind = 16;
  optional E maybe_kind = 17;
  repeated E kinds = 18;
  int64 renamed = 19 [json_name = \"other_name\"];
  reserved 30 to 40;
  reserved \"gone\";
}
enum E {
  ZERO = 0;
  ONE = 1;
  reserved 5;
}
";

const PROTO3_IN_2023: &str = "edition = \"2023\";
package p.v1;
option features.field_presence = IMPLICIT;
message M {
  int32 implicit = 1;
  int32 explicit = 2 [features.field_presence = EXPLICIT];
  repeated int32 packed = 3;
  repeated int32 expanded = 4 [features.repeated_field_encoding = EXPANDED];
  string text = 5;
  string maybe_text = 6 [features.field_presence = EXPLICIT];
  repeated string texts = 7;
  bytes raw = 8;
  N inner = 9;
  repeated N many = 10;
  map<string, N> named = 11;
  map<int32, string> numbered = 12;
  oneof o {
    int32 arm = 13;
    string other = 14;
    N third = 15;
  }
  E kind = 16;
  E maybe_kind = 17 [features.field_presence = EXPLICIT];
  repeated E kinds = 18;
  int64 renamed = 19 [json_name = \"other_name\"];
  reserved 30 to 40;
  reserved gone;
}
enum E {
  ZERO = 0;
  ONE = 1;
  reserved 5;
}
";

const PROTO2: &str = "syntax = \"proto2\";
package p.v1;
message M {
  required int32 must = 1;
  optional int32 may = 2 [default = 7];
  repeated int32 expanded = 3;
  repeated int32 packed = 4 [packed = true];
  required string text = 5;
  repeated string texts = 6;
  optional bytes raw = 7 [default = \"\\001\"];
  optional group G = 8 {
    optional int32 x = 1;
  }
  repeated group H = 9 {
    required int32 y = 1;
  }
  optional N inner = 10;
  map<string, N> named = 11;
  oneof o {
    int32 arm = 12;
    string other = 13;
    group I = 14 {
      optional E z = 1 [default = TWO];
    }
  }
  required E kind = 15;
  optional E maybe_kind = 16 [default = TWO];
  repeated E kinds = 17 [packed = true];
  extensions 100 to 199;
  reserved 30 to 40;
  reserved \"gone\";
}
extend M {
  optional int32 extra = 100;
  repeated E more = 101;
  optional N other_inner = 102;
}
enum E {
  ZERO = 0;
  TWO = 2;
}
";

const PROTO2_IN_2023: &str = "edition = \"2023\";
package p.v1;
option features.enum_type = CLOSED;
option features.repeated_field_encoding = EXPANDED;
option features.utf8_validation = NONE;
option features.json_format = LEGACY_BEST_EFFORT;
message M {
  int32 must = 1 [features.field_presence = LEGACY_REQUIRED];
  int32 may = 2 [default = 7];
  repeated int32 expanded = 3;
  repeated int32 packed = 4 [features.repeated_field_encoding = PACKED];
  string text = 5 [features.field_presence = LEGACY_REQUIRED];
  repeated string texts = 6;
  bytes raw = 7 [default = \"\\001\"];
  G g = 8 [features.message_encoding = DELIMITED];
  message G {
    int32 x = 1;
  }
  repeated H h = 9 [features.message_encoding = DELIMITED];
  message H {
    int32 y = 1 [features.field_presence = LEGACY_REQUIRED];
  }
  N inner = 10;
  map<string, N> named = 11;
  oneof o {
    int32 arm = 12;
    string other = 13;
    I i = 14 [features.message_encoding = DELIMITED];
  }
  message I {
    E z = 1 [default = TWO];
  }
  E kind = 15 [features.field_presence = LEGACY_REQUIRED];
  E maybe_kind = 16 [default = TWO];
  repeated E kinds = 17 [features.repeated_field_encoding = PACKED];
  extensions 100 to 199;
  reserved 30 to 40;
  reserved gone;
}
extend M {
  int32 extra = 100;
  repeated E more = 101;
  N other_inner = 102;
}
enum E {
  ZERO = 0;
  TWO = 2;
}
";

/// A file in its syntax, and the same in edition 2023.
pub(crate) struct Translated {
    pub(crate) syntax: &'static str,
    pub(crate) own: Loaded,
    pub(crate) edition: Loaded,
    /// The edition without the lines that ask for the defaults of the syntax.
    pub(crate) bare: Loaded,
}

pub(crate) fn all() -> [Translated; 2] {
    [
        ("proto3", PROTO3, PROTO3_IN_2023),
        ("proto2", PROTO2, PROTO2_IN_2023),
    ]
    .map(|(syntax, own, edition)| {
        let lines = edition.split_inclusive('\n');
        let bare: String = lines.filter(|line| !line.starts_with("option ")).collect();
        Translated {
            syntax,
            own: one(&alike(own)),
            edition: committed(syntax, &alike(edition)),
            bare: committed(syntax, &alike(&bare)),
        }
    })
}

/// A text with what all have in common.
fn alike(text: &str) -> String {
    let common = if text.starts_with("syntax = \"proto2\"") {
        ALIKE.replace("M back", "optional M back")
    } else {
        ALIKE.to_owned()
    };
    text.to_owned() + &common
}

fn committed(syntax: &str, text: &str) -> Loaded {
    let files = BTreeMap::from([("a.proto".to_owned(), text.to_owned())]);
    let set = protoc::committed(&format!("{syntax}-in-2023"), &files);
    Input::Bytes(set).load(&Roots::default(), &Protox).unwrap()
}
