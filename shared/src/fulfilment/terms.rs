//! The terms of a promise: amount, unit and recipient.

use serde::{Deserialize, Serialize};

/// The recipient of a reward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// The role: `promoter` or `referral`.
    pub role: String,
    /// The provider's id of the recipient.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// The company's own id of the recipient; personal data.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reference: Option<String>,
    /// The recipient's email address; personal data.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<String>,
}

/// The terms of a promise: amount, unit and recipient.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The exact amount, as decimal text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub amount: Option<String>,
    /// The unit of the amount.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unit: Option<String>,
    /// The recipient.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub recipient: Option<Recipient>,
    /// The affiliate whose commission it is, rewarded or not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub affiliate_id: Option<String>,
    /// The customer whose purchase caused the commission.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub customer_id: Option<String>,
}

impl Terms {
    /// True when the terms have all that a delivery needs.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let id = self.recipient.as_ref().and_then(|recipient| recipient.id.as_ref());
        self.amount.is_some() && self.unit.is_some() && id.is_some()
    }

    /// True when `other` contradicts these terms. Parts that `other` leaves open do
    /// not.
    #[must_use]
    pub fn differs(&self, other: &Terms) -> bool {
        let id = |terms: &Terms| {
            let recipient = terms.recipient.as_ref()?;
            Some((recipient.role.clone(), recipient.id.clone()?))
        };
        let conflict =
            |ours: Option<&String>, theirs: Option<&String>| theirs.is_some() && ours != theirs;
        conflict(self.amount.as_ref(), other.amount.as_ref())
            || conflict(self.unit.as_ref(), other.unit.as_ref())
            || id(other).is_some() && id(self) != id(other)
    }

    /// True when both state a part, and not the same.
    #[must_use]
    pub fn contradicts(&self, other: &Terms) -> bool {
        fn apart<T: PartialEq>(ours: Option<T>, theirs: Option<T>) -> bool {
            ours.zip(theirs).is_some_and(|(ours, theirs)| ours != theirs)
        }
        let id = |terms: &Terms| {
            let recipient = terms.recipient.as_ref()?;
            Some((recipient.role.clone(), recipient.id.clone()?))
        };
        apart(self.amount.as_ref(), other.amount.as_ref())
            || apart(self.unit.as_ref(), other.unit.as_ref())
            || apart(id(self), id(other))
    }

    /// The terms with the parts that `other` states in their place.
    #[must_use]
    pub fn with(&self, other: &Terms) -> Terms {
        let newer = |ours: &Option<String>, theirs: &Option<String>| {
            theirs.clone().or_else(|| ours.clone())
        };
        Terms {
            amount: newer(&self.amount, &other.amount),
            unit: newer(&self.unit, &other.unit),
            affiliate_id: newer(&self.affiliate_id, &other.affiliate_id),
            customer_id: newer(&self.customer_id, &other.customer_id),
            recipient: match (&self.recipient, &other.recipient) {
                (Some(ours), Some(theirs)) if theirs.id.is_none() => Some(ours.clone()),
                (ours, theirs) => theirs.clone().or_else(|| ours.clone()),
            },
        }
    }
}
