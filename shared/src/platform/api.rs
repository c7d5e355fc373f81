//! The clients of the platforms' APIs, by provider.

use std::time::Duration;

use crate::fulfilment::{PlatformStatus, Policy, Terms, View};
use crate::ledger::Provider;
use crate::platform::credentials::Credentials;
use crate::platform::http::Http;
use crate::platform::{Connection, NoAnswer, Pacer, WriteResult, firstpromoter, firstpromoter_v1};
use crate::provider;
use crate::settings::{Env, Number, SettingsError, optional};

/// The settings of the platforms' APIs.
#[derive(Debug, Clone)]
pub struct PlatformSettings {
    /// The address of FirstPromoter's API v2.
    pub firstpromoter_url: String,
    /// The address of FirstPromoter's API v1.
    pub firstpromoter_v1_url: String,
    /// Milliseconds between two calls of FirstPromoter.
    pub spacing_ms: u64,
    /// Seconds after which a look-up of v1 requests no more pages.
    pub look_up_seconds: u64,
}

/// 400 calls a minute and account, and two workers at once.
const SPACING: Number = Number::new("FIRSTPROMOTER_SPACING_MS", 320, 0..=60_000);
const LOOK_UP: Number = Number::new("LOOK_UP_SECONDS", 30, 1..=60);

/// The setting for the address of a platform's API.
pub struct ApiAddress {
    /// The provider whose platform it is.
    pub provider: Provider,
    /// The name of the environment variable.
    pub variable: &'static str,
    /// The platform's own address.
    pub own: &'static str,
}

/// The settings for the addresses of the platforms' APIs.
pub const ADDRESSES: [ApiAddress; 2] = [V2_ADDRESS, V1_ADDRESS];
const V2_ADDRESS: ApiAddress = ApiAddress {
    provider: provider::firstpromoter::REWARDS.provider,
    variable: "FIRSTPROMOTER_API_URL",
    own: "https://api.firstpromoter.com/api/v2/company",
};
const V1_ADDRESS: ApiAddress = ApiAddress {
    provider: provider::firstpromoter_v1::REWARDS.provider,
    variable: "FIRSTPROMOTER_V1_API_URL",
    own: "https://firstpromoter.com/api/v1",
};

impl ApiAddress {
    fn read(&self, env: Env) -> String {
        optional(env, self.variable).unwrap_or_else(|| self.own.to_owned())
    }
}

impl PlatformSettings {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`SettingsError`] naming the first variable that is wrong.
    pub fn read(env: Env) -> Result<Self, SettingsError> {
        Ok(Self {
            firstpromoter_url: V2_ADDRESS.read(env),
            firstpromoter_v1_url: V1_ADDRESS.read(env),
            spacing_ms: SPACING.read_unsigned(env)?,
            look_up_seconds: LOOK_UP.read_unsigned(env)?,
        })
    }
}

/// Most rewards that a platform is told of at once. Of more than that,
/// FirstPromoter works on them later and answers 202.
pub const AT_ONCE: usize = 5;

/// A client of a platform's API.
pub enum Api<'a> {
    /// FirstPromoter's API v2.
    V2(firstpromoter::Api<'a>),
    /// FirstPromoter's API v1.
    V1(firstpromoter_v1::Api<'a>),
}

fn is_v1(provider: Provider) -> bool {
    provider == provider::firstpromoter_v1::REWARDS.provider
}

fn is_v2(provider: Provider) -> bool {
    provider == provider::firstpromoter::REWARDS.provider
}

/// True when one call of a provider's API can name several rewards.
#[must_use]
pub fn takes_several(provider: Provider) -> bool {
    is_v2(provider)
}

impl<'a> Api<'a> {
    /// The client for a provider; `None` where this program has none.
    #[must_use]
    pub fn of(
        provider: Provider,
        settings: &'a PlatformSettings,
        http: &'a Http,
        pacer: &'a Pacer,
        credentials: &'a Credentials,
    ) -> Option<Self> {
        let connection = |base, credentials| Connection { http, base, pacer, credentials };
        if is_v1(provider) {
            return Some(Self::V1(firstpromoter_v1::Api {
                connection: connection(&settings.firstpromoter_v1_url, "API key"),
                credentials: credentials.firstpromoter_v1.as_ref(),
                patience: Duration::from_secs(settings.look_up_seconds),
            }));
        }
        is_v2(provider).then(|| {
            Self::V2(firstpromoter::Api {
                connection: connection(&settings.firstpromoter_url, "API key or account id"),
                credentials: credentials.firstpromoter.as_ref(),
            })
        })
    }

    /// Reads how the platform shows a reward. `terms` are compared with it where
    /// its API shows less.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn view(&self, id: &str, policy: &Policy, terms: &Terms) -> Result<View, NoAnswer> {
        match self {
            Self::V1(api) => api.view(id, terms).await,
            Self::V2(api) => {
                let views = api.views(&[id], policy).await?;
                Ok(views.into_iter().next().unwrap_or_else(|| View::of(PlatformStatus::NotFound)))
            }
        }
    }

    /// Reads how the platform shows several rewards, in the order of `ids`. Only
    /// for a provider that [`takes_several`].
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn views(&self, ids: &[&str], policy: &Policy) -> Result<Vec<View>, NoAnswer> {
        match self {
            Self::V1(_) => Err(NoAnswer::not_now("one at a time only")),
            Self::V2(api) => api.views(ids, policy).await,
        }
    }

    /// Asks the platform to approve a reward.
    pub async fn approve(&self, id: &str) -> WriteResult {
        match self {
            Self::V1(_) => WriteResult::CheckEach,
            Self::V2(api) => api.approve(&[id]).await,
        }
    }

    /// Marks rewards as given; several only for a provider that [`takes_several`].
    pub async fn mark_fulfilled(&self, ids: &[&str]) -> WriteResult {
        match (self, ids) {
            (Self::V1(api), [id]) => api.complete(id).await,
            (Self::V1(_), _) => WriteResult::CheckEach,
            (Self::V2(api), ids) => api.mark_fulfilled(ids).await,
        }
    }

    /// Marks a reward as not given any more; undoes [`Api::mark_fulfilled`].
    pub async fn mark_unfulfilled(&self, id: &str) -> WriteResult {
        match self {
            Self::V1(_) => WriteResult::CheckEach,
            Self::V2(api) => api.mark_unfulfilled(&[id]).await,
        }
    }

    /// Reads the result of a batch that the platform accepted.
    pub async fn batch(&self, id: &str) -> WriteResult {
        match self {
            Self::V1(_) => WriteResult::CheckEach,
            Self::V2(api) => api.batch(id).await,
        }
    }
}
