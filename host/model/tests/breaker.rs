//! The breaker as a state machine: whatever happens in whichever order, it keeps what it promises.

use jiff::Timestamp;
use proptest::prelude::*;
use purser_model::quarantine::{Breaker, Failure, Permit, QuarantineRules, RestCause};
use std::time::Duration;

/// What happens to a target.
#[derive(Debug, Clone)]
enum Step {
    /// Time passes, in seconds.
    Wait(u32),
    /// What is permitted is sent, and ends well.
    Works,
    /// What is permitted is sent, and fails like this.
    Fails(RestCause, f64),
    /// A go ended without trouble.
    AllWell,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let causes = prop_oneof![
        4 => Just(RestCause::Calls),
        1 => Just(RestCause::Credential),
        1 => Just(RestCause::Configuration),
        1 => Just(RestCause::Operations)
    ];
    let step = prop_oneof![
        3 => (0_u32..2_000).prop_map(Step::Wait),
        2 => Just(Step::Works),
        5 => (causes, 0.0..=1.0).prop_map(|(cause, jitter)| Step::Fails(cause, jitter)),
        1 => Just(Step::AllWell),
    ];
    prop::collection::vec(step, 1..80)
}

fn rules() -> impl Strategy<Value = QuarantineRules> {
    (1_u32..10, 1_u64..120, 1_u64..7_200).prop_map(|(failures, base, cap)| QuarantineRules {
        failures,
        base: Duration::from_secs(base),
        cap: Duration::from_secs(cap.max(base)),
        ..QuarantineRules::default()
    })
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).expect("a test does not last that long")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn it_keeps_what_it_promises(rules in rules(), steps in steps()) {
        let mut now = Timestamp::UNIX_EPOCH;
        let mut breaker = Breaker::default();
        let mut in_a_row = 0;
        for step in steps {
            let permit = breaker.permit(now);
            match step {
                Step::Wait(seconds) => now = later(now, Duration::from_secs(seconds.into())),
                // Nothing is sent to a target that rests.
                Step::Works | Step::Fails(..) if matches!(permit, Permit::Nothing(_)) => {}
                Step::Works => {
                    in_a_row = 0;
                    breaker = breaker.after_success();
                    prop_assert_eq!(breaker.permit(now), Permit::All, "what works is not held back");
                }
                Step::Fails(cause, jitter) => {
                    in_a_row += 1;
                    let failure = Failure { cause, reason: "it fails".into(), at: now };
                    breaker = breaker.after_failure(failure, &rules, jitter);
                    let opens = permit == Permit::One || cause != RestCause::Calls || in_a_row >= rules.failures;
                    let Permit::Nothing(until) = breaker.permit(now) else {
                        prop_assert!(!opens, "{:?} after {} in a row", breaker, in_a_row);
                        continue;
                    };
                    prop_assert!(opens, "{:?} after {} in a row", breaker, in_a_row);
                    let shortest = match cause {
                        RestCause::Credential | RestCause::Configuration => rules.base.max(Duration::from_mins(5)),
                        RestCause::Calls | RestCause::Operations => rules.base,
                    };
                    let longest = rules.cap.max(shortest).mul_f64(1.25);
                    prop_assert!(later(now, shortest) <= until && until <= later(now, longest), "{:?}", breaker);
                    prop_assert_eq!(breaker.permit(until), Permit::One, "then one decides");
                }
                Step::AllWell => {
                    let before = breaker.clone();
                    breaker = breaker.all_well();
                    prop_assert_eq!(breaker.permit(now), before.permit(now), "who rests goes on resting");
                }
            }
            let kept: Breaker = serde_json::from_str(&serde_json::to_string(&breaker).expect("it is data")).expect("it is data");
            prop_assert_eq!(&kept, &breaker, "a restart changes nothing");
        }
    }

    #[test]
    fn while_it_never_works_it_is_tried_ever_more_seldom(rules in rules()) {
        let mut now = Timestamp::UNIX_EPOCH;
        let mut breaker = Breaker::default();
        let mut tries = 0;
        let mut longest = Duration::ZERO;
        // Whatever is permitted is tried at once, for a day.
        while now < later(Timestamp::UNIX_EPOCH, Duration::from_hours(24)) {
            if let Permit::Nothing(until) = breaker.permit(now) {
                let wait = Duration::try_from(until.duration_since(now)).expect("it is later");
                prop_assert!(wait >= longest, "{:?} after {:?}", wait, longest);
                longest = wait;
                now = until;
                continue;
            }
            tries += 1;
            let failure = Failure { cause: RestCause::Calls, reason: "it fails".into(), at: now };
            breaker = breaker.after_failure(failure, &rules, 0.0);
        }
        let most = u64::from(rules.failures) + 14 + 86_400 / rules.cap.as_secs().max(1);
        prop_assert!(tries <= most, "{} tries, at most {}", tries, most);
    }
}
