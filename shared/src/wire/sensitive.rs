//! Names of members that speak of credentials or of tax and payment data, and JSON
//! without what they name (invariant `NothingLeaks`). Personal data has no class
//! here: table items may hold it.

use crate::wire::json::{Json, plain};

/// The text in place of a credential.
pub const REMOVED: &str = "[removed]";

/// What a name may speak of that is not to be kept, the stricter class the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Tax and payment data: what remains is whether there was any.
    Payment,
    /// A credential: nothing of it remains.
    Credential,
}

/// The names of one class, spelled without separators or capitals.
struct Names {
    class: Class,
    /// Whole names.
    whole: &'static [&'static str],
    /// Beginnings and ends of names, for words too short to be looked for anywhere.
    first: &'static [&'static str],
    last: &'static [&'static str],
    /// Parts of names.
    part: &'static [&'static str],
}

const CREDENTIALS: Names = Names {
    class: Class::Credential,
    // The headers are those that a subscription sends along.
    whole: &["headers"],
    // A one-time password.
    first: &["otp"],
    last: &["otp"],
    // The URLs are among them because FirstPromoter v1 sends back the URL that it
    // calls, which has the path token in it.
    part: &[
        "token",
        "password",
        "secret",
        "apikey",
        "signature",
        "authorization",
        "credential",
        "webhookurl",
        "targeturl",
        "basicauth",
    ],
};

const PAYMENT: Names = Names {
    class: Class::Payment,
    // A payout method has its account in `details` and `meta`; an affiliate's
    // other details, such as `split_details`, are none.
    whole: &["details", "meta", "bic", "bsb", "vat"],
    first: &["w8", "w9"],
    last: &[],
    part: &[
        // Tax.
        "w8form",
        "w9form",
        "vatid",
        "vatnumber",
        "taxid",
        "taxvalue",
        "taxnumber",
        "taxrate",
        "companynumber",
        "invoicedetail",
        // How somebody is paid.
        "paymentinfo",
        "paymentdetail",
        "paymentmethoddetail",
        "paymentreference",
        "paymentintent",
        "payoutmethod",
        "payoutemail",
        "payoutdetail",
        "paypal",
        "wiseemail",
        // Accounts.
        "accountholder",
        "accountnumber",
        "bank",
        "iban",
        "swift",
        "biccode",
        "sortcode",
        "bsbcode",
        "routingnumber",
        "routingaba",
        "abanumber",
        "transitnumber",
        "institutionnumber",
        "wallet",
        "cryptocurrency",
        "postalcode",
    ],
};

/// Whole names that have a word of a class in them and speak of none: the public
/// part of a referral link, an id, a status and a switch.
const HARMLESS: [&str; 4] =
    ["reftoken", "payoutmethodid", "invoicedetailsstatus", "basicauthenabled"];

/// Members whose text says what the `value` beside them is.
const LABELS: [&str; 3] = ["label", "name", "key"];

impl Names {
    fn have(&self, name: &str) -> bool {
        self.whole.contains(&name)
            || self.first.iter().any(|first| name.starts_with(first))
            || self.last.iter().any(|last| name.ends_with(last))
            || occurs(self.part, name)
    }
}

/// Pairs of letters: for each first letter the second ones. It is by their last five
/// bits that letters are told apart here, so others may pass for a pair.
struct Pairs([u32; 32]);

impl Pairs {
    /// The pairs by which the parts of both classes begin.
    const BEGINNINGS: Pairs = Pairs::none().beginning(CREDENTIALS.part).beginning(PAYMENT.part);

    const fn none() -> Self {
        Self([0; 32])
    }

    #[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
    const fn beginning(mut self, mut parts: &[&str]) -> Self {
        while let [part, rest @ ..] = parts {
            if let [first, second, ..] = part.as_bytes() {
                self.0[(*first & 31) as usize] |= 1 << (*second & 31);
            }
            parts = rest;
        }
        self
    }

    fn have(&self, first: u8, second: u8) -> bool {
        let seconds = self.0.get(usize::from(first & 31)).copied().unwrap_or_default();
        seconds & (1 << (second & 31)) != 0
    }
}

/// Tells whether one of the parts stands somewhere in a name. There is a name for every
/// member of every body, and next to none has one: most places are done with by two
/// letters.
fn occurs(parts: &[&str], name: &str) -> bool {
    let mut rest = name.as_bytes();
    while let [first, after @ ..] = rest {
        if let [second, ..] = after
            && Pairs::BEGINNINGS.have(*first, *second)
            && parts.iter().any(|part| rest.starts_with(part.as_bytes()))
        {
            return true;
        }
        rest = after;
    }
    false
}

/// The class that a member's name speaks of, in any spelling: `vat_id`, `vatID` and
/// `VAT-Id` are one. A path such as `details.iban` is of the strictest class of its
/// parts and of the whole.
#[must_use]
pub fn class_of(name: &str) -> Option<Class> {
    if !name.contains(PATH) {
        return class_of_plain(&plain(name));
    }
    let parts = name.split(PATH).map(plain);
    let (mut strictest, mut whole) = (None, String::new());
    for part in parts.filter(|part| !is_harmless(part)) {
        strictest = strictest.max(class_of_plain(&part));
        whole.push_str(&part);
    }
    strictest.max(class_of_plain(&whole))
}

/// What stands between the parts of a path.
const PATH: [char; 5] = ['.', '/', ':', '[', ']'];

fn is_harmless(name: &str) -> bool {
    HARMLESS.contains(&name)
}

fn class_of_plain(name: &str) -> Option<Class> {
    if is_harmless(name) {
        return None;
    }
    [&CREDENTIALS, &PAYMENT].into_iter().find(|names| names.have(name)).map(|names| names.class)
}

impl Class {
    /// What remains of a value of this class: of a credential [`REMOVED`] (`null`
    /// stays `null`), of tax and payment data `present` or `absent`.
    #[must_use]
    pub fn reduced(self, value: &Json) -> Json {
        let absent = match value {
            Json::Null => true,
            Json::Text(text) => text.trim().is_empty(),
            Json::Array(items) => items.is_empty(),
            Json::Object(members) => members.is_empty(),
            Json::Bool(_) | Json::Number(_) | Json::Several(_) => false,
        };
        match self {
            Class::Credential if *value == Json::Null => Json::Null,
            Class::Credential => Json::Text(REMOVED.into()),
            Class::Payment => Json::Text(if absent { "absent" } else { "present" }.into()),
        }
    }
}

/// The value without credentials and payment data at any depth. Where a name has a
/// class, nothing below it remains.
#[must_use]
pub fn redacted(json: &Json) -> Json {
    match json {
        Json::Object(members) => {
            let labelled = class_by_label(members);
            let members = members.iter().map(|(name, value)| {
                let labelled = labelled.filter(|_| name.eq_ignore_ascii_case("value"));
                let class = class_of(name).max(labelled);
                (name.clone(), class.map_or_else(|| redacted(value), |class| class.reduced(value)))
            });
            Json::Object(members.collect())
        }
        Json::Array(items) => Json::Array(items.iter().map(redacted).collect()),
        Json::Several(values) => Json::Several(values.iter().map(redacted).collect()),
        other => other.clone(),
    }
}

/// The class of the `value` in an object that names it by a text beside it, as lists
/// of custom fields do: `{"label": "VAT number", "value": "…"}`.
fn class_by_label(members: &[(String, Json)]) -> Option<Class> {
    let named = |name: &str, one: &str| name.eq_ignore_ascii_case(one);
    if !members.iter().any(|(name, _)| named(name, "value")) {
        return None;
    }
    let labels = members.iter().filter(|(name, _)| LABELS.iter().any(|label| named(name, label)));
    let texts = labels.flat_map(|(_, label)| label.each()).filter_map(Json::as_str);
    texts.filter_map(class_of).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json::read;

    #[test]
    fn a_name_is_seen_through_its_spelling_and_its_path() {
        let (credential, payment) = (Some(Class::Credential), Some(Class::Payment));
        for (name, class) in [
            ("VAT-Id", payment),
            ("details", payment),
            ("detailsOf", None),
            ("profile.details.city", payment),
            ("filters[meta]", payment),
            ("vat.id", payment),
            ("details.auth_token", credential),
            ("api.key", credential),
            ("ref_token", None),
            ("promoter_campaign.refToken", None),
            ("ref_token.secret", credential),
            ("payment_otp", credential),
            ("otp.code", credential),
            ("is_payment_otp_required", None),
            ("metadata", None),
            ("", None),
            ("...", None),
        ] {
            assert_eq!(class_of(name), class, "{name}");
        }
    }

    #[test]
    fn each_word_is_found_anywhere() {
        for names in [&CREDENTIALS, &PAYMENT] {
            for part in names.part {
                for name in [
                    (*part).to_owned(),
                    format!("the{part}"),
                    format!("{part}zz"),
                    format!("q{part}q"),
                ] {
                    assert_eq!(class_of(&name).max(Some(names.class)), class_of(&name), "{name}");
                }
            }
        }
    }

    #[test]
    fn what_is_free_in_form_is_reduced_at_any_depth() {
        for (sent, kept) in [
            (
                r#"[{"label":"VAT number","value":"x"},{"name":"Colour","value":"red"}]"#,
                r#"[{"label":"VAT number","value":"present"},{"name":"Colour","value":"red"}]"#,
            ),
            (
                r#"{"a":{"Key":"password","Value":[1],"label":"Bank"},"b":{"key":"iban","text":"t"}}"#,
                r#"{"a":{"Key":"password","Value":"[removed]","label":"Bank"},"b":{"key":"iban","text":"t"}}"#,
            ),
            (
                r#"{"label":"Colour","label":"IBAN","value":"x","value":"y"}"#,
                r#"{"label":"Colour","label":"IBAN","value":"present"}"#,
            ),
            (r#"{"label":"PayPal","value":" "}"#, r#"{"label":"PayPal","value":"absent"}"#),
            (
                r#"{"changes":{"details":[{"iban":"OLD"},{"iban":"NEW"}],"n":[1,null]}}"#,
                r#"{"changes":{"details":"present","n":[1,null]}}"#,
            ),
            (r#"{"a":[[{"meta":{}}]],"otp":null}"#, r#"{"a":[[{"meta":"absent"}]],"otp":null}"#),
        ] {
            assert_eq!(redacted(&read(sent.as_bytes()).unwrap().json).to_text(), kept);
        }
    }
}
