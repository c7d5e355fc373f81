//! What the reasons of refused requests mean, for whoever has to do something.

use serde_json::Value;
use shared::provider::signature::Reason;

/// The meaning of a reason as the log names it, and what to do; `None` for one that
/// this version does not know.
#[must_use]
pub fn refusal(reason: &str) -> Option<&'static str> {
    let reason = serde_json::from_value::<Reason>(Value::from(reason)).ok()?;
    Some(match reason {
        Reason::Missing => {
            "nothing was sent that could vouch for it. A stranger, or an address that was wired \
             without its secret."
        }
        Reason::NotBase64 => "its body is said to be base64 and is not. No provider sends that.",
        Reason::Malformed => {
            "what was sent as signature or credential is not of the provider's form. A stranger, \
             or something on the way that rewrites headers."
        }
        Reason::Length => {
            "the signature is hex of a wrong length, or the token is shorter than any. A stranger, \
             or an address or a secret that was cut off when it was copied."
        }
        Reason::WithoutTime => {
            "the signature has no time, and allow_body_only is off. Switch the provider to its \
             form with a time, or allow this one."
        }
        Reason::NoSecretMatches => {
            "a signature of the right form, by none of our secrets. Was one rotated on one side \
             alone? `doctor` finds near misses in a captured request."
        }
        Reason::TokenUnknown => {
            "a path token as long as ours, and none of them. Compare the addresses of every \
             campaign with the token in the secret."
        }
        Reason::OtherEvent => {
            "right, by a secret that is bound to other events. Mend `events` of that secret."
        }
        Reason::NotEveryMethod => {
            "right, and policy `all` wants every configured method to pass. Set the missing one \
             at the provider, or `any` here."
        }
        Reason::TooFarAhead => "right, and dated more than 300 s ahead. Whose clock is wrong?",
        Reason::TooOld => {
            "right, and signed too long ago. A later try of the provider that keeps the first \
             time, or a replay; the largest age is a parameter of the template."
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_explained() {
        for reason in Reason::ALL {
            let name = serde_json::to_value(reason).unwrap();
            assert!(refusal(name.as_str().unwrap()).is_some(), "{reason:?}");
        }
        assert_eq!(refusal("of_tomorrow"), None);
    }
}
