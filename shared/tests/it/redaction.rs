//! `NothingLeaks`: what is named like a credential or like tax and payment data is
//! neither in the body that is stored nor in what is read from it.

use crate::providers::read;
use shared::ledger::Content;
use shared::provider::{ALL, Definition};
use shared::receive::redact::storable;
use shared::receive::route::Route;
use shared::wire::Timestamp;
use shared::wire::json::{self, Json};
use shared::wire::sensitive::{Class, class_of};

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

const CREDENTIALS: &str = "auth_token temp_password password_setup_url secret_key \
    signing_secret basic_auth_user basic_auth_password headers otp otp_code token api_key \
    authorization x-uppromote-signature x-webhook-signature x-affonso-signature signature \
    default_webhook_url fulfilment_webhook_url target_url access_tokens";

const PAYMENT: &str = "payment_info w8_form w8_form_url w9_form w9_form_url w9_url vat_id \
    vat_number tax_id tax_value tax_number tax_rate company_number paypal_email \
    invoice_details invoice_details_validation_errors payout_method payout_methods \
    selected_payout_method payout_details payout_email payment_details \
    payment_method_details payment_reference payment_intent_id details meta wise_email \
    wallet_address crypto_currency account_holder_name account_number routing_number \
    routing_aba_number transit_number institution_number bsb_code sort_code iban \
    swift_bic_code swift_code bank_name bank_country bank_code bank_account bank_address \
    postal_code";

/// The other names of members that the providers' events and APIs have.
const KEPT: &str = "accountStatus action active active_customers_count address affiliate \
    affiliateId affiliateProgramId affiliate_email affiliate_id affiliate_link \
    affiliate_name amount approved_amount archived_at attempt attempts auth_provider \
    auto_approve_promoters auto_approve_rewards avatar avatar_url balances \
    basic_auth_enabled campaign campaign_id campaign_ids campaign_name \
    cancellations_count cancelled_at changes city code color comment commission \
    commissionAmount commissionCurrency commissionStatus commissionType \
    commission_adjustment commission_amount commission_currency commission_id \
    commission_rule commission_status commission_type company company_name completed_at \
    contract contract_id contract_version_id conversion_amount converted_at country \
    coupon couponId coupon_applied coupons createdAt created_at created_by_user_at \
    created_by_user_email currency current_balance current_offer \
    current_promotion_reward current_referral_reward current_status \
    current_target_reward cust_id custom_affiliate_link custom_fields custom_status \
    customerId customer_email customer_id customer_promo_code customer_since \
    customers_count data date_added date_paid default_affiliate_link default_promo_code \
    default_promotion_id default_ref_id delivered_at denied_amount description \
    direct_url discountType discountValue display_coupon due_date duration earningStatus \
    earningType earning_id earning_type earnings_balance email email_verified \
    endpoint_id entity_id entity_type entry_source error event event_id event_type \
    event_types ext_id ext_reference externalUserId external_note external_user_id \
    facebook failed_at first_event_at first_name fraud_check fraud_suspicions groupId \
    group_id has_issues hidden holdDays holdPeriodDays hold_period_days id instagram \
    internal_note invoiceId invoiceNumber invoice_details_status invoice_id \
    invoice_number ip isManagedPayout is_confirmed is_customized is_disabled is_expired \
    is_paid is_payable is_payment_otp_required is_retriable is_selected \
    is_self_referral is_split joined_at key label landing_url last_login_at last_name \
    lead leads_count linkedin managed_payout managed_payouts max_retries metadata \
    method name note offer onboardingCompleted order_id order_number \
    original_sale_amount original_sale_currency paidAt paid_amount paid_at paid_balance \
    parent_promoter parent_promoter_id partnershipStatus payment_id payment_method \
    payments_batch_id payout payoutId payoutInvoiceId payout_id payout_method_id \
    pending_amount pending_balance per_of_sale percentage period_end period_start \
    personal_detail phone phone_number plan_id plan_name pref previous_status private \
    processed_at processing_started_at profile program_id program_name promoCodeId \
    promoCodes promo_code promo_codes promoter promoter_campaign promoter_campaign_id \
    promoter_campaigns promoter_id promoters_count promotion promotion_id \
    promotion_reward promotions provider quantity ref_id ref_link ref_token referral \
    referralId referral_id referral_ids referral_link referral_reward referrer refund_id \
    refunds_count refunds_total reward reward_id rewards_for_promoters \
    rewards_for_referrals saleAmount saleCurrency saleStatus sale_amount \
    sale_amount_currency salesStatus sales_count sales_status sales_total scheduled_at \
    signed_at signed_ip social_accounts source split_details split_percentage_value \
    split_promotion_id split_type state stats status status_updated_at subscription_id \
    suspicion target_reached_at target_reward tier tier_level tiktok timestamp total \
    total_commission total_incl_tax total_processed total_products total_referrals \
    total_sales track_ad_traffic trackingId tracking_type transactionId \
    transactionStatus twitter type uid unit up_line_affiliate_email \
    up_line_affiliate_id updatedAt updated_at url username value version \
    visitor_sub_id visitors_count webhook_id website youtube zipcode";

/// A name as one of the providers' systems, or a path in `changes`, may spell it.
fn spelled(name: &str, spelling: usize) -> String {
    let words: Vec<_> = name.split(['_', '-']).map(str::to_owned).collect();
    let capital = |word: &String| {
        let mut letters = word.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).collect::<String>()
    };
    let capitals = || words.iter().map(capital).collect::<Vec<_>>();
    match spelling {
        0 => name.to_owned(),
        1 => words[..1].iter().cloned().chain(words[1..].iter().map(capital)).collect(),
        2 => capitals().concat(),
        3 => words.join("-"),
        4 => capitals().join(" "),
        5 => name.to_uppercase(),
        6 => words.concat(),
        7 => format!("profile.{name}"),
        8 => format!("data.{name}.old"),
        _ => format!("{name}[0]"),
    }
}
const SPELLINGS: usize = 10;

fn names(list: &'static str) -> Vec<&'static str> {
    list.split_whitespace().collect()
}

fn sensitive() -> Vec<&'static str> {
    [names(CREDENTIALS), names(PAYMENT)].concat()
}

#[test]
fn every_name_has_its_class_in_any_spelling() {
    let classes =
        [(CREDENTIALS, Some(Class::Credential)), (PAYMENT, Some(Class::Payment)), (KEPT, None)];
    for (list, class) in classes {
        for name in names(list) {
            for name in (0..SPELLINGS).map(|spelling| spelled(name, spelling)) {
                assert_eq!(class_of(&name), class, "{name}");
            }
        }
    }
}

/// The members that any event of the providers may have, and one value for each id,
/// so that the places that name the same object agree.
fn members() -> Value {
    let mut members = json!({
        "state": "approved", "status": "approved", "amount": "12.50", "unit": "points",
        "email": "rosa@kestrel-lane.example", "email_verified": "verified", "coupon": "ROSA",
        "created_at": "2026-05-01T08:00:00Z", "createdAt": "2026-05-01T08:00:00Z",
        "processed_at": "2026-05-02T08:00:00Z", "signed_at": "2026-05-02T08:00:00Z",
        "commission_rule": {"program_id": 7}, "tracking_type": "Affiliate link",
        "previous_status": "pending", "current_status": "approved",
        "saleAmount": 80, "saleCurrency": "EUR", "commissionAmount": 8,
        "custom_fields": [{"label": "Shoe size", "value": "41"}], "metadata": {"plan": "reed"},
        "balances": {"cash": 3}, "earnings_balance": {"points": "9"}, "stats": {"clicks": 1},
        "social_accounts": {"twitter": {"url": "https://x.example/rosa"}},
        "profile": {"id": 7, "first_name": "Rosa", "country": "PT"},
        "coupons": [{"id": 7, "coupon": "ROSA"}], "promoCodes": [{"code": "ROSA"}],
        "promotions": [{"id": 7, "campaign_id": 7}], "method": "wire",
        "split_details": [{"promoter_id": 7, "percentage": 50}],
    });
    let ids = "id payment_id affiliate_id affiliateId referral_id referralId transactionId \
        payoutId payout_id commission_id promoter_id campaign_id customerId code";
    for id in names(ids) {
        members[id] = json!(7);
    }
    members
}

/// A body of the event type `name` that every provider's envelope fits.
fn universal(name: &str) -> Value {
    let mut data = members();
    let party = json!({"id": 7, "campaign_id": 7, "promoter_id": 7, "state": "active",
        "email": "rosa@kestrel-lane.example", "profile": {"id": 7, "first_name": "Rosa"},
        "earnings_balance": {"points": "9"}});
    let objects = "promoter promotion campaign reward lead affiliate referral payout commission \
        contract promoter_campaign";
    for object in names(objects) {
        data[object] = party.clone();
    }
    data["promoter_campaign"]["promoter"] = party.clone();
    let mut body = members();
    for (member, value) in [
        ("type", json!(name)),
        ("event_type", json!(name)),
        ("event", json!({"id": 7, "type": name, "created_at": "2026-05-01T08:00:00Z"})),
        ("event_id", json!("7")),
        ("entity_id", json!(7)),
        ("entity_type", json!(name.split('.').next())),
        ("action", json!("updated")),
        ("timestamp", json!("2026-05-02T08:00:00Z")),
        ("changes", json!({"status": ["pending", "approved"], "metadata": [{}, {"plan": "reed"}]})),
        ("affiliate", party),
        ("data", data),
    ] {
        body[member] = value;
    }
    body
}

/// A body that has an event's type, with the event.
type Sample = (&'static Definition, String, Value);

/// The providers' samples.
fn samples() -> Vec<Sample> {
    let typed = crate::decoration::samples().into_iter().filter_map(|(_, path, body)| {
        let route = Route::of_path(ALL, &path)?;
        let of = route.definition;
        let event_type = of.event_type(ALL, route.event, &tree(&body)).ok()?;
        Some((of, event_type, body))
    });
    typed.collect()
}

/// The bodies with which an event is tried: its samples, and what fits all events.
fn bodies(of: &'static Definition, name: &str, samples: &[Sample]) -> Vec<Json> {
    let own = samples.iter().filter(|(other, event_type, _)| *other == of && event_type == name);
    let mut with_sale = universal(name);
    with_sale["commission"] = json!("8.00");
    let own = own.map(|(.., body)| body).cloned();
    own.chain([universal(name), with_sale]).map(|body| tree(&body)).collect()
}

fn tree(body: &Value) -> Json {
    json::parse(body.to_string().as_bytes()).unwrap()
}

/// Calls `change` for the members of each object of a body.
fn each_object(json: &mut Json, change: &mut impl FnMut(&mut Vec<(String, Json)>)) {
    match json {
        Json::Object(members) => {
            for (_, value) in members.iter_mut() {
                each_object(value, change);
            }
            change(members);
        }
        Json::Array(items) => items.iter_mut().for_each(|item| each_object(item, change)),
        _ => {}
    }
}

/// An event of the catalogue under one of its names, with the bodies that it is tried
/// with.
struct Tried {
    of: &'static Definition,
    name: &'static str,
    bodies: Vec<Json>,
}

/// Every event of every provider.
static TRIED: LazyLock<Vec<Tried>> = LazyLock::new(|| {
    let samples = samples();
    let rows = ALL.iter().flat_map(|of| of.catalogue.iter().map(move |row| (*of, row)));
    let named = rows.flat_map(|(of, row)| row.names().map(move |name| (of, name)));
    let tried = named.map(|(of, name)| Tried { of, name, bodies: bodies(of, name, &samples) });
    tried.collect()
});

/// Everything that is kept of a body: as it is stored, and as it is read.
fn kept(of: &Definition, name: &str, body: &Json) -> (String, bool) {
    let payment_data = ALL.iter().any(|definition| (definition.is_payment_data)(body));
    let stored = storable(body, payment_data, None).to_text();
    let event = read(of, name, body, "sha", Timestamp::ZERO);
    let changes = matches!(&event, Ok(event) if matches!(event.content, Content::Change(_)));
    (format!("{stored}\n{event:?}"), changes)
}

/// Known wherever it appears, as text and as a number.
const SECRET: &str = "918273645546372819";

/// Every name at every place of every event's bodies, in the place of what is there.
#[test]
fn no_event_keeps_what_a_sensitive_name_names() {
    for Tried { of, name, bodies } in TRIED.iter() {
        let mut read = false;
        for body in bodies {
            let (_, changes) = kept(of, name, body);
            let mut body = body.clone();
            each_object(&mut body, &mut |members| {
                for sensitive in sensitive() {
                    members.retain(|(member, _)| member != sensitive);
                    members.push((sensitive.to_owned(), Json::Number(SECRET.to_owned())));
                }
            });
            let (kept, still) = kept(of, name, &body);
            assert!(!kept.contains(SECRET), "{of} {name}: {kept}");
            assert_eq!(still, changes, "{of} {name}: {kept}");
            read |= changes;
        }
        assert!(read, "{of} {name}: no body here is one");
    }
}

/// A value that holds the secret, or does at its end.
fn value(shape: usize) -> Json {
    let text = || Json::Text(format!("DE-{SECRET}"));
    let number = || Json::Number(SECRET.to_owned());
    let object = |value| Json::Object(vec![("id".to_owned(), value)]);
    match shape {
        0 => text(),
        1 => number(),
        2 => object(number()),
        3 => Json::Array(vec![text(), Json::Null]),
        4 => Json::Array(vec![object(text()), object(number())]),
        _ => Json::Array(vec![Json::Array(vec![object(object(text()))]), Json::Bool(true)]),
    }
}
const SHAPES: usize = 6;

/// A place for a sensitive value in an object.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// A member, instead of another of that name.
    Member,
    /// A member, said once more where there is one.
    Repeated,
    /// Below an object that is new.
    Below,
    /// An item of a list of fields: `{"label": name, "value": …}`.
    Labelled(&'static str),
    /// Both values of a change, in `changes` of this object.
    Changed,
}

fn put(members: &mut Vec<(String, Json)>, place: Place, name: String, value: Json) {
    let replace = |members: &mut Vec<(String, Json)>, name: &str, value| {
        members.retain(|(member, _)| member != name);
        members.push((name.to_owned(), value));
    };
    match place {
        Place::Member => replace(members, &name, value),
        Place::Repeated => match members.iter_mut().find(|(member, _)| *member == name) {
            Some((_, there)) => {
                let first = std::mem::replace(there, Json::Null);
                *there = Json::Several(vec![first, value]);
            }
            None => members.push((name, Json::Several(vec![Json::Null, value]))),
        },
        Place::Below => {
            let below = Json::Array(vec![Json::Object(vec![(name, value)])]);
            replace(members, "extra", Json::Object(vec![("of".to_owned(), below)]));
        }
        Place::Labelled(label) => {
            let name = (label.to_owned(), Json::Text(name));
            let item = Json::Object(vec![("value".to_owned(), value), name]);
            replace(members, "custom_fields", Json::Array(vec![item.clone(), item]));
        }
        Place::Changed => {
            let pair = Json::Array(vec![value.clone(), value]);
            replace(members, "changes", Json::Object(vec![(name, pair)]));
        }
    }
}

fn place() -> impl Strategy<Value = Place> {
    let labels = ["label", "name", "key", "Label"].map(Place::Labelled);
    let others = [Place::Member, Place::Repeated, Place::Below, Place::Changed];
    prop_oneof![select(others.to_vec()), select(labels.to_vec())]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every event, with one name in any spelling at any place, whatever it names.
    #[test]
    fn no_spelling_and_no_place_lets_a_sensitive_value_through(
        name in select(sensitive()),
        spelling in 0..SPELLINGS,
        shape in 0..SHAPES,
        place in place(),
        body in any::<Index>(),
        object in any::<Index>(),
    ) {
        let name = spelled(name, spelling);
        for Tried { of, name: event_type, bodies } in TRIED.iter() {
            let mut body = bodies[body.index(bodies.len())].clone();
            let mut objects = 0;
            each_object(&mut body, &mut |_| objects += 1);
            let (chosen, mut at) = (object.index(objects), 0);
            each_object(&mut body, &mut |members| {
                if at == chosen {
                    put(members, place, name.clone(), value(shape));
                }
                at += 1;
            });
            let sent = body.to_text();
            prop_assert!(sent.contains(SECRET));
            // As it arrives: what was put in twice is found out by the reader.
            let body = json::read(sent.as_bytes()).unwrap().json;
            let (kept, _) = kept(of, event_type, &body);
            prop_assert!(!kept.contains(SECRET), "{of} {event_type}: {kept}");
        }
    }
}
