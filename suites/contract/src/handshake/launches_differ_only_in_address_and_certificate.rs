use crate::declare::requirement;
use crate::fifty_launches::fifty_launches;
use runner::Case;
use std::collections::BTreeMap;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Launches differ only in address and certificate.
    ///
    /// A line that looks different now and then fails now and then.
    ///
    /// ## How it is judged
    ///
    /// The lines of fifty launches must be one once address and certificate are masked.
    ///
    /// ## Usual causes
    ///
    /// A field that another thread fills in, and that is not always there when the line is printed.
    "HSK-030", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let lives = fifty_launches(case).await?;
    let mut forms: BTreeMap<String, usize> = BTreeMap::new();
    for life in lives.iter() {
        if let Some(line) = life.record.first_line() {
            *forms.entry(masked(&line.bytes)).or_default() += 1;
        }
    }
    if forms.len() <= 1 {
        return Ok(Verdict::Pass);
    }
    let seen: Vec<String> = forms
        .iter()
        .map(|(form, times)| format!("{form:?} {times} times"))
        .collect();
    Ok(Verdict::fail(
        Finding::new("the line takes several forms")
            .at(Place::Handshake { field: 0 })
            .expected("one form in all launches")
            .actual(seen.into_iter().take(5).collect::<Vec<_>>().join(", ")),
    ))
}

/// The line with field 4 and a filled field 6 replaced.
fn masked(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let fields: Vec<&str> = text
        .split('|')
        .enumerate()
        .map(|(at, field)| match at {
            3 => "ADDRESS",
            5 if !field.is_empty() => "CERTIFICATE",
            _ => field,
        })
        .collect();
    fields.join("|").chars().take(120).collect()
}
