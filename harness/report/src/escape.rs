//! Text a plugin chose, made harmless.

use std::fmt::Write;

/// Characters of one piece of hostile text that are shown.
const MOST: usize = 400;

/// Makes control characters, line breaks and direction overrides visible, so
/// that no terminal and no CI system acts on them, and cuts at 400 characters.
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
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
            }
            character if u32::from(character) < 0x100 && character.is_control() => {
                let _ = write!(safe, "\\x{:02x}", u32::from(character));
            }
            character if character.is_control() => {
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
