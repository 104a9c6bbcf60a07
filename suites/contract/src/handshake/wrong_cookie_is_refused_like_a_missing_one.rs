use crate::declare::requirement;
use crate::observed::stderr;
use host::launch::CookieOffer;
use host::{Launch, Limits};
use runner::Case;
use std::time::Duration;
use terms::{Finding, Judgement, Verdict};

requirement! {
    /// A wrong cookie is refused like a missing one.
    ///
    /// The cookie keeps people from starting a plugin by hand. A plugin that takes any value keeps out nobody.
    ///
    /// ## How it is judged
    ///
    /// Four launches: the value with its last character changed, with one appended, in upper case, and empty. None may print a handshake line.
    ///
    /// ## Usual causes
    ///
    /// A cookie that is looked for and not compared; a comparison that ignores case or looks at the beginning alone.
    "HSK-005", Should, since "1.0", waits
}

async fn judge(case: &mut Case) -> Judgement {
    let right = case.plugin().cookie.value.clone();
    let Some(last) = right.chars().last() else {
        return Ok(Verdict::not_claimed("the cookie's value is empty"));
    };
    let mut changed = right.clone();
    changed.pop();
    changed.push(if last == '0' { '1' } else { '0' });
    let mut findings = Vec::new();
    for (how, value) in [
        ("another last character", changed),
        ("one more character", format!("{right}0")),
        ("upper case", right.to_uppercase()),
        ("an empty value", String::new()),
    ] {
        if value == right {
            continue;
        }
        let launch = Launch {
            cookie: CookieOffer::Text(value),
            limits: Some(Limits {
                start: Duration::from_secs(5),
                ..case.limits().clone()
            }),
            ..case.base()
        };
        let mut start = case.start(&launch).await?;
        if start.record().line.is_some() {
            findings.push(
                Finding::new(format!("a cookie with {how} is taken"))
                    .expected("no handshake line, as without the cookie")
                    .actual("a handshake line")
                    .with(stderr(start.record())),
            );
        }
        start.finish().await;
    }
    Ok(Verdict::of(findings))
}
