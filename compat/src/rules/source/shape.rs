//! What generated code makes of a field.

use crate::effect::Demand;
use crate::features::EnumType;
use crate::found::Hit;
use crate::model::{Cardinality, DescriptorSet, Field, Kind, Target};
use crate::rule::Channel;

/// What authors of Go and of Python have to do.
pub(super) fn demands(hit: &mut Hit, go: Demand, python: Demand) {
    hit.demands(Channel::SourceGo, go)
        .demands(Channel::SourcePy, python);
}

/// Whether a field belongs to an entry that the compiler made for a map: no
/// code has a name for it.
pub(super) fn in_entry(set: &DescriptorSet<'_>, field: &Field<'_>) -> bool {
    field.extendee.is_none() && set[set.owner(field)].map_entry
}

/// How many values the code handles: one, a list or a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    One,
    List,
    Map,
}

impl Count {
    pub(super) fn of(set: &DescriptorSet<'_>, field: &Field<'_>) -> Self {
        match set.cardinality(field) {
            Cardinality::Explicit | Cardinality::Implicit | Cardinality::Required => Count::One,
            Cardinality::Repeated => Count::List,
            Cardinality::Map => Count::Map,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Count::One => "singular",
            Count::List => "repeated",
            Count::Map => "a map",
        }
    }
}

/// The type of a value in code: its kind, and the type it names. How it is
/// written is not seen there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Type<'s> {
    kind: Kind,
    name: &'s str,
    /// An enum that refuses numbers without a name.
    closed: bool,
}

/// What Python makes of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Python {
    Int,
    Float,
    Other,
}

impl<'s> Type<'s> {
    fn of(set: &'s DescriptorSet<'_>, field: &Field<'_>) -> Self {
        let kind = match field.kind {
            Kind::Group => Kind::Message,
            kind => kind,
        };
        Type {
            kind,
            name: set.target_name(field),
            closed: matches!(field.target, Target::Enum(id)
                if set[id].features.enum_type == EnumType::Closed),
        }
    }

    /// Whether Go sees another type.
    pub(super) fn differs(self, other: Type<'_>) -> bool {
        (self.go(), self.name) != (other.go(), other.name)
    }

    /// One of the kinds that are one type in Go.
    fn go(self) -> Kind {
        match self.kind {
            Kind::Sint32 | Kind::Sfixed32 => Kind::Int32,
            Kind::Sint64 | Kind::Sfixed64 => Kind::Int64,
            Kind::Fixed32 => Kind::Uint32,
            Kind::Fixed64 => Kind::Uint64,
            kind => kind,
        }
    }

    pub(super) fn word(self) -> &'s str {
        if self.name.is_empty() {
            self.kind.word()
        } else {
            self.name
        }
    }

    /// Whether Python takes the values of this type for those of another, and
    /// gives them back: it has one type for integers and one for floating
    /// numbers, and an enum is an integer.
    pub(super) fn is_read_as(self, other: Type<'_>) -> bool {
        self.python() != Python::Other && self.python() == other.python() && !other.closed
    }

    fn python(self) -> Python {
        match self.kind {
            Kind::Double | Kind::Float => Python::Float,
            Kind::Bool | Kind::String | Kind::Group | Kind::Message | Kind::Bytes => Python::Other,
            _ => Python::Int,
        }
    }
}

/// The types of a field's values, and of the keys where it is a map.
pub(super) fn types<'s>(set: &'s DescriptorSet<'_>, field: &Field<'_>) -> Vec<Type<'s>> {
    match field.target {
        Target::Message(entry) if set[entry].map_entry => {
            let fields = set.fields_of(&set[entry]).iter();
            fields.map(|field| Type::of(set, field)).collect()
        }
        _ => vec![Type::of(set, field)],
    }
}
