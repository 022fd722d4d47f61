//! What a step may have to wait for.

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitFor {
    /// `evidence`: reports, until they suffice.
    Evidence,
    /// `ttl`: the TTL of the `_mta-sts` record.
    Ttl,
    /// `policy`: that TTL and the policy's `max_age`: then nobody holds what was served before.
    Policy,
    /// `24h`, `14d`: so many seconds.
    Time(u64),
}

impl WaitFor {
    /// Reads one.
    pub fn parse(text: &str) -> Option<Self> {
        const LONGEST: u64 = 366 * 86_400;
        match text {
            "evidence" => return Some(Self::Evidence),
            "ttl" => return Some(Self::Ttl),
            "policy" => return Some(Self::Policy),
            _ => {}
        }
        let size = match text.chars().last()? {
            'h' => 3_600,
            'd' => 86_400,
            _ => return None,
        };
        let number: u64 = text.get(..text.len() - 1)?.parse().ok()?;
        let seconds = number.checked_mul(size)?;
        (1..=LONGEST).contains(&seconds).then_some(Self::Time(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::WaitFor;

    #[test]
    fn waits_are_read_as_people_write_them() {
        for (text, wait) in [
            ("evidence", Some(WaitFor::Evidence)),
            ("ttl", Some(WaitFor::Ttl)),
            ("policy", Some(WaitFor::Policy)),
            ("24h", Some(WaitFor::Time(86_400))),
            ("14d", Some(WaitFor::Time(1_209_600))),
            ("0d", None),
            ("14", None),
            ("d", None),
            ("", None),
            ("1€", None),
            ("99999999999999999999d", None),
            ("18446744073709551615d", None),
        ] {
            assert_eq!(WaitFor::parse(text), wait, "{text}");
        }
    }
}
