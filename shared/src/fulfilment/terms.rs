//! How much of what, to whom.

use serde::{Deserialize, Serialize};

/// Who receives a reward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// `promoter` or `referral`.
    pub role: String,
    /// The provider's id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// The company's own id; personal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reference: Option<String>,
    /// Personal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<String>,
}

/// What is promised: how much of what, to whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// How much, exact.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub amount: Option<String>,
    /// Of what.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unit: Option<String>,
    /// To whom.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub recipient: Option<Recipient>,
    /// Whose commission it is, rewarded or not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub affiliate_id: Option<String>,
    /// Whose purchase caused it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub customer_id: Option<String>,
}

impl Terms {
    /// Whether a delivery has all it needs.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let id = self.recipient.as_ref().and_then(|recipient| recipient.id.as_ref());
        self.amount.is_some() && self.unit.is_some() && id.is_some()
    }

    /// Whether `other` contradicts these terms. What it leaves open does not.
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

    /// Whether both state something, and not the same.
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

    /// These terms with what `other` states.
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
