//! Defaults of fields, as values.

use crate::model::{Cardinality, DescriptorSet, Field, Kind, Target};
use std::fmt;

/// The value that an unset field reads as.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FieldDefault {
    /// A string, or bytes.
    Text(Vec<u8>),
    /// An integer, a bool or the number of an enum value.
    Integer(i128),
    Float(f32),
    Double(f64),
}

impl FieldDefault {
    /// The default of a field; lists, maps and messages have none.
    pub(crate) fn of(set: &DescriptorSet<'_>, field: &Field<'_>) -> Option<Self> {
        let many = matches!(
            set.cardinality(field),
            Cardinality::Repeated | Cardinality::Map
        );
        if many || field.kind.is_message() {
            return None;
        }
        let given = field.declared_default;
        let text = given.map(|bytes| String::from_utf8_lossy(bytes));
        let text = text.as_deref();
        Some(match field.kind {
            Kind::String => FieldDefault::Text(given.unwrap_or(&[]).to_vec()),
            Kind::Bytes => FieldDefault::Text(unescaped(given.unwrap_or(&[]))),
            Kind::Float => FieldDefault::Float(text.map_or(0.0, float)),
            Kind::Double => FieldDefault::Double(text.map_or(0.0, double)),
            Kind::Bool => FieldDefault::Integer(i128::from(text == Some("true"))),
            Kind::Enum => FieldDefault::Integer(enum_default(set, field, text)),
            _ => FieldDefault::Integer(text.and_then(|text| text.parse().ok()).unwrap_or(0)),
        })
    }

    /// Zero or empty; minus zero is neither.
    pub(super) fn is_zero(&self) -> bool {
        match self {
            FieldDefault::Text(bytes) => bytes.is_empty(),
            FieldDefault::Integer(number) => *number == 0,
            FieldDefault::Float(number) => number.to_bits() == 0,
            FieldDefault::Double(number) => number.to_bits() == 0,
        }
    }

    /// Whether both are one value, as if numbers had any precision; a double
    /// is cut to a float where it meets one.
    pub(super) fn equals(&self, other: &Self) -> bool {
        use FieldDefault::{Double, Float, Integer, Text};
        match (self, other) {
            (Text(old), Text(new)) => old == new,
            (Text(_), _) | (_, Text(_)) => false,
            (Integer(old), Integer(new)) => old == new,
            (Float(old), Float(new)) => same(f64::from(*old), f64::from(*new)),
            (Double(old), Double(new)) => same(*old, *new),
            (Float(single), Double(double)) | (Double(double), Float(single)) => {
                #[allow(clippy::cast_possible_truncation, reason = "cut on purpose")]
                let cut = *double as f32;
                same(f64::from(*single), f64::from(cut))
            }
            (Integer(integer), Float(float)) | (Float(float), Integer(integer)) => {
                is_integer(f64::from(*float), *integer)
            }
            (Integer(integer), Double(double)) | (Double(double), Integer(integer)) => {
                is_integer(*double, *integer)
            }
        }
    }
}

#[allow(clippy::float_cmp, reason = "equal means equal")]
fn same(old: f64, new: f64) -> bool {
    old == new || old.is_nan() && new.is_nan()
}

#[allow(
    clippy::float_cmp,
    clippy::cast_possible_truncation,
    reason = "every integer of a field, and every double below this bound, fits"
)]
fn is_integer(float: f64, integer: i128) -> bool {
    const BOUND: f64 = 1e30;
    float.abs() < BOUND && float.trunc() == float && float as i128 == integer
}

fn enum_default(set: &DescriptorSet<'_>, field: &Field<'_>, text: Option<&str>) -> i128 {
    let Target::Enum(target) = field.target else {
        return 0;
    };
    let values = set.values_of(&set[target]);
    let found = match text {
        Some(name) => values.iter().find(|value| value.name == name),
        None => values.first(),
    };
    found.map_or(0, |value| i128::from(value.number))
}

fn double(text: &str) -> f64 {
    match text {
        "inf" => f64::INFINITY,
        "-inf" => f64::NEG_INFINITY,
        "nan" | "-nan" => f64::NAN,
        _ => text.parse().unwrap_or(0.0),
    }
}

fn float(text: &str) -> f32 {
    match text {
        "inf" => f32::INFINITY,
        "-inf" => f32::NEG_INFINITY,
        "nan" | "-nan" => f32::NAN,
        _ => text.parse().unwrap_or(0.0),
    }
}

/// The bytes behind the escapes of C that descriptors write them with.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'\\' {
            bytes.push(first);
            continue;
        }
        let Some((&escape, after)) = rest.split_first() else {
            bytes.push(first);
            break;
        };
        rest = after;
        let (radix, most) = match escape {
            b'0'..=b'7' => (8, 3),
            b'x' | b'X' => (16, 2),
            _ => (0, 0),
        };
        if radix == 0 {
            bytes.push(match escape {
                b'a' => 7,
                b'b' => 8,
                b'f' => 12,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'v' => 11,
                other => other,
            });
            continue;
        }
        let digits = if radix == 8 {
            &text[text.len() - rest.len() - 1..]
        } else {
            rest
        };
        let count = digits
            .iter()
            .take(most)
            .take_while(|digit| char::from(**digit).is_digit(radix))
            .count();
        let value = digits[..count].iter().fold(0u32, |value, digit| {
            value * radix + char::from(*digit).to_digit(radix).unwrap_or(0)
        });
        bytes.push(u8::try_from(value & 0xff).expect("eight bits"));
        rest = &digits[count..];
    }
    bytes
}

impl fmt::Display for FieldDefault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FieldDefault::Text(bytes) => write!(f, "\"{}\"", bytes.escape_ascii()),
            FieldDefault::Integer(number) => write!(f, "{number}"),
            FieldDefault::Float(number) => write!(f, "{number}"),
            FieldDefault::Double(number) => write!(f, "{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_bytes() {
        assert_eq!(
            unescaped(br#"a\n\001\x7fz\377\"\0"#),
            b"a\n\x01\x7fz\xff\"\0"
        );
        assert_eq!(unescaped(br"\"), b"\\");
        assert_eq!(unescaped(br"\xzz"), b"\0zz");
    }

    #[test]
    fn numbers_of_all_types_compare() {
        let integer = FieldDefault::Integer(7);
        assert!(integer.equals(&FieldDefault::Double(7.0)));
        assert!(!integer.equals(&FieldDefault::Float(7.5)));
        assert!(FieldDefault::Float(0.1).equals(&FieldDefault::Double(0.1)));
        assert!(FieldDefault::Double(f64::NAN).equals(&FieldDefault::Float(f32::NAN)));
        assert!(!integer.equals(&FieldDefault::Text(b"7".to_vec())));
        assert!(
            !FieldDefault::Integer(1 << 53).equals(&FieldDefault::Double(9_007_199_254_740_994.0))
        );
    }
}
