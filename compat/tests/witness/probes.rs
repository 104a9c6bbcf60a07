//! Whole witnesses: what is written, how it is carried, what is read.

use super::pairs::{Files, compiled};
use compat::model::{FieldId, MessageId};
use compat::witness::{Outcome, Probe, Reproducer, Sample, Witness, Witnesses, hex, witness};
use compat::{DescriptorSet, Era, World};
use libtest_mimic::Failed;
use serde_json::json;

struct Sides {
    old: Vec<u8>,
    new: Vec<u8>,
}

impl Sides {
    fn new(old: &str, new: &str) -> Result<Self, Failed> {
        let side = |text: &str| {
            let head = if text.trim_start().starts_with("syntax") {
                ""
            } else {
                "syntax = \"proto3\"; package p.v1;\n"
            };
            compiled(&Files::from([(
                "a.proto".to_owned(),
                format!("{head}{text}"),
            )]))
        };
        Ok(Sides {
            old: side(old)?,
            new: side(new)?,
        })
    }

    /// The witness of one message of type `M`.
    fn witness(&self, writer: Era, fields: &[(&str, Sample)]) -> Result<Option<Witness>, Failed> {
        let (old, new) = (
            DescriptorSet::parse(&self.old)?,
            DescriptorSet::parse(&self.new)?,
        );
        let world = World::new(&old, &new);
        let set = world.set(writer);
        let message = message(set, "p.v1.M");
        let probe = Probe {
            writer,
            message,
            reader: None,
            fields: fields
                .iter()
                .map(|(name, sample)| (field(set, message, name), sample.clone()))
                .collect(),
            refused: false,
        };
        Ok(witness(&world, &probe))
    }
}

fn message(set: &DescriptorSet<'_>, name: &str) -> MessageId {
    set.find_message(name).unwrap()
}

fn field(set: &DescriptorSet<'_>, message: MessageId, name: &str) -> FieldId {
    let mut fields = set.fields_of(&set[message]).iter();
    fields.find(|field| field.name == name).unwrap().id
}

pub(crate) fn carried() -> Result<(), Failed> {
    let around = "
        message Outer { map<string, Middle> by_name = 3; }
        message Middle { repeated M many = 2; }
        service S { rpc Call(Outer) returns (stream Other); }
        message Other { Outer outer = 1; }";
    let sides = Sides::new(
        &format!("message M {{ int64 a = 1; }} {around}"),
        &format!("message M {{ int32 a = 1; }} {around}"),
    )?;
    let found = sides
        .witness(Era::Old, &[("a", Sample::Int((1 << 32) + 5))])?
        .ok_or("no witness")?;
    assert_eq!(hex(&found.bytes), "088580808010");
    assert_eq!(found.effect.name(), "lossy");
    assert_eq!(found.json, json!({"a": "4294967301"}));
    for read in &found.reads {
        let Outcome::Read { json, .. } = &read.outcome else {
            return Err("it is refused".into());
        };
        assert_eq!(*json, json!({"a": 5}));
    }
    let carried = found.carried.ok_or("no method carries it")?;
    assert_eq!(carried.rpc, "/p.v1.S/Call");
    assert!(carried.request);
    assert_eq!(carried.path, ["by_name", "value", "many"]);
    assert_eq!(hex(&carried.bytes), "1a0a12081206088580808010");
    assert_eq!(carried.dressed, carried.bytes);

    // A type that no method carries is shown all the same.
    let sides = Sides::new("message M { int64 a = 1; }", "message M { int32 a = 1; }")?;
    let found = sides.witness(Era::Old, &[("a", Sample::Int(-1))])?;
    assert!(found.ok_or("no witness")?.carried.is_none());
    Ok(())
}

const ANNOTATIONS: &str = r#"
    syntax = "proto3";
    package aperio.annotations.v1;
    import "google/protobuf/descriptor.proto";
    extend google.protobuf.FieldOptions {
      optional bool required = 50103;
      optional string pattern = 50106;
    }"#;

pub(crate) fn dressed() -> Result<(), Failed> {
    let side = |kind: &str| {
        let text = format!(
            r#"syntax = "proto3"; package p.v1;
            import "ann.proto";
            service S {{ rpc Call(Other) returns (Request); }}
            message Other {{}}
            message Request {{
              M m = 1 [(aperio.annotations.v1.required) = true];
              string name = 2 [(aperio.annotations.v1.required) = true, (aperio.annotations.v1.pattern) = "[a-z]+"];
              Deep deep = 3 [(aperio.annotations.v1.required) = true];
              int32 free = 4;
            }}
            message Deep {{ Deep again = 1 [(aperio.annotations.v1.required) = true]; repeated E e = 2 [(aperio.annotations.v1.required) = true]; }}
            enum E {{ Z = 0; A = 7; }}
            message M {{ {kind} a = 1; bool b = 2 [(aperio.annotations.v1.required) = true]; }}"#
        );
        compiled(&Files::from([
            ("a.proto".to_owned(), text),
            ("ann.proto".to_owned(), ANNOTATIONS.to_owned()),
        ]))
    };
    let sides = Sides {
        old: side("int64")?,
        new: side("int32")?,
    };
    let found = sides.witness(Era::Old, &[("a", Sample::Int(-1))])?;
    let carried = found.ok_or("no witness")?.carried.ok_or("not carried")?;
    assert!(!carried.request);
    assert_eq!(hex(&carried.bytes), "0a0b08ffffffffffffffffff01");
    // name "a", deep { again {} e: A }, then the message itself with b.
    assert_eq!(
        hex(&carried.dressed),
        "1201611a050a001201070a0d08ffffffffffffffffff011001"
    );
    assert_eq!(carried.left_out, ["p.v1.Deep.again"]);

    // What a type itself requires is always there, and never zero by chance.
    let old = "syntax = \"proto2\"; package p.v1;
        message M { optional int64 a = 1; required int32 r = 2 [default = 9]; }
        message Request { required M m = 1; required Request more = 2; }
        service S { rpc Call(Request) returns (Request); }";
    let sides = Sides::new(old, &old.replace("int64", "int32"))?;
    let found = sides.witness(Era::New, &[("a", Sample::Int(1))])?;
    let found = found.ok_or("no witness")?;
    assert_eq!(hex(&found.bytes), "08011009");
    assert_eq!(found.effect.name(), "same");
    Ok(())
}

pub(crate) fn defaults() -> Result<(), Failed> {
    let sides = Sides::new(
        "syntax = \"proto2\"; package p.v1; message M { optional int32 a = 1 [default = 1]; }",
        "syntax = \"proto2\"; package p.v1; message M { optional int32 a = 1 [default = 2]; }",
    )?;
    let found = sides
        .witness(Era::Old, &[("a", Sample::Empty)])?
        .ok_or("no witness")?;
    assert!(found.bytes.is_empty());
    assert_eq!(found.json, json!({"a": 1}));
    let Outcome::Read { json, .. } = &found.reads[0].outcome else {
        return Err("it is refused".into());
    };
    assert_eq!(*json, json!({"a": 2}));
    assert_eq!(found.effect.name(), "lossy");
    Ok(())
}

pub(crate) fn presence() -> Result<(), Failed> {
    let explicit = "message M { optional int32 a = 1; }";
    let implicit = "message M { int32 a = 1; }";
    let zero = [("a", Sample::Int(0))];
    let one = [("a", Sample::Int(1))];
    let removed = Sides::new(explicit, implicit)?;
    let added = Sides::new(implicit, explicit)?;
    for (sides, writer, fields, effect) in [
        (&removed, Era::Old, &zero, "lossy"),
        (&removed, Era::New, &zero, "lossy"),
        (&removed, Era::Old, &one, "same"),
        (&added, Era::Old, &zero, "same"),
        (&added, Era::New, &zero, "same"),
        (&added, Era::New, &one, "same"),
    ] {
        let found = sides.witness(writer, fields)?.ok_or("no witness")?;
        assert_eq!(found.effect.name(), effect, "{writer:?} {fields:?}");
    }
    Ok(())
}

pub(crate) fn raw() -> Result<(), Failed> {
    let sides = Sides::new(
        "message M { repeated int32 a = 1; }",
        "message M { int32 a = 1; }",
    )?;
    // Two values that are not packed: the last one wins.
    let found = sides
        .witness(Era::Old, &[("a", Sample::Raw(vec![8, 5, 8, 6]))])?
        .ok_or("no witness")?;
    assert_eq!(hex(&found.bytes), "08050806");
    assert_eq!(found.json, json!({"a": [5, 6]}));
    assert_eq!(found.effect.name(), "lossy");
    let packed = sides.witness(Era::Old, &[("a", Sample::Int(5)), ("a", Sample::Int(6))])?;
    let packed = packed.ok_or("no witness")?;
    assert_eq!(hex(&packed.bytes), "0a020506");
    assert_eq!(packed.effect.name(), "rejected");
    Ok(())
}

pub(crate) fn files() -> Result<(), Failed> {
    let around = "service S { rpc Call(M) returns (M); }";
    let sides = Sides::new(
        &format!("message M {{ int32 a = 1; }} {around}"),
        &format!("message M {{ string a = 1; }} {around}"),
    )?;
    let found = sides.witness(Era::Old, &[("a", Sample::Int(3))])?;
    let file = Reproducer::new("FIELD_SAME_WIRE_TYPE", "3fa9c1d2", &found.ok_or("none")?);
    assert_eq!(file.file_name(), "FIELD_SAME_WIRE_TYPE-3fa9c1d2.json");
    let text = serde_json::to_string_pretty(&file)?;
    assert_eq!(serde_json::from_str::<Reproducer>(&text)?, file);
    assert_eq!(file.bytes, "0803");
    assert_eq!(file.effect, "rejected");
    assert_eq!(file.reads["spec"].unknown.as_deref(), Some("0803"));
    assert_eq!(
        file.reads["prost"].error.as_deref(),
        Some("p.v1.M.a has another wire type")
    );
    Ok(())
}

pub(crate) fn calls() -> Result<(), Failed> {
    let old = "syntax = \"proto2\"; package p.v1; message M { required bool b = 1; }
        service S { rpc Keep(M) returns (M); rpc Gone(M) returns (M); }";
    let sides = Sides::new(old, &old.replace("rpc Gone(M) returns (M);", ""))?;
    let (old, new) = (
        DescriptorSet::parse(&sides.old)?,
        DescriptorSet::parse(&sides.new)?,
    );
    let world = World::new(&old, &new);
    let witnesses = Witnesses::new(&world);
    let [keep, gone] = [0, 1].map(|at| old.methods()[at].id);
    assert!(witnesses.call(Era::Old, keep).is_none());
    let call = witnesses.call(Era::Old, gone).ok_or("no witness")?;
    assert_eq!(call.effect.name(), "rejected");
    let carried = call.carried.ok_or("not carried")?;
    assert_eq!(carried.rpc, "/p.v1.S/Gone");
    assert_eq!(
        (hex(&carried.bytes), hex(&carried.dressed)),
        ("0800".to_owned(), "0800".to_owned())
    );
    Ok(())
}

pub(crate) fn unfit() -> Result<(), Failed> {
    let sides = Sides::new("message M { int32 a = 1; }", "message Other {}")?;
    assert!(sides.witness(Era::Old, &[("a", Sample::Int(1))])?.is_none());
    let sides = Sides::new("message M { int32 a = 1; }", "message M { int32 a = 1; }")?;
    for sample in [
        Sample::Int(1 << 40),
        Sample::Uint(u64::MAX),
        Sample::Text("x".to_owned()),
        Sample::Float(1.0),
        Sample::Message(Vec::new()),
        Sample::Raw(vec![8]),
    ] {
        assert!(sides.witness(Era::Old, &[("a", sample)])?.is_none());
    }
    Ok(())
}
