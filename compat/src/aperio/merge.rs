//! Many bases, one list: the newest base is told first, and what is released
//! is not accused again.

use super::Finding;
use crate::bump::Bump;
use crate::effect::Demand;
use crate::rule::Channel;
use std::collections::HashMap;

/// The findings that count, and what every base asks for at least.
pub(super) struct Merged {
    pub(super) findings: Vec<Finding>,
    /// By base: the most that its findings below major ask for.
    pub(super) floors: Vec<Bump>,
}

type Key = (&'static str, String, Channel);

fn key(finding: &Finding) -> Key {
    let (rule, element, channel) = finding.key();
    (rule, element.to_owned(), channel)
}

/// Merges what every base shows, newest first. `shown` holds what each shows
/// of the newest.
pub(super) fn merge(judged: Vec<Vec<Finding>>, shown: &[Vec<Finding>]) -> Merged {
    let mut findings: Vec<Finding> = Vec::new();
    let mut floors = Vec::new();
    let mut known: HashMap<Key, Vec<usize>> = HashMap::new();
    for (base, of_base) in judged.into_iter().enumerate() {
        let floor = of_base.iter().filter(|each| each.demand < Demand::Major);
        floors.push(floor.map(Finding::bump).max().unwrap_or(Bump::None));
        let mut released: HashMap<Key, Demand> = HashMap::new();
        for each in shown.get(base).into_iter().flatten() {
            let most = released.entry(key(each)).or_insert(each.demand);
            *most = each.demand.max(*most);
        }
        let before = findings.len();
        for finding in of_base {
            let key = key(&finding);
            let is_released = released
                .get(&key)
                .is_some_and(|most| *most >= finding.demand);
            if is_released {
                continue;
            }
            if let Some(same) = known.get(&key) {
                for at in same {
                    if !findings[*at].also.contains(&base) {
                        findings[*at].also.push(base);
                    }
                }
            } else if base == 0 || finding.demand >= Demand::Major {
                findings.push(finding);
            }
        }
        for (at, finding) in findings.iter().enumerate().skip(before) {
            known.entry(key(finding)).or_default().push(at);
        }
    }
    Merged { findings, floors }
}
