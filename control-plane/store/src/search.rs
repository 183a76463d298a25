use tenantry_kernel::{Error, Result};

/// What somebody typed to find things by a part of their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchText(String);

impl SearchText {
    /// The longest, in characters: no name or address is longer.
    pub const MOST: usize = 120;

    /// Nothing but blanks is no search.
    ///
    /// # Errors
    /// `Invalid` for control characters, of which PostgreSQL would refuse some, and for more than [`MOST`](Self::MOST).
    pub fn parse(text: Option<&str>) -> Result<Option<Self>> {
        let text = text.map(str::trim).unwrap_or_default();
        if text.chars().any(char::is_control) || text.chars().count() > Self::MOST {
            return Err(Error::invalid(
                "search",
                format!("A search has at most {} printable characters.", Self::MOST),
            )
            .with_remedy("Search for a part of a name or address, or for a whole id."));
        }
        Ok((!text.is_empty()).then(|| Self(text.to_owned())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The pattern for `ILIKE`: the text anywhere, its wildcards taken as they stand.
    pub fn pattern(&self) -> String {
        let mut pattern = String::with_capacity(self.0.len() + 2);
        pattern.push('%');
        for c in self.0.chars() {
            if matches!(c, '\\' | '%' | '_') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        pattern.push('%');
        pattern
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_taken_as_they_stand() {
        let search = SearchText::parse(Some(" 50%_\\off ")).unwrap().unwrap();
        assert_eq!(search.as_str(), "50%_\\off");
        assert_eq!(search.pattern(), "%50\\%\\_\\\\off%");
    }

    #[test]
    fn blanks_are_no_search_and_what_cannot_be_found_is_refused() {
        for nothing in [None, Some(""), Some("  \n ")] {
            assert_eq!(SearchText::parse(nothing).unwrap(), None);
        }
        for bad in ["a\0b", "a\nb", &"x".repeat(121)] {
            assert_eq!(SearchText::parse(Some(bad)).unwrap_err().field(), Some("search"));
        }
    }
}
