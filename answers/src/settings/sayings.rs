//! The sentences: each parameter that steers what becomes of an event has one.

use shared::fulfilment::Rewards;
use shared::ledger::Source;
use shared::platform::ADDRESSES;
use shared::provider::{ALL, Definition};
use shared::wire::Timestamp;

use super::{About, Row, Settings};
use crate::money::unit_words;

/// The parameters of which nothing is said: they change how the stack runs, is reached or
/// is paid for, and not what becomes of an event.
pub const UNSAID: [&str; 9] = [
    "Architecture",
    "CertificateArn",
    "DeploymentPreference",
    "HostedZoneId",
    "KmsKeyArn",
    "MaxWriteUnitsPerHour",
    "RunbookUrl",
    "RustLog",
    "TlsRoots",
];

/// The most of a unit that has no limit of its own (`MaxAmount` in template.yaml).
const WITHOUT_LIMIT: &str = "1000000000";

macro_rules! row {
    ($about:ident, $is_for_local:literal, $says:ident, [$($name:literal),+]) => {
        Row {
            about: About::$about,
            names: || [$($name),+].map(str::to_owned).to_vec(),
            is_for_local: $is_for_local,
            says: $says,
        }
    };
}

/// The sentences in the order in which they are told.
pub(super) static SAYINGS: [Row; 20] = [
    row!(Rewards, true, source, ["FulfilmentSource", "FulfilmentSourceByCampaign"]),
    row!(Rewards, true, from, ["FulfilFrom"]),
    row!(Rewards, true, recipient, ["RewardRecipient", "RewardRecipientRules"]),
    row!(Rewards, true, largest, ["MaxAmount"]),
    row!(Rewards, true, approval, ["AutoApprove"]),
    row!(Delivery, true, endpoint, ["RewardEndpointUrl", "RewardEndpointByUnit"]),
    row!(Delivery, true, repetition, ["RewardEndpointIdempotent"]),
    row!(Delivery, true, withdrawal, ["Reversals"]),
    row!(Delivery, true, confirmation, ["V1Confirm", "V1HoldSeconds"]),
    Row { about: About::Delivery, names: api_names, is_for_local: true, says: apis },
    row!(Delivery, true, age, ["MaxAgeSeconds"]),
    Row { about: About::Receiving, names: tolerance_names, is_for_local: true, says: tolerances },
    row!(Receiving, true, kept, ["EventRetentionDays"]),
    row!(Receiving, true, secrets, ["SecretsTtlSeconds"]),
    row!(Receiving, false, rate, ["ApiRateLimit", "ApiBurstLimit", "ReservedConcurrency"]),
    row!(Receiving, false, name, ["DomainName", "DisableDefaultEndpoint"]),
    row!(
        Receiving,
        false,
        for_local_use,
        [
            "AllowPlainHttp",
            "EndpointUrl",
            "EndpointUrlDynamoDb",
            "EndpointUrlSecretsManager",
            "EndpointUrlSqs"
        ]
    ),
    row!(Watching, false, witness, ["Watch", "AlarmEmail", "AlarmTopicArn", "AlarmEach"]),
    row!(Watching, false, canary, ["Canary"]),
    row!(Watching, false, logs, ["LogRetentionDays"]),
];

/// The parameter that feeds an environment variable: `A_B_URL` is fed by `ABUrl`.
fn parameter_of(variable: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at_checked(1).unwrap_or_default();
        format!("{first}{}", rest.to_lowercase())
    };
    variable.split('_').map(capital).collect()
}

/// The provider's name for people: its vendor's, and which of its webhooks they are where
/// there are several.
pub(crate) fn name_of(own: &Definition) -> String {
    let source = own.rewards.map(|rewards| match rewards.source {
        Source::V2 => " v2",
        Source::V1 => " v1",
        Source::Off => "",
    });
    format!("{}{}", own.vendor, source.unwrap_or_default())
}

/// The names of the providers whose rewards are so.
fn names(so: impl Fn(&Rewards) -> bool) -> String {
    let own = ALL.iter().filter(|own| own.rewards.is_some_and(&so)).map(|own| name_of(own));
    own.collect::<Vec<_>>().join(" and ")
}

fn name_of_source(word: &str) -> String {
    let source = match word {
        "v2" => Source::V2,
        "v1" => Source::V1,
        _ => return "nobody".to_owned(),
    };
    names(|rewards| rewards.source == source)
}

fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Seconds in the largest unit of which they are a whole number.
fn exactly(text: &str) -> String {
    let Ok(seconds) = text.parse::<u64>() else { return text.to_owned() };
    for (unit, name) in [(86_400, "days"), (3_600, "h"), (60, "min")] {
        if seconds >= 2 * unit && seconds.is_multiple_of(unit) {
            return format!("{} {name}", seconds / unit);
        }
    }
    format!("{seconds} s")
}

/// Scheme, host and port of an address: the rest of it may hold a secret.
fn host(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}")
}

fn source(of: &Settings) -> Option<String> {
    let default = of.value("FulfilmentSource")?;
    let by_campaign = of.pairs("FulfilmentSourceByCampaign");
    let others = by_campaign.iter().map(|(campaign, word)| {
        format!("; those of campaign {campaign} by {}", name_of_source(word))
    });
    let others: String = others.collect();
    Some(match default {
        "off" if others.is_empty() => {
            "No webhook announces rewards: they are recorded, and none is promised.".to_owned()
        }
        word => format!("Rewards are announced by {}{others}.", name_of_source(word)),
    })
}

/// True where some webhooks may promise a reward.
fn promises(of: &Settings) -> bool {
    let by_campaign = of.pairs("FulfilmentSourceByCampaign");
    let mut words =
        by_campaign.into_iter().map(|(_, word)| word).chain(of.value("FulfilmentSource"));
    words.any(|word| word != "off")
}

fn from(of: &Settings) -> Option<String> {
    let at = of.value("FulfilFrom")?;
    Some(format!(
        "What is approved from {at} on is fulfilled; what was approved before is recorded alone."
    ))
}

/// That the time from which rewards are promised has not come.
pub(super) fn from_later_on(of: &Settings, now: Timestamp) -> Option<String> {
    let at = of.value("FulfilFrom")?;
    let is_ahead = Timestamp::parse(at).is_some_and(|from| from > now);
    is_ahead.then(|| format!("Nothing is promised before {at} (FulfilFrom)."))
}

fn party(word: &str) -> &str {
    if word == "promoter" { "the promoter" } else { "the referred customer" }
}

fn recipient(of: &Settings) -> Option<String> {
    let word = of.value("RewardRecipient")?;
    if word != "rules" {
        return Some(format!("Rewards are for {}.", party(word)));
    }
    let rules = of.pairs("RewardRecipientRules").into_iter().map(|(of, word)| {
        let (campaign, unit) = of.split_once(':').unwrap_or((of, "*"));
        let unit = if unit == "*" { "anything".to_owned() } else { unit_words(unit, "") };
        let campaign = match campaign {
            "*" => "any campaign".to_owned(),
            id => format!("campaign {id}"),
        };
        format!("{unit} of {campaign} for {}", party(word))
    });
    let rules = listed(&rules.collect::<Vec<_>>());
    Some(format!("Rewards are for whom a rule names: {rules}. Others wait for a person."))
}

#[expect(clippy::unnecessary_wraps, reason = "as every sentence")]
fn largest(of: &Settings) -> Option<String> {
    let pairs = of.pairs("MaxAmount");
    if pairs.is_empty() {
        return Some(format!(
            "No limit is set: up to {WITHOUT_LIMIT} of any unit are given without a person."
        ));
    }
    let is_whole = pairs.iter().any(|(unit, _)| *unit == "*");
    let limits = pairs.into_iter().map(|(unit, most)| match unit {
        "*" => format!("{most} of any other unit"),
        unit => format!("{most} {}", unit_words(unit, most)),
    });
    let rest = (!is_whole).then(|| format!("{WITHOUT_LIMIT} of any other unit"));
    let limits: Vec<String> = limits.chain(rest).collect();
    let own = (!is_whole && is_unsigned(of)).then(|| names(|rewards| !rewards.is_signed));
    let own = own.map(|own| format!(" What {own} announces in any other unit waits, too."));
    Some(format!(
        "Up to {} are given without a person; more waits for one.{}",
        listed(&limits),
        own.unwrap_or_default()
    ))
}

/// True where rewards are announced by webhooks that are not signed, and given for the
/// response to them.
fn is_unsigned(of: &Settings) -> bool {
    let by_campaign = of.pairs("FulfilmentSourceByCampaign");
    let is_v1 = of.is("FulfilmentSource", "v1") || by_campaign.iter().any(|(_, of)| *of == "v1");
    is_v1 && of.is("V1Confirm", "response")
}

/// That every reward of unsigned webhooks waits, as no limit is set.
pub(super) fn without_limit(of: &Settings) -> Option<String> {
    let own = names(|rewards| !rewards.is_signed);
    (is_unsigned(of) && of.pairs("MaxAmount").is_empty()).then(|| {
        format!(
            "No limit is set (MaxAmount), so every reward that {own} announces waits for a person."
        )
    })
}

fn approval(of: &Settings) -> Option<String> {
    let own = names(|rewards| rewards.can_approve);
    Some(match of.value("AutoApprove")? {
        "yes" => format!("{own} is asked to approve pending rewards that it does not suspect."),
        _ => format!("Pending rewards wait until somebody approves them at {own}."),
    })
}

fn by_unit(of: &Settings) -> Vec<String> {
    let pairs = of.pairs("RewardEndpointByUnit").into_iter();
    pairs.map(|(unit, url)| format!("{unit} to {}", host(url))).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "as every sentence")]
fn endpoint(of: &Settings) -> Option<String> {
    let by_unit = listed(&by_unit(of));
    Some(match (of.value("RewardEndpointUrl"), by_unit.as_str()) {
        (None, "") => "Rewards are posted to nobody.".to_owned(),
        (None, by_unit) => format!("Rewards are posted by unit: {by_unit}; others to nobody."),
        (Some(url), "") => format!("Rewards are posted to {}.", host(url)),
        (Some(url), by_unit) => format!("Rewards are posted to {}; {by_unit}.", host(url)),
    })
}

/// That nothing is delivered, as nobody is there to take it.
pub(super) fn without_endpoint(of: &Settings) -> Option<String> {
    if of.value("RewardEndpointUrl").is_some() || !promises(of) {
        return None;
    }
    let units: Vec<String> =
        of.pairs("RewardEndpointByUnit").into_iter().map(|(unit, _)| unit.to_owned()).collect();
    let (what, rest) = match units.as_slice() {
        [] => ("nothing is delivered".to_owned(), "rewards wait"),
        units => (format!("nothing but {} is delivered", listed(units)), "the rest waits"),
    };
    let then = match of.value("MaxAgeSeconds") {
        Some(age) => format!("{rest}, and after {} for a person", exactly(age)),
        None => rest.to_owned(),
    };
    Some(format!("The endpoint for rewards is not set (RewardEndpointUrl), so {what}: {then}."))
}

fn repetition(of: &Settings) -> Option<String> {
    Some(match of.value("RewardEndpointIdempotent")? {
        "yes" => "A call that had no answer is made again, under the same webhook-id.".to_owned(),
        _ => "No call is made twice: one that had no answer waits for a person.".to_owned(),
    })
}

fn withdrawal(of: &Settings) -> Option<String> {
    let told = "A reward that is withdrawn after it was given";
    Some(match of.value("Reversals")? {
        "park" => format!("{told} waits for a person."),
        "deliver" => format!("{told} is taken back: your system is told to."),
        _ => {
            let own = names(|rewards| rewards.can_unmark);
            format!("{told} is taken back: your system is told to, and then {own}.")
        }
    })
}

fn confirmation(of: &Settings) -> Option<String> {
    let by_answer = names(|rewards| rewards.confirms_by_response);
    let by_api = names(|rewards| !rewards.confirms_by_response);
    let how = if of.value("V1Confirm")? == "api" {
        "by its API as well".to_owned()
    } else {
        let hold = exactly(of.value("V1HoldSeconds")?);
        format!("by the answer to its webhook, which waits up to {hold} for the delivery")
    };
    Some(format!("That a reward was given, {by_api} is told by its API, and {by_answer} {how}."))
}

fn api_names() -> Vec<String> {
    ADDRESSES.iter().map(|address| parameter_of(address.variable)).collect()
}

fn apis(of: &Settings) -> Option<String> {
    let called = ADDRESSES.iter().filter_map(|address| {
        let own = ALL.iter().find(|own| own.provider == address.provider)?;
        let value = of.value(&parameter_of(address.variable))?;
        let note = if value == address.own { "" } else { ", which is not its own" };
        Some(format!("that of {} at {}{note}", name_of(own), host(value)))
    });
    let called = called.collect::<Vec<_>>();
    (!called.is_empty()).then(|| format!("APIs are called: {}.", called.join("; ")))
}

fn age(of: &Settings) -> Option<String> {
    let age = exactly(of.value("MaxAgeSeconds")?);
    Some(format!("What is open for {age} waits for a person."))
}

fn tolerance_names() -> Vec<String> {
    let own = ALL.iter().filter_map(|own| own.authentication.tolerance.as_ref());
    own.map(|tolerance| parameter_of(tolerance.variable)).collect()
}

fn tolerances(of: &Settings) -> Option<String> {
    let told = ALL.iter().filter_map(|own| {
        let tolerance = own.authentication.tolerance.as_ref()?;
        let most = exactly(of.value(&parameter_of(tolerance.variable))?);
        Some(format!("A signature of {} is good for {most}.", name_of(own)))
    });
    let told = told.collect::<Vec<_>>();
    (!told.is_empty()).then(|| told.join(" "))
}

fn kept(of: &Settings) -> Option<String> {
    let days = of.value("EventRetentionDays")?;
    Some(format!("Events are kept for {days} days, and what they add up to for good."))
}

fn secrets(of: &Settings) -> Option<String> {
    let after = exactly(of.value("SecretsTtlSeconds")?);
    Some(format!("Secrets are read again after {after}, or for a request that they do not verify."))
}

fn rate(of: &Settings) -> Option<String> {
    let (rate, burst) = (of.value("ApiRateLimit")?, of.value("ApiBurstLimit")?);
    let reserved = match of.value("ReservedConcurrency") {
        None | Some("0") => String::new(),
        Some(most) => format!(" Each function that receives runs {most} times at once at most."),
    };
    Some(format!(
        "{rate} requests a second are let in, and {burst} more at once; the rest is answered \
         429.{reserved}"
    ))
}

fn name(of: &Settings) -> Option<String> {
    let closed = of.value("DisableDefaultEndpoint")? == "yes";
    let own = if closed { "works no more" } else { "works, too" };
    Some(match of.value("DomainName") {
        Some(name) => format!("The addresses are at {name}; the name that API Gateway gave {own}."),
        None if closed => "API Gateway's own name is closed, and there is no other.".to_owned(),
        None => "The addresses have the name that API Gateway gave.".to_owned(),
    })
}

/// That something is set which belongs to one machine alone.
pub(super) fn for_local_use(of: &Settings) -> Option<String> {
    let urls =
        ["EndpointUrl", "EndpointUrlDynamoDb", "EndpointUrlSecretsManager", "EndpointUrlSqs"];
    let mut parts: Vec<String> = urls
        .iter()
        .filter_map(|name| Some(format!("{name} is {}", host(of.value(name)?))))
        .collect();
    if of.is("AllowPlainHttp", "yes") {
        parts.push("AllowPlainHttp is yes".to_owned());
    }
    (!parts.is_empty()).then(|| format!("For use on one machine alone: {}.", listed(&parts)))
}

fn witness(of: &Settings) -> Option<String> {
    if of.value("Watch")? == "no" {
        return Some("There are no alarms, no dashboard and no ping.".to_owned());
    }
    let told = [("AlarmEmail", "an e-mail address"), ("AlarmTopicArn", "a topic of yours")];
    let told = told.into_iter().filter(|(name, _)| of.value(name).is_some());
    let told: Vec<String> = told.map(|(_, words)| words.to_owned()).collect();
    let each = match of.value("AlarmEach") {
        Some("yes") => "each alarm tells by itself, too",
        _ => "one outage is one message",
    };
    Some(match told.as_slice() {
        [] => format!("Alarms tell nobody; {each}."),
        told => format!("Alarms tell {}; {each}.", listed(told)),
    })
}

/// That nobody is told when something goes wrong.
pub(super) fn without_witness(of: &Settings) -> Option<String> {
    let someone = ["AlarmEmail", "AlarmTopicArn"].iter().any(|name| of.value(name).is_some());
    match of.value("Watch")? {
        "no" => Some("There are no alarms (Watch), so nobody is told of an outage.".to_owned()),
        _ if someone => None,
        _ => Some("Alarms tell nobody: neither AlarmEmail nor AlarmTopicArn is set.".to_owned()),
    }
}

fn canary(of: &Settings) -> Option<String> {
    if of.is("Watch", "no") {
        return None;
    }
    Some(match of.value("Canary")? {
        "yes" => "A ping comes through the public address every five minutes.".to_owned(),
        _ => "No ping tells whether the public address is reached.".to_owned(),
    })
}

fn logs(of: &Settings) -> Option<String> {
    let days = of.value("LogRetentionDays")?;
    Some(format!("Logs are kept for {days} days."))
}
