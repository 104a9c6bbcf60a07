//! What a changed annotation asks for.

use crate::effect::{Demand, Effect};
use crate::found::Hit;
use crate::rule::Channel;

/// The new side takes less than the old one was promised. Authors who
/// recompile find the same code.
pub(super) fn tightened(hit: &mut Hit) {
    hit.effects(Effect::Same, Effect::Rejected);
    beyond_wire(hit, Demand::Major);
}

/// The new side takes more. It knows what the old one takes, and keeps to it
/// as long as it talks to an old one.
pub(super) fn loosened(hit: &mut Hit) {
    hit.effects(Effect::Ignored, Effect::Same);
    hit.demands(Channel::All, Demand::Minor);
}

/// Each side refuses, or never does, what the other counts on.
pub(super) fn other_terms(hit: &mut Hit) {
    hit.effects(Effect::Rejected, Effect::Rejected);
    beyond_wire(hit, Demand::Minor);
}

/// A promise that no bytes show is gone.
pub(super) fn withdrawn(hit: &mut Hit) {
    hit.demands(Channel::Wire, Demand::Major);
    beyond_wire(hit, Demand::Minor);
}

fn beyond_wire(hit: &mut Hit, json: Demand) {
    hit.demands(Channel::Json, json);
    for source in [Channel::SourceGo, Channel::SourcePy, Channel::Source] {
        hit.demands(source, Demand::Minor);
    }
}

/// Whatever the version.
pub(super) fn refused(hit: &mut Hit) {
    hit.demands(Channel::All, Demand::Refused);
}
