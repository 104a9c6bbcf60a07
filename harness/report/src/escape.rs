//! Text a plugin chose, made harmless.

use std::fmt::Write;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Characters of one piece of hostile text that are shown.
const MOST: usize = 400;

/// Makes control characters, line breaks and what has no shape of its own
/// (direction overrides, joiners, tags) visible, so that no terminal and no CI
/// system acts on it and no reader overlooks it, and cuts at 400 characters.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len().min(MOST * 2));
    for (shown, character) in text.chars().enumerate() {
        if shown == MOST {
            let rest = text.chars().count() - MOST;
            let _ = write!(safe, "… (+{rest} characters)");
            break;
        }
        match character {
            '\t' => safe.push(' '),
            character if u32::from(character) < 0x100 && character.is_control() => {
                let _ = write!(safe, "\\x{:02x}", u32::from(character));
            }
            character if is_unseen(character) => {
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
            }
            character => safe.push(character),
        }
    }
    // A CI system reads commands at the start of a line, blanks before it or
    // not, and those of the older kind anywhere in it.
    if safe.trim_start().starts_with("::") {
        safe.insert(0, '\\');
    }
    for command in ["##[", "##vso[", "##teamcity["] {
        if safe.contains(command) {
            safe = safe.replace(command, &format!("#\\{}", &command[1..]));
        }
    }
    safe
}

fn is_unseen(character: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator, Unassigned};
    let category = character.general_category();
    matches!(
        category,
        Control | Format | LineSeparator | ParagraphSeparator | Unassigned
    )
}

/// The last `most` pieces, each escaped, with a line that counts the rest.
pub fn capped<'a>(lines: impl ExactSizeIterator<Item = &'a str>, most: usize) -> Vec<String> {
    let left_out = lines.len().saturating_sub(most);
    let mut shown: Vec<String> = lines.skip(left_out).map(escape).collect();
    if left_out > 0 {
        shown.insert(0, format!("… {left_out} earlier lines"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hostile_survives() {
        assert_eq!(escape("\x1b[31mred\r\n"), "\\x1b[31mred\\x0d\\x0a");
        assert_eq!(escape("::error::x"), "\\::error::x");
        assert_eq!(escape(" ::error::x"), "\\ ::error::x");
        assert_eq!(escape("x ##[add-mask]y"), "x #\\#[add-mask]y");
        assert_eq!(escape("##vso[task]"), "#\\#vso[task]");
        assert_eq!(escape("## a title"), "## a title");
        assert_eq!(escape("a\u{202e}b"), "a\\u{202e}b");
        for unseen in [
            0x85, 0xad, 0x061c, 0x200b, 0x200d, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066,
            0x2069, 0xfeff, 0xe0000, 0xe0001, 0xe0041, 0xe007f,
        ] {
            let character = char::from_u32(unseen).unwrap();
            let shown = escape(&format!("a{character}b"));
            assert!(shown.is_ascii(), "U+{unseen:04X} is shown as {shown:?}");
        }
        assert_eq!(
            escape("naïve 日本\u{3000}e\u{301} 🙂"),
            "naïve 日本\u{3000}e\u{301} 🙂"
        );
        let long = escape(&"x".repeat(1_000_000));
        assert!(long.ends_with("… (+999600 characters)") && long.len() < 500);
    }

    #[test]
    fn long_lists_keep_their_end() {
        let lines = ["a", "b", "c"];
        assert_eq!(
            capped(lines.into_iter(), 2),
            ["… 1 earlier lines", "b", "c"]
        );
    }
}
