use super::reflected::{elsewhere, place, reflected};
use crate::declare::requirement;
use crate::observed::{blocked_by, not_aperios};
use host::Session;
use proto::interface::{self, PACKAGE, shape};
use std::collections::BTreeMap;
use terms::{Finding, Judgement, SkipReason, Verdict};

/// Packages of event payloads: what the interface carries of them is here,
/// and a plugin may know more of them.
const CARRIED: &[&str] = &["aperio.contracts.v1", "cerebro.v1"];
/// Most findings of one plugin.
const MOST: usize = 20;

requirement! {
    /// Reflection equals the published interface.
    ///
    /// A plugin built from a changed copy of the text misreads its host, or is misread, without either noticing.
    ///
    /// ## How it is judged
    ///
    /// Every element that is told of the interface's packages, against the published text at the minor that Describe names: names, numbers, types, labels, oneofs, streaming. Nothing of a told message, enum or service may be missing, and nothing may stand there that is newer or of nobody's making. Event payloads are compared as far as the text carries them. Comments and annotations are not looked at.
    ///
    /// ## Usual causes
    ///
    /// A copy of the text that was edited; descriptors of a newer minor than the plugin declares.
    "RPC-011", Should, since "1.0", session
}

async fn judge(session: &mut Session) -> Judgement {
    if !session.plugin().is_aperio() {
        return Ok(not_aperios());
    }
    let told = match reflected(session).await? {
        Ok(told) => told,
        Err(verdict) => return Ok(elsewhere(verdict)),
    };
    let Ok(described) = session.describe().await? else {
        return Ok(blocked_by("ID-001"));
    };
    let Some(version) = described.interface_version else {
        return Ok(Verdict::vacuous("Describe names no interface version"));
    };
    if version.major != proto::INTERFACE_MAJOR {
        return Ok(Verdict::not_claimed("the plugin declares another major"));
    }
    let Some(published) = interface::at(version.minor) else {
        return Ok(Verdict::Skip {
            reason: SkipReason::NewerThanHarness,
        });
    };
    let is_ours = |package: &str| package == PACKAGE || CARRIED.contains(&package);
    let (published, seen) = (shape(&published, is_ours), shape(&told.pool, is_ours));
    if !seen.keys().any(|name| is_of_the_interface(name)) {
        return Ok(blocked_by("RPC-010"));
    }
    let minor = version.minor;
    let findings = differences(&published, &seen).map(|difference| {
        Finding::new(format!(
            "reflection differs from interface 1.{minor} in {}",
            difference.name
        ))
        .at(place(told.method))
        .expected(difference.published.unwrap_or("no such element"))
        .actual(difference.seen.unwrap_or("no such element"))
    });
    Ok(Verdict::of(findings.take(MOST).collect()))
}

struct Difference<'a> {
    name: &'a str,
    published: Option<&'a str>,
    seen: Option<&'a str>,
}

type Shape = BTreeMap<String, String>;

fn differences<'a>(published: &'a Shape, seen: &'a Shape) -> impl Iterator<Item = Difference<'a>> {
    // What belongs to a message that is not told is not told either.
    let missing = published
        .iter()
        .filter(|(name, text)| !seen.contains_key(*name) && seen.contains_key(parent(name, text)));
    // What belongs to a message that should not be there goes with it.
    let odd = seen.iter().filter(|(name, text)| {
        let parent = parent(name, text);
        let has_parent = published.contains_key(parent) || parent == PACKAGE;
        published.get(*name) != Some(*text) && has_parent
    });
    let missing = missing.map(|(name, text)| Difference {
        name,
        published: Some(text),
        seen: None,
    });
    missing.chain(odd.map(|(name, text)| Difference {
        name,
        published: published.get(name).map(String::as_str),
        seen: Some(text),
    }))
}

/// What an element belongs to: a value to its enum, everything else to what
/// stands before the last dot of its name.
fn parent<'a>(name: &'a str, text: &'a str) -> &'a str {
    match text
        .strip_prefix("value ")
        .and_then(|text| text.split_once(" of "))
    {
        Some((_, one)) => one,
        None => name.rsplit_once('.').map_or("", |(parent, _)| parent),
    }
}

fn is_of_the_interface(name: &str) -> bool {
    name.strip_prefix(PACKAGE)
        .is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape_of(elements: &[(&str, &str)]) -> Shape {
        elements
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    }

    fn published() -> Shape {
        shape_of(&[
            ("aperio.plugin.v1.A", "message"),
            ("aperio.plugin.v1.A.x", "field 1, string"),
            ("aperio.plugin.v1.B", "message"),
            ("aperio.plugin.v1.B.y", "field 1, bool"),
            ("aperio.plugin.v1.E", "enum"),
            ("aperio.plugin.v1.E_ONE", "value 1 of aperio.plugin.v1.E"),
            ("cerebro.v1.EventEnvelope", "message"),
            ("cerebro.v1.EventEnvelope.id", "field 1, string"),
        ])
    }

    fn names(seen: &Shape) -> Vec<String> {
        differences(&published(), seen)
            .map(|one| one.name.to_owned())
            .collect()
    }

    #[test]
    fn what_is_equal_or_not_told_is_no_difference() {
        assert!(names(&published()).is_empty());
        let mut less = published();
        less.retain(|name, _| !name.starts_with("aperio.plugin.v1.B"));
        assert!(names(&less).is_empty());
        let mut more = published();
        more.insert("cerebro.v1.Other".to_owned(), "message".to_owned());
        more.insert(
            "cerebro.v1.Other.x".to_owned(),
            "field 1, string".to_owned(),
        );
        assert!(names(&more).is_empty());
    }

    #[test]
    fn each_kind_of_change_is_one_difference() {
        for (name, text) in [
            ("aperio.plugin.v1.A.x", Some("field 2, string")),
            ("aperio.plugin.v1.A.x", None),
            ("aperio.plugin.v1.E_ONE", None),
            (
                "aperio.plugin.v1.E_TWO",
                Some("value 2 of aperio.plugin.v1.E"),
            ),
            ("aperio.plugin.v1.C", Some("message")),
            ("cerebro.v1.EventEnvelope.other", Some("field 9, string")),
        ] {
            let mut seen = published();
            match text {
                Some(text) => seen.insert(name.to_owned(), text.to_owned()),
                None => seen.remove(name),
            };
            assert_eq!(names(&seen), [name], "{text:?}");
        }
    }
}
