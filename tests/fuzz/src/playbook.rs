//! Playbooks: right, or wrong with reasons in lines that there are, or could be.

use stsready::playbook::Playbook;
use stsready::playbook::placeholder::Values;
use stsready::rules::catalogue;

pub fn any(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Playbook::parse("any", &text, &catalogue::all()) {
        Ok(playbook) => {
            assert!(!playbook.steps.is_empty());
            for values in [Values::default(), Values::names()] {
                let _ = (playbook.title(&values), playbook.intro(&values));
                for step in &playbook.steps {
                    let _ = (step.title(&values), step.body(&values));
                }
            }
            let _ = (playbook.plans().count(), playbook.placeholders().len());
        }
        Err(faults) => {
            assert!(!faults.0.is_empty() && !faults.to_string().is_empty());
            // What is missing at the end is missing in the line behind it.
            let lines = text.split('\n').count() + 1;
            assert!(faults.0.iter().all(|fault| (1..=lines).contains(&fault.line)), "{faults}");
        }
    }
}
