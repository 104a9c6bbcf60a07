//! What a rule is: one thing that may change between two descriptor sets.

use crate::found::{Found, Hit};
use crate::model::{Enum, Field, File, Message, Method, Service};
use crate::pair::{Pair, World};

/// One declared rule.
#[derive(Debug)]
pub struct Rule {
    /// Its id; never reused.
    pub id: &'static str,
    /// The promise in its first line, then the text with its examples.
    pub doc: &'static str,
    /// The source file that declares it.
    pub file: &'static str,
    /// The line of the declaration, from 1.
    pub line: u32,
    /// Its place in rulebook `buf`, if it is one of buf's.
    pub buf: Option<Buf>,
    /// The channels it speaks for in rulebook `aperio`; empty where it is not
    /// there.
    pub aperio: &'static [Channel],
    /// Rules of buf that fire on the same change.
    pub covers: &'static [&'static str],
    /// Rules of the same element whose findings this one replaces.
    pub instead_of: &'static [&'static str],
    /// Who judges it.
    pub judge: Judge,
}

impl Rule {
    /// The promise in one line, in lower case and without its full stop.
    pub fn title(&self) -> String {
        let line = self.doc.lines().next().unwrap_or("").trim();
        let line = line.strip_suffix('.').unwrap_or(line).replace('`', "");
        let mut chars = line.chars();
        match chars.next() {
            Some(first) => first.to_lowercase().chain(chars).collect(),
            None => line,
        }
    }
}

/// The categories of a rule in each version of buf's configuration.
#[derive(Debug, Clone, Copy)]
pub struct Buf {
    /// In version 2.
    pub v2: &'static [Category],
    /// In version 1; empty where the rule does not exist there.
    pub v1: &'static [Category],
    /// In version 1beta1; empty where the rule does not exist there.
    pub v1beta1: &'static [Category],
}

/// A category of buf's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are buf's")]
pub enum Category {
    File,
    Package,
    WireJson,
    Wire,
    Csr,
}

impl Category {
    /// All of them, strictest first.
    pub const ALL: [Category; 5] = [
        Category::File,
        Category::Package,
        Category::WireJson,
        Category::Wire,
        Category::Csr,
    ];

    /// Its id in a configuration.
    pub fn id(self) -> &'static str {
        match self {
            Category::File => "FILE",
            Category::Package => "PACKAGE",
            Category::WireJson => "WIRE_JSON",
            Category::Wire => "WIRE",
            Category::Csr => "CSR",
        }
    }
}

/// Who is affected by a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Running binaries.
    Wire,
    /// Stored JSON, logs, HTTP.
    Json,
    /// Authors who recompile Go.
    SourceGo,
    /// Authors who recompile Python.
    SourcePy,
    /// Authors who recompile anything.
    Source,
    /// Every enabled channel.
    All,
    /// The release as a whole.
    Release,
}

impl Channel {
    /// Its name in a configuration and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Channel::Wire => "wire",
            Channel::Json => "json",
            Channel::SourceGo => "source-go",
            Channel::SourcePy => "source-py",
            Channel::Source => "source",
            Channel::All => "all",
            Channel::Release => "release",
        }
    }
}

/// The code of a rule, by the pairs it judges.
#[derive(Debug, Clone, Copy)]
pub enum Judge {
    /// The two sets as a whole.
    Set(fn(&World, &mut Found)),
    /// Two files of one path.
    File(fn(&Pair<File>, &World, &mut Found)),
    /// Two messages of one full name.
    Message(fn(&Pair<Message>, &World, &mut Found)),
    /// Two fields of one number in such messages, or two extensions of one
    /// number that extend them.
    Field(fn(&Pair<Field>, &World, &mut Found)),
    /// Two enums of one full name.
    Enum(fn(&Pair<Enum>, &World, &mut Found)),
    /// Two services of one full name.
    Service(fn(&Pair<Service>, &World, &mut Found)),
    /// Two methods of one name in such services.
    Method(fn(&Pair<Method>, &World, &mut Found)),
    /// The release as a whole: what is judged when every pair has been.
    Release,
    /// The two sets as a whole, and what all other rules found.
    Rest(fn(&World, &[Hit], &mut Found)),
}
