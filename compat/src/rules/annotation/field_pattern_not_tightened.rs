use super::demand::{loosened, tightened};
use super::marks::{changed_field, spot};
use crate::annotation::PATTERN;
use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Era, Found};
use crate::language::{Inclusion, inclusion};
use crate::model::Field;
use crate::pair::{Pair, World};
use crate::rule::Channel;
use crate::rules::wire::probes;
use crate::witness::Sample;

rule! {
    /// A pattern takes every text it took.
    ///
    /// Whether the language of one pattern holds that of another is decided, not guessed from their spelling; what cannot be decided counts as tightened. A pattern that is added takes away from every text there is.
    ///
    /// ```proto old
    /// import "aperio/annotations/v1/options.proto";
    /// message M { string a = 1 [(aperio.annotations.v1.pattern) = "[a-z]{1,8}"]; string b = 2; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { string a = 1 [(aperio.annotations.v1.pattern) = "[a-z]{1,7}"]; string b = 2; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { string a = 1 [(aperio.annotations.v1.pattern) = "[a-z]{1,8}"]; string b = 2 [(aperio.annotations.v1.pattern) = "[a-z]*"]; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { string a = 1 [(aperio.annotations.v1.pattern) = "[a-z]{1,9}"]; string b = 2; }
    /// ```
    /// ```proto allowed
    /// import "aperio/annotations/v1/options.proto";
    /// message M { string a = 1 [(aperio.annotations.v1.pattern) = "[a-z]{1,8}", deprecated = true]; string b = 2; }
    /// ```
    "FIELD_PATTERN_NOT_TIGHTENED", Field,
    aperio [Wire, Json, SourceGo, SourcePy, Source],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let Some((old, new)) = changed_field(world, pair) else {
        return;
    };
    if old.pattern == new.pattern {
        return;
    }
    let name = world.new.full_name(pair.new.id);
    let inclusion = inclusion(old.pattern, new.pattern);
    let (what, wider) = told(old.pattern, new.pattern, &inclusion);
    let spot = spot(world.new, pair.new.id.into(), PATTERN);
    let message = format!("the pattern of {name} {what}");
    let hit = found.at(pair.new.id, spot, Some(pair.old.file), message);
    match wider {
        None => {
            tightened(hit);
            if let Inclusion::Lacks(text) = inclusion {
                let sample = Sample::Text(text);
                hit.shown_by(probes::field(world, Era::Old, pair, [sample]).refused());
            }
        }
        Some(true) => loosened(hit),
        Some(false) => {
            hit.demands(Channel::All, Demand::Patch);
        }
    }
}

/// What happened to a pattern; and whether it takes more than before, where
/// it takes no less.
pub(super) fn told(
    old: Option<&str>,
    new: Option<&str>,
    inclusion: &Inclusion,
) -> (String, Option<bool>) {
    let change = match (old, new) {
        (None, Some(new)) => format!("was introduced as {new:?}"),
        (Some(old), None) => format!("{old:?} is gone"),
        (old, new) => format!(
            "changed from {:?} to {:?}",
            old.unwrap_or_default(),
            new.unwrap_or_default()
        ),
    };
    match inclusion {
        Inclusion::Lacks(text) => (format!("{change} and no longer takes {text:?}"), None),
        Inclusion::Undecided if new.is_none() => (change, Some(true)),
        Inclusion::Undecided => (
            format!("{change}, and whether it takes what it took cannot be decided"),
            None,
        ),
        Inclusion::Holds => {
            let equal = self::inclusion(new, old) == Inclusion::Holds;
            let how = if equal {
                "takes the same"
            } else {
                "takes more"
            };
            (format!("{change} and {how}"), Some(!equal))
        }
    }
}
