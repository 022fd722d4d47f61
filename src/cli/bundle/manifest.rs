//! `bundle.json`: writing it, and reading the settings of then out of it.

use std::collections::BTreeMap;

use crate::cli::Failure;
use crate::decide::accept::acceptable;
use crate::model::acceptance::Acceptance;
use crate::model::assessment::Assessment;
use crate::model::bundle::{Answered, Manifest, Planned, Risk, SCHEMA, Tool};
use crate::model::plan::Plan;
use crate::model::settings::Settings;
use crate::model::threshold;
use crate::render::escape;
use crate::wire::fingerprint::Fingerprint;

/// This program.
pub(super) fn tool() -> Tool {
    Tool { name: "stsready".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

/// What was answered of a domain.
pub(super) fn answered(assessment: &Assessment) -> Answered {
    Answered {
        domain: assessment.domain.clone(),
        question: assessment.question,
        answer: assessment.answer,
        because: assessment.because.iter().map(ToString::to_string).collect(),
        asked_at: assessment.asked_at,
        observed_at: assessment.observed_at,
        valid_until: assessment.valid_until,
        roots: assessment.vantage.roots.sha256,
        owner: assessment.keeper.owner.clone(),
        group: assessment.keeper.group.clone(),
    }
}

/// The manifest's text.
pub(super) fn of(
    assessments: &[Assessment],
    settings: &Settings,
    plan: Option<&Plan>,
    files: BTreeMap<String, Fingerprint>,
) -> Result<String, Failure> {
    let amount = |knob: &'static threshold::Knob| Ok((knob.name.to_owned(), serde_json::to_value(knob.get(settings))?));
    let manifest = Manifest {
        schema: SCHEMA.to_owned(),
        tool: tool(),
        domains: assessments.iter().map(answered).collect(),
        thresholds: threshold::ALL.iter().map(amount).collect::<Result<_, serde_json::Error>>()?,
        accept: settings.accept.iter().map(risk).collect(),
        plan: plan.map(|plan| Planned { change: plan.change.to_owned(), subject: plan.subject.clone(), answer: plan.answer }),
        files,
    };
    Ok(escape::json_pretty(&manifest)?)
}

fn risk(acceptance: &Acceptance) -> Risk {
    Risk {
        code: acceptance.rule.code.to_owned(),
        subject: acceptance.subject.clone(),
        domain: acceptance.domain.clone(),
        reason: acceptance.reason.clone(),
        until: acceptance.until,
    }
}

/// The settings of then. Those that this version does not know are an error: without them nothing can be said.
pub(super) fn settings(manifest: &Manifest) -> Result<Settings, String> {
    let mut settings = Settings::default();
    for (name, value) in &manifest.thresholds {
        let knob = threshold::find(name).map_err(|error| error.to_string())?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        knob.put(&mut settings, knob.read(&text).map_err(|error| error.to_string())?);
    }
    threshold::fit(&settings).map_err(|error| error.to_string())?;
    settings.accept = manifest.accept.iter().map(acceptance).collect::<Result<_, _>>()?;
    Ok(settings)
}

fn acceptance(risk: &Risk) -> Result<Acceptance, String> {
    let Risk { code, subject, domain, reason, until } = risk.clone();
    Ok(Acceptance { rule: acceptable(&code).map_err(|error| error.to_string())?, subject, domain, reason, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_make_the_round_trip_to_the_last_digit() {
        let mut settings = Settings::default();
        settings.evidence.days_with_reports = 10.0 / 14.0;
        settings.evidence.sessions = 77;
        settings.runway.warning.at_most = jiff::SignedDuration::from_hours(36);
        let rule = acceptable("reports-single-reporter").expect("a rule");
        settings.accept = vec![Acceptance {
            rule,
            subject: Some("x".to_owned()),
            domain: None,
            reason: "\u{202e} \"'`".to_owned(),
            until: Some(jiff::civil::date(2027, 3, 31)),
        }];
        let text = of(&[], &settings, None, BTreeMap::new()).expect("JSON");
        let manifest: Manifest = serde_json::from_str(&text).expect("a manifest");
        assert_eq!(super::settings(&manifest), Ok(settings));
    }

    #[test]
    fn settings_that_are_not_known_are_told() {
        let text = of(&[], &Settings::default(), None, BTreeMap::new()).expect("JSON");
        let manifest: Manifest = serde_json::from_str(&text).expect("a manifest");
        let with = |name: &str, value: serde_json::Value| {
            let mut manifest = manifest.clone();
            manifest.thresholds.insert(name.to_owned(), value);
            settings(&manifest).expect_err(name)
        };
        assert!(with("hours-of-moonlight", 3.into()).contains("hours-of-moonlight"));
        assert!(with("sessions", "many".into()).contains("whole number"));
        assert!(with("window-days", 31.into()).contains("larger than"));
        let mut manifest = manifest;
        manifest.accept.push(Risk { code: "cert-expired".to_owned(), subject: None, domain: None, reason: "x".to_owned(), until: None });
        assert!(settings(&manifest).expect_err("a blocker").contains("cert-expired"));
    }
}
