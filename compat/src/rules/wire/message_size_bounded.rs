use crate::annotation::{Annotations, annotated};
use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Era, Found, Spot};
use crate::model::{Cardinality, DescriptorSet, Field, Kind, MessageId, OneofId, Target};
use crate::pair::World;
use crate::rule::Channel;
use crate::rules::buf::describe;
use std::collections::HashMap;

rule! {
    /// A message that travels alone fits into what receivers take.
    ///
    /// Runtimes refuse messages of more than 4 MiB unless told otherwise. Where the limits of an
    /// annotated package let a request or a response that is no stream grow beyond that, less some
    /// room for what frames it, or do not limit it, this is worth knowing.
    ///
    /// ```proto old
    /// import "aperio/annotations/v1/limits.proto";
    /// message N { string a = 1 [(aperio.annotations.v1.max_bytes) = 64]; }
    /// service S { rpc A(N) returns (stream N); }
    /// ```
    /// ```proto old aperio/annotations/v1/limits.proto
    /// package aperio.annotations.v1;
    /// import "google/protobuf/descriptor.proto";
    /// extend google.protobuf.FieldOptions { uint32 max_bytes = 50104; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/limits.proto";
    /// message N { string a = 1 [(aperio.annotations.v1.max_bytes) = 8000000]; }
    /// service S { rpc A(N) returns (stream N); }
    /// ```
    /// ```proto breaks aperio/annotations/v1/limits.proto
    /// package aperio.annotations.v1;
    /// import "google/protobuf/descriptor.proto";
    /// extend google.protobuf.FieldOptions { uint32 max_bytes = 50104; }
    /// ```
    /// ```proto allowed
    /// import "aperio/annotations/v1/limits.proto";
    /// message N { string a = 1 [(aperio.annotations.v1.max_bytes) = 1000000]; int64 b = 2; }
    /// service S { rpc A(N) returns (stream N); }
    /// ```
    /// ```proto allowed aperio/annotations/v1/limits.proto
    /// package aperio.annotations.v1;
    /// import "google/protobuf/descriptor.proto";
    /// extend google.protobuf.FieldOptions { uint32 max_bytes = 50104; }
    /// ```
    "MESSAGE_SIZE_BOUNDED", Set,
    aperio [Wire],
    judge
}

/// What receivers take, less room for frames and metadata.
const MOST: u64 = (4 << 20) - (64 << 10);

fn judge(world: &World, found: &mut Found) {
    let mut before = Sizes::of(world.old);
    let mut after = Sizes::of(world.new);
    for file in world.files(Era::New) {
        let methods = world.new.services_of(file).iter();
        let mut methods = methods
            .flat_map(|service| world.new.methods_of(service))
            .peekable();
        if methods.peek().is_none() || !annotated(world.new, file.id) {
            continue;
        }
        for method in methods {
            let old = world
                .method_origin(method.id)
                .map(|id| &world.old.methods()[id.index()]);
            for (word, streamed, message, was) in [
                (
                    "request",
                    method.client_streaming,
                    method.input,
                    old.map(|old| old.input),
                ),
                (
                    "response",
                    method.server_streaming,
                    method.output,
                    old.map(|old| old.output),
                ),
            ] {
                let fits = |size: Option<u64>| size.is_some_and(|size| size <= MOST);
                if streamed || fits(after.most(message, 0)) {
                    continue;
                }
                // What was so in the release before is news to nobody.
                if was.is_some_and(|was| !fits(before.most(was, 0))) {
                    continue;
                }
                let size = match after.most(message, 0) {
                    Some(size) => format!("may have {size} bytes"),
                    None => "has no bound".to_owned(),
                };
                let name = describe::method(world.new, method);
                let text = format!("the {word} of {name} {size}; receivers take 4 MiB");
                found
                    .at(method.id, Spot::of(world.new, method.id), None, text)
                    .demands(Channel::Wire, Demand::Note);
            }
        }
    }
}

/// The most bytes of messages, as far as they were asked for.
struct Sizes<'w> {
    set: &'w DescriptorSet<'w>,
    /// `None` where there is no bound, or one is being looked for.
    known: HashMap<MessageId, Option<u64>>,
}

/// How deep types are followed.
const DEPTH: u32 = 64;

impl<'w> Sizes<'w> {
    fn of(set: &'w DescriptorSet<'w>) -> Self {
        Sizes {
            set,
            known: HashMap::new(),
        }
    }

    fn most(&mut self, message: MessageId, depth: u32) -> Option<u64> {
        if let Some(size) = self.known.get(&message) {
            return *size;
        }
        if depth > DEPTH {
            return None;
        }
        // A message inside of itself has no bound.
        self.known.insert(message, None);
        let set = self.set;
        let mut sum = Some(0u64);
        let mut arms: HashMap<OneofId, u64> = HashMap::new();
        for field in set.fields_of(&set[message]) {
            let size = self.field(field, depth);
            match (size, field.oneof) {
                (Some(size), Some(oneof)) => {
                    let most = arms.entry(oneof).or_default();
                    *most = size.max(*most);
                }
                (size, _) => sum = sum.zip(size).and_then(|(sum, size)| sum.checked_add(size)),
            }
        }
        for size in arms.into_values() {
            sum = sum.and_then(|sum| sum.checked_add(size));
        }
        self.known.insert(message, sum);
        sum
    }

    fn field(&mut self, field: &Field<'_>, depth: u32) -> Option<u64> {
        /// A tag and a length.
        const FRAME: u64 = 10;
        let limits = Annotations::of(self.set, field.id);
        let cardinality = self.set.cardinality(field);
        let many = matches!(cardinality, Cardinality::Repeated | Cardinality::Map);
        let inner = match (field.kind, field.target) {
            (Kind::Bool, _) => Some(1),
            (Kind::Fixed32 | Kind::Sfixed32 | Kind::Float, _) => Some(4),
            (Kind::Fixed64 | Kind::Sfixed64 | Kind::Double, _) => Some(8),
            (Kind::String | Kind::Bytes, _) => limits.max_bytes,
            (_, Target::Message(inner)) => match (self.most(inner, depth + 1), limits.max_bytes) {
                (Some(size), Some(most)) => Some(size.min(most)),
                (size, most) => size.or(most),
            },
            _ => Some(10),
        };
        let count = if many { limits.max_items? } else { 1 };
        inner?.checked_add(FRAME)?.checked_mul(count)
    }
}
