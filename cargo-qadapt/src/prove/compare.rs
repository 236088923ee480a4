//! The same regions in several profiles, side by side.

use std::collections::BTreeMap;

use qadapt_prove::{Answer, Proof};
use serde::Serialize;

/// One region whose answer differs between builds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The region's name.
    pub region: String,
    /// The answer in each profile; `None` where its proof lists no such region.
    pub answers: BTreeMap<String, Option<Answer>>,
}

/// The regions whose worst answer is not the same in all profiles.
#[must_use]
pub fn differences(proofs: &[Proof]) -> Vec<Difference> {
    let profile = |p: &Proof| p.profile.clone().unwrap_or_else(|| p.binary.clone());
    let mut regions: BTreeMap<&str, BTreeMap<String, Option<Answer>>> = BTreeMap::new();
    for verdict in proofs.iter().flat_map(|p| &p.verdicts) {
        regions.entry(&verdict.region).or_insert_with(|| proofs.iter().map(|p| (profile(p), None)).collect());
    }
    for proof in proofs {
        for verdict in &proof.verdicts {
            if let Some(slot) =
                regions.get_mut(verdict.region.as_str()).and_then(|a| a.get_mut(&profile(proof)))
            {
                *slot = (*slot).max(Some(verdict.answer));
            }
        }
    }
    regions
        .into_iter()
        .filter(|(_, answers)| answers.values().any(|a| Some(a) != answers.values().next()))
        .map(|(region, answers)| Difference { region: region.to_owned(), answers })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use qadapt_prove::{Identity, Subject, Verdict};

    fn proof(profile: &str, answers: &[(&str, Answer)]) -> Proof {
        let verdicts = answers
            .iter()
            .map(|&(region, answer)| Verdict {
                region: region.into(),
                answer,
                address: 0,
                at: None,
                function: None,
                required: false,
                copies: 1,
                shared_by: 0,
                paths: Vec::new(),
                gaps: Vec::new(),
                more_gaps: false,
                assumes: Vec::new(),
            })
            .collect();
        Proof {
            binary: "b".into(),
            identity: Identity { sha256: String::new(), build_id: None },
            subject: Subject::Allocation,
            about: String::new(),
            profile: Some(profile.into()),
            analysed: 0,
            verdicts,
            code: None,
        }
    }

    #[test]
    fn lists_what_differs_or_is_not_listed_everywhere() {
        let dev =
            proof("dev", &[("same", Answer::Proven), ("worse", Answer::Unknown), ("gone", Answer::Proven)]);
        let release = proof("release", &[("same", Answer::Proven), ("worse", Answer::Proven)]);
        let found = differences(&[dev, release]);
        assert_eq!(found.iter().map(|d| d.region.as_str()).collect::<Vec<_>>(), ["gone", "worse"]);
        assert_eq!(found[0].answers["release"], None);
        assert_eq!(found[1].answers["dev"], Some(Answer::Unknown));
    }
}
