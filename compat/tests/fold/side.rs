//! Texts as versions, and what the fold says of them.

use compat::aperio::{self, Base, Comparison, Outcome};
use compat::buf::Scope;
use compat::bump::Declared;
use compat::load::{Input, Loaded, Protox, Roots, Tree};
use compat::{DescriptorSet, Policy, Version, Waiver, canon, waiver};
use std::rc::Rc;

/// Files by path, as text; a lone text is `a.proto` of package `p.v1`.
pub(crate) fn loaded(files: &[(&str, &str)]) -> Loaded {
    let files = files.iter().map(|(path, text)| {
        let head = if text.contains("syntax =") {
            ""
        } else {
            "syntax = \"proto3\";\npackage p.v1;\n"
        };
        ((*path).to_owned(), format!("{head}{text}").into_bytes())
    });
    let input = Input::Tree {
        tree: Rc::new(Tree::Memory(files.collect())),
        path: String::new(),
    };
    input.load(&Roots::default(), &Protox).unwrap()
}

pub(crate) fn one(text: &str) -> Loaded {
    loaded(&[("a.proto", text)])
}

/// What is asked beside the sets.
#[derive(Default)]
pub(crate) struct Ask {
    pub(crate) declared: Option<&'static str>,
    pub(crate) policy: Policy,
    pub(crate) waivers: Vec<Waiver>,
    pub(crate) edited: Vec<(Version, String)>,
    pub(crate) locked: bool,
}

fn digest(set: &DescriptorSet<'_>) -> String {
    canon::digest(set, canon::closure(set, &[], false)).unwrap()
}

impl Ask {
    /// Judges a new side against versions, told as `1.2.0`, or by a word where
    /// they have none.
    pub(crate) fn of(&self, bases: &[(&str, &Loaded)], new: &Loaded) -> Outcome {
        let sets: Vec<_> = bases
            .iter()
            .map(|(_, loaded)| DescriptorSet::parse(&loaded.bytes).unwrap())
            .collect();
        let set = DescriptorSet::parse(&new.bytes).unwrap();
        let mut bases: Vec<Base<'_>> = bases
            .iter()
            .zip(&sets)
            .map(|((name, _), set)| Base {
                reference: (*name).to_owned(),
                version: Version::parse(name).ok(),
                set,
                digest: digest(set),
                locked: self.locked,
                comments: None,
            })
            .collect();
        aperio::newest_first(&mut bases);
        let comparison = Comparison {
            new: &set,
            digest: digest(&set),
            loaded: new,
            bases,
            declared: self.declared.map(|text| Declared::parse(text).unwrap()),
            policy: &self.policy,
            scope: Scope {
                exclude_built_in: true,
                ..Scope::default()
            },
            edited: self.edited.clone(),
            waivers: &self.waivers,
            today: waiver::today(),
        };
        aperio::check(&comparison).unwrap()
    }

    /// The same of two texts without versions.
    pub(crate) fn texts(&self, old: &str, new: &str) -> Outcome {
        self.of(&[("old", &one(old))], &one(new))
    }
}

/// `RULE demand channel element` of every finding.
pub(crate) fn told(outcome: &Outcome) -> Vec<String> {
    let findings = outcome.findings.iter();
    findings
        .map(|finding| {
            format!(
                "{} {} {} {}",
                finding.rule.id,
                finding.demand.name(),
                finding.channel.name(),
                finding.element
            )
        })
        .collect()
}
