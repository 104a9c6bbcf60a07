//! Editions features, resolved.
//!
//! Labels, `group` and `packed` of proto2 and proto3 are translated into
//! features too, so that rules ask features and never syntax.

use crate::wire::{Malformed, Reader};

/// The first edition that is spelled `edition = "…"`.
pub const EDITION_2023: i32 = 1000;
/// The newest edition that is known here.
pub const EDITION_2024: i32 = 1001;

/// What the `syntax` or `edition` statement says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// proto2, also where nothing is said.
    Proto2,
    /// proto3.
    Proto3,
    /// An edition, as `google.protobuf.Edition` numbers it.
    Edition(i32),
}

impl Syntax {
    /// The word buf uses: every edition is `editions`.
    pub fn word(self) -> &'static str {
        match self {
            Syntax::Proto2 => "proto2",
            Syntax::Proto3 => "proto3",
            Syntax::Edition(_) => "editions",
        }
    }

    /// The number in `google.protobuf.Edition`.
    pub fn edition(self) -> i32 {
        match self {
            Syntax::Proto2 => 998,
            Syntax::Proto3 => 999,
            Syntax::Edition(edition) => edition,
        }
    }
}

macro_rules! feature {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $number:literal $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            fn read(number: u64) -> Option<Self> {
                match number {
                    $($number => Some($name::$variant),)+
                    _ => None,
                }
            }

            /// The name in `descriptor.proto`.
            pub fn word(self) -> &'static str {
                match self {
                    $($name::$variant => $word),+
                }
            }
        }
    };
}

feature! {
    /// Whether zero and unset differ.
    Presence {
        /// They differ.
        Explicit = 1 "EXPLICIT",
        /// They are one.
        Implicit = 2 "IMPLICIT",
        /// The field must be set.
        LegacyRequired = 3 "LEGACY_REQUIRED",
    }
}
feature! {
    /// What a reader makes of a number without a name.
    EnumType {
        /// It keeps it.
        Open = 1 "OPEN",
        /// It sees an unknown field.
        Closed = 2 "CLOSED",
    }
}
feature! {
    /// How lists of numbers are written.
    RepeatedEncoding {
        /// One length, then the values.
        Packed = 1 "PACKED",
        /// One tag each.
        Expanded = 2 "EXPANDED",
    }
}
feature! {
    /// Whether strings are checked.
    Utf8 {
        /// They are.
        Verify = 2 "VERIFY",
        /// They are not.
        None = 3 "NONE",
    }
}
feature! {
    /// How a message inside a message is framed.
    MessageEncoding {
        /// By its length.
        LengthPrefixed = 1 "LENGTH_PREFIXED",
        /// By a pair of tags, as a group.
        Delimited = 2 "DELIMITED",
    }
}
feature! {
    /// Whether the element has a JSON form.
    JsonFormat {
        /// It has.
        Allow = 1 "ALLOW",
        /// Nobody checks that it has.
        LegacyBestEffort = 2 "LEGACY_BEST_EFFORT",
    }
}
feature! {
    /// `(pb.cpp).string_type`.
    CppString {
        /// A view.
        View = 1 "VIEW",
        /// A cord.
        Cord = 2 "CORD",
        /// A string.
        String = 3 "STRING",
    }
}
feature! {
    /// `(pb.java).utf8_validation`.
    JavaUtf8 {
        /// As the feature `utf8_validation` says.
        Default = 1 "DEFAULT",
        /// They are checked.
        Verify = 2 "VERIFY",
    }
}
feature! {
    /// What an element without a visibility of its own has.
    DefaultVisibility {
        /// Everything is exported.
        ExportAll = 1 "EXPORT_ALL",
        /// What stands at top level is exported.
        ExportTopLevel = 2 "EXPORT_TOP_LEVEL",
        /// Nothing is exported.
        LocalAll = 3 "LOCAL_ALL",
        /// Nothing is exported, and nesting is refused.
        Strict = 4 "STRICT",
    }
}

/// The features of one element, each inherited or its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each field is explained at its type")]
pub struct Features {
    pub presence: Presence,
    pub enum_type: EnumType,
    pub repeated: RepeatedEncoding,
    pub utf8: Utf8,
    pub message: MessageEncoding,
    pub json: JsonFormat,
    pub cpp_string: CppString,
    pub java_utf8: JavaUtf8,
    pub visibility: DefaultVisibility,
}

impl Features {
    /// What a file has that says nothing.
    pub fn defaults(syntax: Syntax) -> Self {
        let edition_2023 = Features {
            presence: Presence::Explicit,
            enum_type: EnumType::Open,
            repeated: RepeatedEncoding::Packed,
            utf8: Utf8::Verify,
            message: MessageEncoding::LengthPrefixed,
            json: JsonFormat::Allow,
            cpp_string: CppString::String,
            java_utf8: JavaUtf8::Default,
            visibility: DefaultVisibility::ExportAll,
        };
        match syntax {
            Syntax::Proto2 => Features {
                enum_type: EnumType::Closed,
                repeated: RepeatedEncoding::Expanded,
                utf8: Utf8::None,
                json: JsonFormat::LegacyBestEffort,
                ..edition_2023
            },
            Syntax::Proto3 => Features {
                presence: Presence::Implicit,
                ..edition_2023
            },
            Syntax::Edition(edition) if edition >= EDITION_2024 => Features {
                cpp_string: CppString::View,
                visibility: DefaultVisibility::ExportTopLevel,
                ..edition_2023
            },
            Syntax::Edition(_) => edition_2023,
        }
    }

    /// The names of all of them, in the order of the fields.
    pub fn words(self) -> [&'static str; 9] {
        [
            self.presence.word(),
            self.enum_type.word(),
            self.repeated.word(),
            self.utf8.word(),
            self.message.word(),
            self.json.word(),
            self.cpp_string.word(),
            self.java_utf8.word(),
            self.visibility.word(),
        ]
    }

    /// Lays a `google.protobuf.FeatureSet` over these. Values that are not
    /// known, or zero, change nothing; the last one wins.
    pub(crate) fn overlay(&mut self, set: &[u8]) -> Result<(), Malformed> {
        let mut reader = Reader::new(set);
        while let Some((number, value)) = reader.next()? {
            if let Some(bytes) = value.bytes() {
                self.overlay_language(number, bytes)?;
            }
            let Some(value) = value.varint() else {
                continue;
            };
            match number {
                1 => put(&mut self.presence, Presence::read(value)),
                2 => put(&mut self.enum_type, EnumType::read(value)),
                3 => put(&mut self.repeated, RepeatedEncoding::read(value)),
                4 => put(&mut self.utf8, Utf8::read(value)),
                5 => put(&mut self.message, MessageEncoding::read(value)),
                6 => put(&mut self.json, JsonFormat::read(value)),
                8 => put(&mut self.visibility, DefaultVisibility::read(value)),
                _ => {}
            }
        }
        Ok(())
    }

    /// `pb.cpp` is 1000, `pb.java` 1001.
    fn overlay_language(&mut self, number: u32, set: &[u8]) -> Result<(), Malformed> {
        if !matches!(number, 1000 | 1001) {
            return Ok(());
        }
        let mut reader = Reader::new(set);
        while let Some((inner, value)) = reader.next()? {
            match (number, inner, value.varint()) {
                (1000, 2, Some(value)) => put(&mut self.cpp_string, CppString::read(value)),
                (1001, 2, Some(value)) => put(&mut self.java_utf8, JavaUtf8::read(value)),
                _ => {}
            }
        }
        Ok(())
    }
}

fn put<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_overrides_what_it_names_alone() {
        let mut features = Features::defaults(Syntax::Edition(EDITION_2023));
        // field_presence IMPLICIT, (pb.cpp).string_type CORD, an unknown value.
        features
            .overlay(&[8, 2, 0xc2, 0x3e, 2, 0x10, 2, 0x20, 9])
            .unwrap();
        assert_eq!(features.presence, Presence::Implicit);
        assert_eq!(features.cpp_string, CppString::Cord);
        assert_eq!(features.utf8, Utf8::Verify);
        assert!(features.overlay(&[8]).is_err());
    }

    #[test]
    fn defaults_follow_the_edition() {
        let proto2 = Features::defaults(Syntax::Proto2);
        assert_eq!(proto2.enum_type, EnumType::Closed);
        assert_eq!(proto2.utf8, Utf8::None);
        let newest = Features::defaults(Syntax::Edition(EDITION_2024));
        assert_eq!(newest.cpp_string, CppString::View);
    }
}
