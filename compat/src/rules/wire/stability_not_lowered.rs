use crate::bufyaml::is_unstable;
use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Found, Spot};
use crate::model::File;
use crate::pair::{Pair, World};
use crate::rule::Channel;

rule! {
    /// What is stable stays stable.
    ///
    /// The last part of a package's name says so: `v1` is stable, `v1alpha` or `v1beta2` is not. A
    /// package that becomes stable asks for a minor.
    ///
    /// ```proto old
    /// package p.v1;
    /// message N {}
    /// ```
    /// ```proto breaks
    /// package p.v1beta1;
    /// message N {}
    /// ```
    /// ```proto allowed
    /// package p.v2;
    /// message N {}
    /// ```
    "STABILITY_NOT_LOWERED", File,
    aperio [All],
    judge
}

fn judge(pair: &Pair<File>, world: &World, found: &mut Found) {
    let (how, demand) = match (is_unstable(pair.old.package), is_unstable(pair.new.package)) {
        (false, true) => ("is not stable any more", Demand::Major),
        (true, false) => ("became stable", Demand::Minor),
        _ => return,
    };
    let message = format!(
        "package {}, which was {}, {how}",
        pair.new.package, pair.old.package
    );
    let spot = Spot::part(world.new, pair.new.id, &[2]);
    found
        .at(pair.new.id, spot, Some(pair.old.id), message)
        .demands(Channel::All, demand);
}
