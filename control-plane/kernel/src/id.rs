//! Typed identifiers: a UUIDv7 behind a type and a prefix, printed as a TypeID (`ten_01h455vb4pex5vsknk084sn02q`).
//!
//! Sortable by creation time, safe in URLs and file names, recognisable in a log.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::{Clock, Entropy};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// 128 bits as 26 characters of lower-case Crockford base32, as in the TypeID specification v0.3.
fn encode(uuid: Uuid) -> String {
    let value = uuid.as_u128();
    (0..26u32)
        .map(|i| {
            let index = ((value >> ((25 - i) * 5)) & 0x1f) as usize;
            ALPHABET.get(index).copied().map_or('0', char::from)
        })
        .collect()
}

fn decode(text: &str) -> Option<Uuid> {
    // The first character holds three bits only: above '7' the value would not fit.
    if text.len() != 26 || text.as_bytes().first().is_none_or(|c| *c > b'7') {
        return None;
    }
    let mut value: u128 = 0;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|a| *a == byte)?;
        value = (value << 5) | digit as u128;
    }
    Some(Uuid::from_u128(value))
}

/// The text is not an id of the wanted type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id: expected `{prefix}_` followed by 26 characters")]
pub struct ParseIdError {
    pub prefix: &'static str,
}

/// Makes a UUIDv7 (RFC 9562) from the injected clock and randomness.
fn generate(clock: &dyn Clock, entropy: &dyn Entropy) -> Uuid {
    let millis = u64::try_from(clock.now().timestamp_millis()).unwrap_or(0);
    let mut random = [0u8; 10];
    entropy.fill(&mut random);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            pub fn generate(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                Self(generate(clock, entropy))
            }

            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", $prefix, encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                text.strip_prefix($prefix)
                    .and_then(|rest| rest.strip_prefix('_'))
                    .and_then(decode)
                    .map(Self)
                    .ok_or(ParseIdError { prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

typed_id!(/// An organisation that pays or is paid for.
    TenantId, "ten");
typed_id!(/// A person, in any number of tenants.
    UserId, "usr");
typed_id!(/// One n8n with its database, key, volume and URL.
    InstanceId, "ins");
typed_id!(/// A browser's log-in.
    SessionId, "ses");
typed_id!(/// A browser in a network that a person has logged in from.
    DeviceId, "dev");
typed_id!(/// A person asked by mail into a tenant.
    InvitationId, "inv");
typed_id!(/// A role that a tenant has made for itself.
    RoleId, "rol");
typed_id!(/// A key of a tenant's, for programs.
    ApiKeyId, "key");
typed_id!(/// A program that acts for a tenant in its own name.
    ServiceAccountId, "sva");
typed_id!(/// A secret or public key by which a service account proves that it is itself.
    CredentialId, "crd");
typed_id!(/// A tenant's way to its identity provider, or one that the installation offers to everybody.
    ConnectionId, "con");
typed_id!(/// A bearer token of a tenant's directory.
    ScimTokenId, "sct");
typed_id!(/// A person as a tenant's directory describes them.
    ScimUserId, "scu");
typed_id!(/// A group of a tenant's directory.
    ScimGroupId, "scg");
typed_id!(/// What lets platform staff into a tenant for a while.
    SupportAccessId, "sup");
typed_id!(/// Where a tenant wants its events sent.
    WebhookEndpointId, "whe");
typed_id!(/// An event on its way to one endpoint.
    DeliveryId, "del");
typed_id!(/// What a tenant is told of an event; the same for each endpoint, and each time it is sent.
    MessageId, "msg");
typed_id!(/// Where a tenant wants its audit trail sent.
    AuditStreamId, "aus");
typed_id!(/// A tenant's plan over a span of time.
    SubscriptionId, "sub");
typed_id!(/// A passkey of a person.
    PasskeyId, "pky");
typed_id!(/// One request, from the edge of the system to its last log line.
    RequestId, "req");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_vector_of_the_typeid_specification() {
        let id: UserId = "usr_01h455vb4pex5vsknk084sn02q".parse().unwrap();
        assert_eq!(id.uuid().to_string(), "01890a5d-ac96-774b-bcce-b302099a8057");
        assert_eq!(id.to_string(), "usr_01h455vb4pex5vsknk084sn02q");
    }

    #[test]
    fn other_prefixes_lengths_and_overflows_are_refused() {
        for bad in [
            "",
            "usr_",
            "ten_01h455vb4pex5vsknk084sn02q",
            "usr_01h455vb4pex5vsknk084sn02",
            "usr_81h455vb4pex5vsknk084sn02q",
            "usr_01H455VB4PEX5VSKNK084SN02Q",
            "usr_01h455vb4pex5vsknk084sn02l",
        ] {
            assert!(bad.parse::<UserId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn ids_sort_by_creation_time() {
        let clock = crate::ManualClock::new(chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000));
        let first = TenantId::generate(&clock, &crate::OsEntropy);
        clock.advance(chrono::TimeDelta::milliseconds(1));
        let second = TenantId::generate(&clock, &crate::OsEntropy);
        assert!(first.to_string() < second.to_string());
    }
}
