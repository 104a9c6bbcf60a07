//! The rules, one file each.

pub(crate) mod annotation;
pub(crate) mod buf;
pub(crate) mod json;
pub(crate) mod release;
pub(crate) mod source;
pub(crate) mod wire;
