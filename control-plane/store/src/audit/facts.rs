//! What something was, for `before` and `after`.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};
use tenantry_kernel::Secret;

use super::redact::SECRET;

/// A value that the trail may show.
pub trait Shown {
    fn shown(&self) -> Value;
}

/// A secret is shown as there being one.
impl Shown for Secret {
    fn shown(&self) -> Value {
        SECRET.into()
    }
}

impl Shown for str {
    fn shown(&self) -> Value {
        self.into()
    }
}

impl Shown for String {
    fn shown(&self) -> Value {
        self.as_str().into()
    }
}

impl Shown for DateTime<Utc> {
    fn shown(&self) -> Value {
        self.to_rfc3339_opts(SecondsFormat::Micros, true).into()
    }
}

macro_rules! shown {
    (plain: $($plain:ty),+; text: $($text:ty),+ $(,)?) => {
        $(impl Shown for $plain {
            fn shown(&self) -> Value {
                (*self).into()
            }
        })+
        $(impl Shown for $text {
            fn shown(&self) -> Value {
                self.to_string().into()
            }
        })+
    };
}
shown!(plain: bool, i32, i64, u32, u64;
       text: tenantry_kernel::TenantId, tenantry_kernel::UserId, tenantry_kernel::InstanceId, tenantry_kernel::RoleId,
             tenantry_authz::Role, tenantry_authz::Right);

impl<T: Shown + ?Sized> Shown for &T {
    fn shown(&self) -> Value {
        (*self).shown()
    }
}

impl<T: Shown> Shown for Option<T> {
    fn shown(&self) -> Value {
        self.as_ref().map_or(Value::Null, Shown::shown)
    }
}

impl<T: Shown> Shown for [T] {
    fn shown(&self) -> Value {
        self.iter().map(Shown::shown).collect()
    }
}

impl<T: Shown> Shown for Vec<T> {
    fn shown(&self) -> Value {
        self.as_slice().shown()
    }
}

/// Named values of one thing at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(Map<String, Value>);

impl Facts {
    pub fn new() -> Self {
        Self::default()
    }

    /// One fact alone.
    pub fn one(name: &str, value: impl Shown) -> Self {
        Self::new().with(name, value)
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Shown) -> Self {
        self.0.insert(name.to_owned(), value.shown());
        self
    }

    pub(super) fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_as_there_being_one_wherever_it_stands() {
        let secret = || Secret::new("hunter2-hunter2");
        let facts = Facts::one("name", "Ada")
            .with("harmless", secret())
            .with("several", vec![secret(), secret()])
            .with("perhaps", Some(secret()))
            .with("limit", 5_i64);
        let text = facts.into_value().to_string();
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(
            text,
            r#"{"harmless":"[secret]","limit":5,"name":"Ada","perhaps":"[secret]","several":["[secret]","[secret]"]}"#
        );
    }
}
