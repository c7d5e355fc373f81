//! The calls that reached the company's reward endpoint.

use local::fakes::endpoint::Call;
use serde_json::Value;

/// One call of the endpoint, by the names of its body's members.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The idempotency key that it came with.
    pub id: String,
    /// The promise's key.
    pub key: String,
    /// `reward.granted` or `reward.reversed`.
    pub kind: String,
    /// The commission or the v1 fulfilment that is rewarded.
    pub of: u64,
    /// The amount.
    pub amount: String,
    /// The id of the one who is rewarded.
    pub recipient: String,
    /// The promoter of the commission, if that is known.
    pub affiliate: Option<String>,
    /// The customer whose purchase caused it, if that is known.
    pub customer: Option<String>,
    /// The campaign, if that is known.
    pub campaign: Option<String>,
}

/// A reward as it was granted: two calls that differ in it are two rewards.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The promise's key.
    pub key: String,
    /// The amount.
    pub amount: String,
    /// The id of the one who is rewarded.
    pub recipient: String,
}

impl Delivery {
    /// Reads a signed call, whose idempotency key has to be the promise's.
    #[must_use]
    pub fn new(call: &Call) -> Self {
        assert!(call.verified(), "an unsigned call: {:?}", call.verification);
        let body: Value = serde_json::from_slice(&call.body).unwrap();
        let data = &body["data"];
        let of = |name: &str| data[name].as_str().map(str::to_owned);
        let subjects = [of("commission_id"), of("fulfilment_id")];
        let [subject] = &subjects.into_iter().flatten().collect::<Vec<_>>()[..] else {
            panic!("a reward of nothing, or of two things: {body}");
        };
        let delivery = Self {
            id: call.id.clone().unwrap(),
            key: of("key").unwrap(),
            kind: body["type"].as_str().unwrap().into(),
            of: subject.parse().unwrap(),
            amount: of("amount").unwrap(),
            recipient: data["recipient"]["id"].as_str().unwrap().into(),
            affiliate: of("affiliate_id"),
            customer: of("customer_id"),
            campaign: of("campaign_id"),
        };
        let id = match delivery.kind.as_str() {
            "reward.granted" => delivery.key.clone(),
            "reward.reversed" => format!("{}:reverse", delivery.key),
            kind => panic!("the endpoint knows no {kind}"),
        };
        assert_eq!(delivery.id, id, "{body}");
        delivery
    }

    /// Tells whether the call grants, and does not take back.
    #[must_use]
    pub fn is_grant(&self) -> bool {
        self.kind == "reward.granted"
    }

    /// The reward of the call.
    #[must_use]
    pub fn grant(&self) -> Grant {
        Grant::new(&self.key, &self.amount, &self.recipient)
    }
}

impl Grant {
    /// A grant to compare with.
    #[must_use]
    pub fn new(key: &str, amount: &str, recipient: &str) -> Self {
        Self { key: key.into(), amount: amount.into(), recipient: recipient.into() }
    }
}
