//! The grammar of figure 1 of RFC 7644, by descent. Length and depth are bounded: filters come from outside.

use serde_json::Value;

use super::{Filter, Operator};
use crate::scim::fault::{ScimFault, ScimResult};
use crate::scim::path::AttributePath;

const LONGEST: usize = 4_000;
const DEEPEST: usize = 20;
const MOST_COMPARISONS: usize = 100;

/// Reads a filter.
///
/// # Errors
/// `invalidFilter` for what is none.
pub(crate) fn filter(text: &str) -> ScimResult<Filter> {
    if text.len() > LONGEST {
        return Err(ScimFault::filter(format!("A filter has at most {LONGEST} characters.")));
    }
    let mut parser = Parser { rest: text.trim(), depth: 0, comparisons: 0 };
    let filter = parser.any()?;
    if !parser.rest.is_empty() {
        return Err(parser.wrong("its end"));
    }
    Ok(filter)
}

/// Where the bracket ends that `text` begins within: its index, with text in quotes skipped.
pub(crate) fn brackets(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
    comparisons: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> ScimResult<Filter> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(ScimFault::filter(format!("A filter is at most {DEEPEST} brackets deep.")));
        }
        let mut all = vec![self.each()?];
        while self.word("or") {
            all.push(self.each()?);
        }
        self.depth -= 1;
        Ok(joined(all, Filter::Or))
    }

    fn each(&mut self) -> ScimResult<Filter> {
        let mut all = vec![self.one()?];
        while self.word("and") {
            all.push(self.one()?);
        }
        Ok(joined(all, Filter::And))
    }

    fn one(&mut self) -> ScimResult<Filter> {
        if self.sign('(') {
            return self.closed(')');
        }
        let before = self.rest;
        if self.word("not") {
            if self.sign('(') {
                return Ok(Filter::Not(Box::new(self.closed(')')?)));
            }
            self.rest = before;
        }
        let path = self.path()?;
        if self.sign('[') {
            return Ok(Filter::Within(path, Box::new(self.closed(']')?)));
        }
        self.comparisons += 1;
        if self.comparisons > MOST_COMPARISONS {
            return Err(ScimFault::filter(format!("A filter has at most {MOST_COMPARISONS} comparisons.")));
        }
        if self.word("pr") {
            return Ok(Filter::Present(path));
        }
        let operator = self.operator()?;
        Ok(Filter::Compare(path, operator, self.value()?))
    }

    fn closed(&mut self, end: char) -> ScimResult<Filter> {
        let filter = self.any()?;
        if self.sign(end) { Ok(filter) } else { Err(self.wrong(&format!("{end:?}"))) }
    }

    fn path(&mut self) -> ScimResult<AttributePath> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '_' | '-' | '$');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (path, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        if !path.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$') {
            return Err(self.wrong("an attribute"));
        }
        self.rest = rest;
        Ok(AttributePath(path.to_owned()))
    }

    fn operator(&mut self) -> ScimResult<Operator> {
        const OPERATORS: [(&str, Operator); 9] = [
            ("eq", Operator::Equal),
            ("ne", Operator::NotEqual),
            ("co", Operator::Contains),
            ("sw", Operator::StartsWith),
            ("ew", Operator::EndsWith),
            ("gt", Operator::Greater),
            ("ge", Operator::GreaterOrEqual),
            ("lt", Operator::Less),
            ("le", Operator::LessOrEqual),
        ];
        let found = OPERATORS.into_iter().find(|(word, _)| self.word(word));
        found.map(|(_, operator)| operator).ok_or_else(|| self.wrong("an operator"))
    }

    /// A value as JSON has it; of text with its quotes and escapes.
    fn value(&mut self) -> ScimResult<Value> {
        for (word, value) in [("true", true.into()), ("false", false.into()), ("null", Value::Null)] {
            if self.word(word) {
                return Ok(value);
            }
        }
        self.space();
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
        let value = match values.next() {
            Some(Ok(value)) if !value.is_array() && !value.is_object() => value,
            _ => return Err(self.wrong("a value")),
        };
        let read = values.byte_offset();
        self.rest = self.rest.get(read..).unwrap_or_default();
        Ok(value)
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    fn sign(&mut self, sign: char) -> bool {
        let after = self.rest.trim_start_matches(' ').strip_prefix(sign);
        if let Some(after) = after {
            self.rest = after;
            self.space();
        }
        after.is_some()
    }

    /// A word of the grammar, in whatever case, that ends where it ends.
    fn word(&mut self, word: &str) -> bool {
        let text = self.rest.trim_start_matches(' ');
        let Some((start, after)) = text.split_at_checked(word.len()) else { return false };
        let ends = !after
            .starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '_' | '-' | '$'));
        if start.eq_ignore_ascii_case(word) && ends {
            self.rest = after.trim_start_matches(' ');
            return true;
        }
        false
    }

    fn wrong(&self, wanted: &str) -> ScimFault {
        let at: String = self.rest.chars().take(40).collect();
        ScimFault::filter(format!("The filter is not understood: {wanted} was expected at {at:?}."))
    }
}

fn joined(mut all: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match (all.len(), all.pop()) {
        (1, Some(one)) => one,
        (_, last) => {
            all.extend(last);
            many(all)
        }
    }
}
