use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use tenantry_kernel::{Error, Result};

/// An ISO 4217 currency code: three upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    pub const EUR: Self = Self(*b"EUR");
    pub const USD: Self = Self(*b"USD");

    pub fn as_str(&self) -> &str {
        // Three ASCII letters by construction.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many decimals the major unit has (ISO 4217, column "minor unit").
    pub fn decimals(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
            | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(Error::invalid("currency", "A currency is three capital letters, such as EUR.")),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount in integer minor units (cents) of a currency. Arithmetic is checked: it never wraps, and never
/// mixes currencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// # Errors
    /// `Internal` when the sum leaves the range or the currencies differ.
    pub fn checked_add(self, other: Self) -> Result<Self> {
        if self.currency != other.currency {
            return Err(Error::internal(format!("adding {} to {}", other.currency, self.currency)));
        }
        let minor = self.minor.checked_add(other.minor).ok_or_else(out_of_range)?;
        Ok(Self { minor, ..self })
    }

    /// This amount × `part` ÷ `whole`, rounded half up to the minor unit, once.
    ///
    /// # Errors
    /// `Internal` for a negative amount, an empty whole, or a result out of range.
    pub fn prorate(self, part: u64, whole: u64) -> Result<Self> {
        if self.minor < 0 || whole == 0 {
            return Err(Error::internal(format!("prorating {} by {part}/{whole}", self.minor)));
        }
        let (part, whole) = (i128::from(part), i128::from(whole));
        // i64 × u64 fits i128; integers keep exact halves exact, which a 28-digit quotient would not.
        let twice = i128::from(self.minor)
            .checked_mul(part)
            .and_then(|p| p.checked_mul(2))
            .ok_or_else(out_of_range)?;
        let rounded = (twice + whole) / (whole * 2);
        Ok(Self { minor: i64::try_from(rounded).map_err(|_| out_of_range())?, ..self })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let major = Decimal::from_i128_with_scale(self.minor.into(), self.currency.decimals());
        write!(f, "{major} {}", self.currency)
    }
}

pub(crate) fn out_of_range() -> Error {
    Error::internal("an amount of money is out of range")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_print_in_the_major_unit() {
        assert_eq!(Money::new(2000, Currency::EUR).to_string(), "20.00 EUR");
        assert_eq!(Money::new(5, Currency::USD).to_string(), "0.05 USD");
        assert_eq!(Money::new(500, "JPY".parse().unwrap()).to_string(), "500 JPY");
        assert!("eur".parse::<Currency>().is_err());
        assert!("EURO".parse::<Currency>().is_err());
    }

    #[test]
    fn sums_are_checked() {
        let most = Money::new(i64::MAX, Currency::EUR);
        assert!(most.checked_add(Money::new(1, Currency::EUR)).is_err());
        assert!(most.checked_add(Money::zero(Currency::USD)).is_err());
        assert_eq!(most.checked_add(Money::zero(Currency::EUR)).unwrap(), most);
    }

    #[test]
    fn parts_are_rounded_half_up_once() {
        let one = |minor, part, whole| Money::new(minor, Currency::EUR).prorate(part, whole).unwrap().minor;
        assert_eq!(one(1, 1, 2), 1);
        assert_eq!(one(1, 1, 3), 0);
        assert_eq!(one(5, 1, 10), 1);
        assert_eq!(one(2000, 2_592_000, 2_592_000), 2000);
        assert!(Money::new(i64::MAX, Currency::EUR).prorate(2, 1).is_err());
        assert!(Money::new(i64::MAX, Currency::EUR).prorate(u64::MAX, 1).is_err());
        assert!(Money::new(1, Currency::EUR).prorate(1, 0).is_err());
    }
}
