//! The rules, one file each.

pub(crate) mod buf;
pub(crate) mod wire;
