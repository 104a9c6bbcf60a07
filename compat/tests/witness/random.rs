//! Messages from a seed: mostly right, some of it wrong.

use compat::DescriptorSet;
use compat::model::{Field, Kind, Label, MessageId, Target};

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

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    /// A number of any size, small ones more often.
    fn number(&mut self) -> u64 {
        let number = self.next();
        match self.below(6) {
            0 | 1 => number % 6,
            2 => number >> 32,
            3 => (number % 4).wrapping_neg(),
            4 => number >> (number % 64),
            _ => number,
        }
    }

    /// A varint, sometimes longer than it need be.
    fn varint(&mut self, out: &mut Vec<u8>, mut value: u64) {
        let mut length = 1;
        while value >= 0x80 {
            out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
            value >>= 7;
            length += 1;
        }
        let last = u8::try_from(value).unwrap();
        if length < 5 && self.one_in(40) {
            out.extend([last | 0x80, 0x80, 0]);
        } else {
            out.push(last);
        }
    }

    fn framed(&mut self, out: &mut Vec<u8>, bytes: &[u8]) {
        self.varint(out, bytes.len() as u64);
        out.extend_from_slice(bytes);
    }

    fn text(&mut self) -> Vec<u8> {
        let texts: [&[u8]; 7] = [
            b"",
            b"a",
            b"b",
            "\u{e9}".as_bytes(),
            b"k",
            b"\0",
            b"\xff\xfe",
        ];
        // Broken ones are rare: they end the message where they are verified.
        let most = if self.one_in(30) { 7 } else { 6 };
        texts[self.below(most)].to_vec()
    }

    /// The encoded fields of a message.
    pub(crate) fn message(
        &mut self,
        set: &DescriptorSet<'_>,
        message: MessageId,
        depth: u32,
    ) -> Vec<u8> {
        let mut out = Vec::new();
        let extensions = set
            .fields()
            .iter()
            .filter(|field| field.extendee == Some(message));
        let fields: Vec<&Field<'_>> = set
            .fields_of(&set[message])
            .iter()
            .chain(extensions)
            .collect();
        for field in &fields {
            // Else hardly a message would have what it requires.
            if field.label == Label::Required && !self.one_in(10) {
                self.right(set, field, depth, &mut out);
            }
        }
        let most = if set[message].map_entry { 3 } else { 7 };
        for _ in 0..self.below(most) {
            let field = fields[self.below(fields.len())];
            match self.below(20) {
                0 => {
                    let number = [15, 60, 99, 150, 201, 5000][self.below(6)];
                    self.wrong(number, depth, &mut out);
                }
                1 => self.wrong(field.number.cast_unsigned(), depth, &mut out),
                _ => self.right(set, field, depth, &mut out),
            }
        }
        if self.one_in(60) {
            out.truncate(self.below(out.len() + 1));
        }
        out
    }

    /// A field of any wire type.
    fn wrong(&mut self, number: u32, depth: u32, out: &mut Vec<u8>) {
        let wire = self.below(6) as u64;
        // The end of a group that nobody opened is always an error.
        let wire = if wire == 4 && !self.one_in(5) {
            0
        } else {
            wire
        };
        self.varint(out, u64::from(number) << 3 | wire);
        match wire {
            0 => {
                let value = self.number();
                self.varint(out, value);
            }
            1 => out.extend(self.next().to_le_bytes()),
            2 => {
                let text = self.text();
                self.framed(out, &text);
            }
            3 => {
                if depth > 0 {
                    self.wrong(number + 1, depth - 1, out);
                }
                self.varint(out, u64::from(number) << 3 | 4);
            }
            5 => out.extend(self.next().to_le_bytes().split_at(4).0),
            _ => {}
        }
    }

    /// A field as it should be.
    fn right(&mut self, set: &DescriptorSet<'_>, field: &Field<'_>, depth: u32, out: &mut Vec<u8>) {
        let tag = u64::from(field.number.cast_unsigned()) << 3;
        if let Target::Message(inner) = field.target {
            let inside = match depth.checked_sub(1) {
                Some(depth) => self.message(set, inner, depth),
                None => Vec::new(),
            };
            if field.kind == Kind::Group {
                self.varint(out, tag | 3);
                out.extend(inside);
                self.varint(out, tag | 4);
            } else {
                self.varint(out, tag | 2);
                self.framed(out, &inside);
            }
            return;
        }
        let (wire, _) = self.scalar(field.kind);
        if field.label == Label::Repeated && wire != 2 && self.one_in(2) {
            let mut inside = Vec::new();
            for _ in 0..self.below(4) {
                inside.extend(self.scalar(field.kind).1);
            }
            self.varint(out, tag | 2);
            self.framed(out, &inside);
        } else {
            let (wire, value) = self.scalar(field.kind);
            self.varint(out, tag | wire);
            out.extend(value);
        }
    }

    fn scalar(&mut self, kind: Kind) -> (u64, Vec<u8>) {
        let mut out = Vec::new();
        let wire = match kind {
            Kind::String | Kind::Bytes => {
                let text = self.text();
                self.framed(&mut out, &text);
                2
            }
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => {
                out.extend(self.number().to_le_bytes());
                1
            }
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => {
                out.extend(self.number().to_le_bytes().split_at(4).0);
                5
            }
            _ => {
                let value = self.number();
                self.varint(&mut out, value);
                0
            }
        };
        (wire, out)
    }
}

/// How many random messages of each type, and from which seed.
pub(crate) fn scale() -> (usize, u64) {
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let cases = number("WITNESS_CASES").unwrap_or(1500);
    (
        usize::try_from(cases).unwrap(),
        number("WITNESS_SEED").unwrap_or(1),
    )
}
