//! What a refused request lacks, in words that fit how it was to be vouched for.

use shared::provider::Definition;
use shared::provider::secrets::Method;
use shared::provider::signature::Reason;

use crate::doctor::capture::Captured;
use crate::doctor::search::header_of;
use crate::doctor::secrets::RawSecret;

/// What a request lacks that was refused for this reason; `None` where only the search
/// for what comes near can tell. `definitions` are the providers that it may be for.
pub(super) fn lacking(
    reason: Reason,
    definitions: &[&'static Definition],
    captured: &Captured,
    raw: &[RawSecret],
) -> Option<String> {
    let headers: Vec<_> = definitions.iter().filter_map(|own| header_of(own)).collect();
    let is_signed = headers.iter().any(|header| captured.headers.contains_key(*header));
    let in_headers = headers.join(" or ");
    let by_path =
        definitions.iter().all(|own| own.authentication.methods.contains(&Method::PathToken));
    Some(match reason {
        Reason::Missing => missing(definitions, &in_headers, raw),
        Reason::NotBase64 => {
            "the event says that its body is base64, and it is not: no sender does that, something \
             changed the event"
                .to_owned()
        }
        Reason::Malformed if is_signed => format!(
            "what stands in {in_headers} is no signature of the provider's form, or stands there \
             twice"
        ),
        Reason::Malformed => "the credentials are not of the form that they must have".to_owned(),
        Reason::Length if by_path => {
            "the token in the address is none of the configured ones, and shorter than any"
                .to_owned()
        }
        Reason::Length => format!("the signature in {in_headers} is hex of a wrong length"),
        Reason::WithoutTime => "the signature has no time, and allow_body_only is off".to_owned(),
        Reason::TokenUnknown => {
            "the token in the address is none of the configured ones".to_owned()
        }
        Reason::NoSecretMatches if !is_signed => {
            "the credentials that were sent are none of the configured ones".to_owned()
        }
        Reason::NotEveryMethod => {
            "one of the configured methods vouches for it, and policy all wants every one"
                .to_owned()
        }
        Reason::NoSecretMatches | Reason::OtherEvent | Reason::TooFarAhead | Reason::TooOld => {
            return None;
        }
    })
}

/// Nothing was sent: by which of the configured methods it could have been.
fn missing(definitions: &[&'static Definition], in_headers: &str, raw: &[RawSecret]) -> String {
    let is_configured = |method: Method| {
        let own = raw.iter().filter(|secret| definitions.contains(&secret.definition));
        own.filter(|secret| secret.method == method).count() > 0
    };
    let ways = [
        (Method::Hmac, format!("no signature was sent (in {in_headers})")),
        (Method::Header, "no static header was sent".to_owned()),
        (Method::Basic, "no Basic credentials were sent".to_owned()),
        (Method::PathToken, "no token is in the address".to_owned()),
    ];
    let ways = ways.into_iter().filter(|(method, _)| is_configured(*method));
    ways.map(|(_, what)| what).collect::<Vec<_>>().join(", and ")
}
