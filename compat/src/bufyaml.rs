//! placeholder
use crate::load::{LoadError, Tree};
pub(crate) fn roots(_tree: &Tree, _folder: &str) -> Result<Vec<(String, Vec<String>)>, LoadError> {
    Ok(vec![(String::new(), Vec::new())])
}
