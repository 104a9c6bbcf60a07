//! For a GitHub workflow: annotations at the places, then the lines.

use super::{Ended, text, trouble};
use compat::effect::Demand;
use report::{Annotation, annotations, escape};

pub(super) fn render(ended: &Ended) -> String {
    let mut all = Vec::new();
    if let Some(error) = trouble(ended) {
        all.push(Annotation {
            kind: "error",
            place: error.path.clone().map(|path| (path, error.line.max(1))),
            title: "it could not be judged".to_owned(),
            message: escape(&error.message),
        });
    }
    let compared = ended.as_ref().ok();
    let outcome = compared.and_then(|compared| compared.aperio.as_ref());
    for finding in outcome.iter().flat_map(|outcome| &outcome.findings) {
        let kind = match finding.demand {
            _ if finding.breaks => "error",
            _ if finding.waived.is_some() => continue,
            Demand::Note | Demand::Major => "notice",
            _ => continue,
        };
        let place = finding.place.as_ref();
        let (channel, demand) = (finding.channel.name(), finding.demand.name());
        let message = escape(&finding.message);
        all.push(Annotation {
            kind,
            place: place.map(|place| (place.path.clone(), place.span.start_line)),
            title: format!("{} {}", finding.rule.id, finding.rule.title()),
            message: format!("{message} ({channel} {demand})"),
        });
    }
    for finding in compared
        .iter()
        .flat_map(|compared| compared.buf.iter().flatten())
    {
        let line = finding.span.start_line;
        all.push(Annotation {
            kind: "error",
            place: finding.path.clone().map(|path| (path, line)),
            title: format!("{} {}", finding.rule.id, finding.rule.title()),
            message: escape(&finding.message),
        });
    }
    annotations(&all) + &text::terse(ended)
}
