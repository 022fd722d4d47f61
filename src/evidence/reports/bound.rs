//! The exact upper bound of a failure rate (Clopper and Pearson 1934), one-sided at 95 %: zero failures in n sessions give about 3/n.

/// What is left to chance.
const ALPHA: f64 = 0.05;
/// Beyond so many sessions both numbers are scaled down; the bound of the smaller sample is the larger one, so it errs on the safe side.
const SESSIONS_CAP: f64 = 1e9;

/// The largest failure rate under which `failures` or fewer in `sessions` would still come with a chance of 5 %.
/// `None` without sessions; failures beyond the sessions count as all of them.
#[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 53 bits")]
pub fn upper_bound(failures: u64, sessions: u64) -> Option<f64> {
    if sessions == 0 {
        return None;
    }
    if failures >= sessions {
        return Some(1.0);
    }
    let scale = (sessions as f64 / SESSIONS_CAP).max(1.0);
    let (n, k) = (sessions as f64 / scale, failures as f64 / scale);
    if failures == 0 {
        return Some(-(ALPHA.ln() / n).exp_m1());
    }
    // The chance of k or fewer falls as the rate grows; bisect between the observed rate and certainty.
    let (mut low, mut high) = (k / n, 1.0);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if at_most(k, n, middle) > ALPHA {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
}

/// P(X ≤ k) for a binomial X of n trials at rate p: the regularised incomplete beta function `I(1−p; n−k, k+1)`.
fn at_most(k: f64, n: f64, p: f64) -> f64 {
    incomplete_beta(1.0 - p, n - k, k + 1.0)
}

/// The regularised incomplete beta function by its continued fraction (DLMF 8.17.22), evaluated on the side where it converges fast.
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (a * x.ln() + b * (-x).ln_1p() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b)).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * continued_fraction(x, a, b) / a
    } else {
        1.0 - front * continued_fraction(1.0 - x, b, a) / b
    }
}

/// Lentz's method, modified so that no denominator is zero.
#[expect(clippy::many_single_char_names, reason = "the names of the formula")]
fn continued_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut result = d;
    for step in 1..200_000_u32 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        result *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        result *= d * c;
        if (d * c - 1.0).abs() < 1e-14 {
            break;
        }
    }
    result
}

/// ln Γ(x) for x > 0 by Stirling's series, shifted up to where four terms give full precision.
fn ln_gamma(mut x: f64) -> f64 {
    let mut shift = 0.0;
    while x < 15.0 {
        shift += x.ln();
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0))) / x;
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - shift
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "rates")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The defining sum, term by term in log space: slow and plainly right.
    fn tail(k: u64, n: u64, p: f64) -> f64 {
        let ln = |x: u64| (1..=x).map(|i| (i as f64).ln()).sum::<f64>();
        (0..=k).map(|i| (ln(n) - ln(i) - ln(n - i) + i as f64 * p.ln() + (n - i) as f64 * (1.0 - p).ln()).exp()).sum()
    }

    #[test]
    fn known_bounds_come_out() {
        for (failures, sessions, bound) in [
            (0, 1, 0.95),
            (0, 10, 0.258_866),
            (0, 300, 0.009_936),
            (0, 3000, 0.000_998_08),
            (1, 10, 0.394_163),
            (1, 300, 0.015_714_6),
            (5, 1000, 0.010_484_1),
            (5, 10, 0.777_559),
            (9, 10, 0.994_884),
            (10, 10, 1.0),
            (11, 10, 1.0),
        ] {
            let found = upper_bound(failures, sessions).expect("there are sessions");
            assert!((found - bound).abs() < 2e-6, "{failures}/{sessions}: {found} is not {bound}");
        }
        assert_eq!(upper_bound(0, 0), None);
    }

    #[test]
    fn the_bound_is_where_the_tail_is_five_percent() {
        for (failures, sessions) in [(1, 300), (5, 1000), (40, 300), (299, 300), (1, 2)] {
            let bound = upper_bound(failures, sessions).expect("there are sessions");
            assert!((tail(failures, sessions, bound) - ALPHA).abs() < 1e-6, "{failures}/{sessions}");
        }
    }

    proptest! {
        #[test]
        fn it_is_a_rate_above_the_observed_one(failures in any::<u64>(), sessions in 1..u64::MAX) {
            let bound = upper_bound(failures, sessions).expect("there are sessions");
            prop_assert!(bound > 0.0 && bound <= 1.0);
            prop_assert!(bound >= (failures.min(sessions) as f64 / sessions as f64) * 0.999_999);
        }

        #[test]
        fn more_clean_sessions_bound_it_tighter(failures in 0..20u64, sessions in 20..5000u64) {
            prop_assert!(upper_bound(failures, sessions + 50) < upper_bound(failures, sessions));
        }
    }
}
