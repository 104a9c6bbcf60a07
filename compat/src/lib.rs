//! The scales: from two sets of protobuf descriptors to what changed between
//! them and what the change asks for.
//!
//! [`load`] makes closed descriptor sets of whatever the user names; [`model`]
//! reads their bytes into plain tables; [`pair`] pairs old with new; a
//! [`Rule`] judges pairs and reports [`Hit`]s. Nothing here starts a process,
//! opens a socket or knows how output looks. Start with [`World`].

mod declare;
mod near;
mod place;
mod wire;

pub mod annotation;
pub mod aperio;
pub mod buf;
pub mod bufyaml;
pub mod bump;
pub mod canon;
pub mod catalog;
pub mod comments;
pub mod declaration;
pub mod effect;
pub mod features;
pub mod flow;
pub mod found;
pub mod hostile;
mod language;
pub mod load;
pub mod lock;
pub mod matrix;
pub mod model;
pub mod occasion;
pub mod pair;
mod payload;
pub mod policy;
pub mod rule;
mod rules;
mod shape;
pub mod skew;
pub mod version;
pub mod waiver;
pub mod witness;

pub use bump::{Bump, Declared};
pub use found::{Era, Found, Hit, Spot};
pub use load::{Failure, LoadError};
pub use lock::Lock;
pub use model::DescriptorSet;
pub use pair::{Pair, World};
pub use policy::Policy;
pub use rule::{Category, Channel, Rule};
pub use skew::Skew;
pub use version::Version;
pub use waiver::Waiver;
