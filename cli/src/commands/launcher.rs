//! A plugin that a command starts to talk to, beside any requirement.

use crate::interruption;
use crate::settings::Launching;
use compat::Policy;
use compat::load::{Input, LoadError, Loaded, Protox, Roots};
use compat::policy::Side;
use host::{Limits, Plugin, Session, reflection};
use runner::{Described, Interrupt};
use std::sync::Arc;
use terms::Trouble;

/// Starts the plugin, one process for each look at it.
pub(super) struct Launcher {
    pub(super) plugin: Arc<Plugin>,
    limits: Limits,
    interrupt: Interrupt,
    policy: Policy,
}

/// What a plugin tells when it is asked.
pub(super) struct Told {
    /// What it says of itself: an Aperio plugin.
    pub(super) described: Option<Described>,
    /// The digest of the interface that it says it was built from.
    pub(super) digest: String,
    /// What its reflection tells.
    pub(super) reflected: Result<Reflected, String>,
}

/// What reflection tells.
pub(super) struct Reflected {
    /// The services that are served.
    pub(super) services: Vec<String>,
    /// Their descriptors.
    pub(super) descriptors: Vec<u8>,
}

impl Launcher {
    /// Ends with the run at a signal, or when nobody reads stdout any more.
    pub(super) fn new(launching: Launching) -> Self {
        let interrupt = Interrupt::default();
        interruption::watch(&interrupt);
        Launcher {
            plugin: Arc::new(launching.plugin),
            limits: launching.limits,
            interrupt,
            policy: launching.policy,
        }
    }

    /// Whether the run was ended early.
    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupt.cause().is_some()
    }

    /// Whether hosts implement a service, and plugins call it.
    pub(super) fn is_hosts(&self, service: &str) -> bool {
        let own = service.strip_prefix(proto::interface::PACKAGE);
        match self.policy.implementer.get(service) {
            Some(side) => *side == Side::Host,
            None => own == Some(".HostService"),
        }
    }

    /// One process: `look` at it, then stop it. None where the run was ended
    /// early; the error says why there was nothing to look at.
    pub(super) fn visit<T>(
        &self,
        look: impl AsyncFnOnce(&mut Session) -> T,
    ) -> Result<Option<T>, String> {
        let seen = runner::visit(&self.plugin, &self.limits, &self.interrupt, look);
        seen.map_err(|trouble| match trouble {
            Trouble::Vacuous { why } => why,
            other => other.to_string(),
        })
    }

    /// Asks the plugin what it is and what it serves.
    pub(super) fn ask(&self) -> Result<Option<Told>, String> {
        self.visit(async |session| {
            let described = if session.plugin().is_aperio() {
                session.describe().await.ok().and_then(Result::ok)
            } else {
                None
            };
            let reflected = reflection::read(&session.caller()).await;
            Told {
                described: described.as_deref().map(Described::from),
                digest: described
                    .map(|described| described.descriptor_digest.clone())
                    .unwrap_or_default(),
                reflected: reflected
                    .map(|told| Reflected {
                        services: told.services,
                        descriptors: told.encoded,
                    })
                    .map_err(|failure| failure.to_string()),
            }
        })
    }
}

/// Descriptors out of bytes.
pub(super) fn loaded(descriptors: &[u8]) -> Result<Loaded, LoadError> {
    Input::Bytes(descriptors.to_vec()).load(&Roots::default(), &Protox)
}
