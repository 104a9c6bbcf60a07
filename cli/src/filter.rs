//! Filter expressions: `id(CONN-*) & level(must) & !title(ready)`.

use crate::caret::{Mistake, did_you_mean};
use std::ops::Range;
use terms::{Level, Requirement};

/// Which requirements are selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Filter {
    All,
    Id(String),
    Area(String),
    Title(String),
    Level(Level),
    Not(Box<Filter>),
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
}

const PREDICATES: [&str; 5] = ["id", "area", "title", "level", "all"];

/// Open parentheses and negations inside one another.
const DEEPEST: usize = 64;

impl Filter {
    pub(crate) fn parse(text: &str) -> Result<Self, Mistake> {
        let mut parser = Parser { text, at: 0 };
        let filter = parser.or(0)?;
        parser.blanks();
        if parser.at < text.len() {
            return Err(Mistake::new(
                "expected `&`, `|` or the end",
                parser.at..parser.at + 1,
            ));
        }
        Ok(filter)
    }

    pub(crate) fn selects(&self, requirement: &Requirement) -> bool {
        match self {
            Filter::All => true,
            Filter::Id(glob) => matches(glob, requirement.id),
            Filter::Area(glob) => matches(glob, requirement.area()),
            Filter::Title(text) => requirement
                .title()
                .to_lowercase()
                .contains(&text.to_lowercase()),
            Filter::Level(level) => requirement.level == *level,
            Filter::Not(inner) => !inner.selects(requirement),
            Filter::And(one, other) => one.selects(requirement) && other.selects(requirement),
            Filter::Or(one, other) => one.selects(requirement) || other.selects(requirement),
        }
    }
}

/// Whether a text fits a pattern in which `*` stands for anything; letter case
/// does not matter.
fn matches(glob: &str, text: &str) -> bool {
    let (glob, text) = (glob.to_ascii_uppercase(), text.to_ascii_uppercase());
    let mut parts = glob.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn or(&mut self, depth: usize) -> Result<Filter, Mistake> {
        let mut filter = self.and(depth)?;
        while self.takes('|') {
            let other = self.and(depth)?;
            filter = Filter::Or(Box::new(filter), Box::new(other));
        }
        Ok(filter)
    }

    fn and(&mut self, depth: usize) -> Result<Filter, Mistake> {
        let mut filter = self.one(depth)?;
        while self.takes('&') {
            let other = self.one(depth)?;
            filter = Filter::And(Box::new(filter), Box::new(other));
        }
        Ok(filter)
    }

    fn one(&mut self, depth: usize) -> Result<Filter, Mistake> {
        if depth > DEEPEST {
            return Err(Mistake::new("too deep", self.here()));
        }
        if self.takes('!') {
            return Ok(Filter::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.takes('(') {
            let filter = self.or(depth + 1)?;
            self.must_take(')')?;
            return Ok(filter);
        }
        self.predicate()
    }

    fn predicate(&mut self) -> Result<Filter, Mistake> {
        self.blanks();
        let start = self.at;
        let name = self.until(|character| !character.is_ascii_alphabetic());
        let span = start..self.at;
        if name.is_empty() {
            return Err(Mistake::new(
                "expected a predicate such as id(HSK-*), `!` or `(`",
                self.here(),
            ));
        }
        if !PREDICATES.contains(&name.as_str()) {
            let near = did_you_mean(&name, PREDICATES);
            return Err(Mistake::new(format!("there is no predicate {name}"), span)
                .hint(near.or_else(|| Some(format!("there are {}", PREDICATES.join(", "))))));
        }
        self.must_take('(')?;
        let start = self.at;
        let argument = self.until(|character| character == ')');
        let argument_span = start..self.at;
        self.must_take(')')?;
        let argument = argument.trim().to_owned();
        if argument.is_empty() != (name == "all") {
            let what = if name == "all" {
                "all() takes nothing".to_owned()
            } else {
                format!("{name}() needs something to look for")
            };
            return Err(Mistake::new(what, argument_span));
        }
        Ok(match name.as_str() {
            "id" => Filter::Id(argument),
            "area" => Filter::Area(argument),
            "title" => Filter::Title(argument),
            "level" => Filter::Level(match argument.to_ascii_lowercase().as_str() {
                "must" => Level::Must,
                "should" => Level::Should,
                "may" => Level::May,
                _ => {
                    return Err(Mistake::new(
                        "a level is must, should or may",
                        argument_span,
                    ));
                }
            }),
            _ => Filter::All,
        })
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn here(&self) -> Range<usize> {
        self.at..self.at + self.rest().chars().next().map_or(0, char::len_utf8)
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn takes(&mut self, wanted: char) -> bool {
        self.blanks();
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn must_take(&mut self, wanted: char) -> Result<(), Mistake> {
        if self.takes(wanted) {
            Ok(())
        } else {
            Err(Mistake::new(format!("expected `{wanted}`"), self.here()))
        }
    }

    fn until(&mut self, ends: impl Fn(char) -> bool) -> String {
        let rest = self.rest();
        let length = rest.find(ends).unwrap_or(rest.len());
        let taken = rest[..length].to_owned();
        self.at += length;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(text: &str) -> Vec<&'static str> {
        let filter = Filter::parse(text).unwrap();
        contract::catalog()
            .iter()
            .filter(|requirement| filter.selects(requirement))
            .map(|requirement| requirement.id)
            .collect()
    }

    #[test]
    fn expressions_select() {
        assert_eq!(selected("id(hsk-010)"), ["HSK-010"]);
        assert_eq!(
            selected("id(HSK-01*) & !(id(*0) | id(*-011)) & level(must) & id(*-012)"),
            ["HSK-012"]
        );
        assert_eq!(selected("title(ends with a newline)"), ["HSK-010"]);
        let (all, area) = (selected("all()").len(), selected("area(TLS)").len());
        assert!(area > 0 && area < all);
        assert_eq!(selected("!area(TLS)").len(), all - area);
        // `&` binds closer than `|`.
        assert_eq!(selected("id(HSK-010) | id(HSK-012) & id(X)"), ["HSK-010"]);
    }

    #[test]
    fn mistakes_are_told_where_they_are() {
        for (text, at, what) in [
            ("", 0, "expected a predicate"),
            ("idd(x)", 0, "no predicate idd"),
            ("cap(x)", 0, "no predicate cap"),
            ("id(x", 4, "expected `)`"),
            ("id(x) level(must)", 6, "expected `&`"),
            ("level(most)", 6, "a level is"),
            ("id()", 3, "needs something"),
            ("(id(x)", 6, "expected `)`"),
            ("é", 0, "expected a predicate"),
        ] {
            let mistake = Filter::parse(text).unwrap_err();
            assert!(mistake.what.contains(what), "{text}: {mistake:?}");
            assert_eq!(mistake.span.start, at, "{text}: {mistake:?}");
        }
        assert!(Filter::parse(&"(".repeat(100_000)).is_err());
        assert!(Filter::parse(&"!".repeat(100_000)).is_err());
    }
}
