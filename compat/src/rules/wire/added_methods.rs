//! Added methods, with and without a guard.

use super::guard::{denied, gated};
use crate::effect::Effect;
use crate::found::{Era, Found, Hit, Spot};
use crate::model::Method;
use crate::pair::World;

/// An added method.
pub(super) struct Added<'w> {
    pub(super) method: &'w Method<'w>,
    /// Its service is new too.
    pub(super) with_service: bool,
    /// A new caller knows when not to call it.
    pub(super) guarded: bool,
    /// Without a guard it asks for a major.
    pub(super) denied: bool,
}

/// Every method whose path the old side does not serve.
pub(super) fn all<'w>(world: &World<'w>) -> Vec<Added<'w>> {
    let mut all = Vec::new();
    for file in world.files(Era::New) {
        for service in world.new.services_of(file) {
            for method in world.new.methods_of(service) {
                if world.method_origin(method.id).is_none() {
                    let guarded = gated(world, method.id);
                    all.push(Added {
                        method,
                        with_service: world.service_origin(service.id).is_none(),
                        guarded,
                        denied: !guarded && denied(world, file.id),
                    });
                }
            }
        }
    }
    all
}

impl Added<'_> {
    /// Reports it.
    pub(super) fn report<'f>(&self, world: &World, found: &'f mut Found, how: &str) -> &'f mut Hit {
        let method = self.method;
        let service = world.new.service_name(method.service);
        let message = format!("/{service}/{} was added{how}", method.name);
        let effect = if self.guarded {
            Effect::Ignored
        } else {
            Effect::Rejected
        };
        found
            .at(method.id, Spot::of(world.new, method.id), None, message)
            .effects(effect, Effect::Same)
            .shown_by_call(Era::New, method.id)
    }
}
