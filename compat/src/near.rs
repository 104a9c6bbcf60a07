//! What somebody who misspelt a name may have meant.

/// `did you mean …?` for the nearest of some names, where one is near.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .min()
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .map(|(_, near)| format!("did you mean {near}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_names_are_offered() {
        let known = ["aperio.plugin.v1.HostService", "wire"];
        assert_eq!(
            did_you_mean("aperio.plugin.v1.HostServcie", known).as_deref(),
            Some("did you mean aperio.plugin.v1.HostService?")
        );
        assert_eq!(did_you_mean("source", known), None);
    }
}
