//! Standard Webhooks, the sending side.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A signing key.
#[derive(Clone)]
pub(crate) struct Key(Vec<u8>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// A key of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The key of a secret: `whsec_`, and base64 of at least one byte.
    pub(crate) fn parse(secret: &str) -> Option<Self> {
        let text = secret.trim().strip_prefix("whsec_")?;
        STANDARD.decode(text).ok().filter(|key| !key.is_empty()).map(Self)
    }

    /// The signature of a call, as one part of its header.
    pub(crate) fn sign(&self, id: &str, time: &str, body: &[u8]) -> String {
        // HMAC takes a key of any length.
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).map(|mut mac| {
            mac.update(format!("{id}.{time}.").as_bytes());
            mac.update(body);
            mac.finalize().into_bytes()
        });
        format!("v1,{}", mac.map(|mac| STANDARD.encode(mac)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let key = Key::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature =
            key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        for wrong in ["", "whsec_", "whsec_*", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert!(Key::parse(wrong).is_none(), "{wrong}");
        }
    }
}
