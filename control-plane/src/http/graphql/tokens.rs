//! The words of a document: GraphQL's specification, section 2.1. What is between them (space, commas, comments) says
//! nothing, so two documents with the same tokens are the same document.

/// The tokens of a document. What is no token of GraphQL comes as it is, for the parser to refuse.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = skip(rest);
        let length = length(rest)?;
        let (token, after) = rest.split_at_checked(length)?;
        rest = after;
        Some(token)
    })
}

/// The document without what says nothing, and without the `__typename` that clients add to every selection.
pub(super) fn normal_form(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    for token in tokens(text).filter(|token| *token != "__typename") {
        normal.push_str(token);
        normal.push(' ');
    }
    normal
}

fn skip(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches([' ', '\t', '\r', '\n', ',', '\u{feff}']);
        if !text.starts_with('#') {
            return text;
        }
        text = text.find(['\n', '\r']).and_then(|end| text.get(end..)).unwrap_or_default();
    }
}

/// How many bytes the next token has.
fn length(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    let run = |of: fn(char) -> bool| text.find(|c| !of(c)).unwrap_or(text.len());
    Some(match first {
        '"' if text.starts_with("\"\"\"") => block_string(text),
        '"' => string(text),
        '.' if text.starts_with("...") => 3,
        c if c.is_ascii_alphanumeric() || c == '_' || c == '-' => {
            run(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '.')).max(1)
        }
        c => c.len_utf8(),
    })
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            '\n' | '\r' => return at,
            _ => {}
        }
    }
    text.len()
}

fn block_string(text: &str) -> usize {
    let mut from = 3;
    while let Some(end) = text.get(from..).and_then(|rest| rest.find("\"\"\"")) {
        let at = from + end;
        if text.get(..at).is_some_and(|before| before.ends_with('\\')) {
            from = at + 3;
            continue;
        }
        return at + 3;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_is_left_out() {
        let text = "query  A($a:[Int!]=[1,-2.5e+3]) # {{{ a comment\r\n{a(b:\"x,\\\"{ y\",c:\"\"\"[ \\\"\"\" ]\"\"\")@skip(if:$a)...F,d}";
        let all: Vec<&str> = tokens(text).collect();
        let wanted = [
            "query",
            "A",
            "(",
            "$",
            "a",
            ":",
            "[",
            "Int",
            "!",
            "]",
            "=",
            "[",
            "1",
            "-2.5e+3",
            "]",
            ")",
            "{",
            "a",
            "(",
            "b",
            ":",
            "\"x,\\\"{ y\"",
            "c",
            ":",
            "\"\"\"[ \\\"\"\" ]\"\"\"",
            ")",
            "@",
            "skip",
            "(",
            "if",
            ":",
            "$",
            "a",
            ")",
            "...",
            "F",
            "d",
            "}",
        ];
        assert_eq!(all, wanted);
    }

    #[test]
    fn the_same_document_has_the_same_form_however_it_is_written() {
        let a = "query A { tenant(id: \"x y\") { id name __typename } __typename }";
        let b = "\u{feff}query A{\n  tenant( id : \"x y\" ) { id, name }\n} # end";
        assert_eq!(normal_form(a), normal_form(b));
        for other in [
            "query A{tenant(id:\"x  y\"){id name}}",
            "query A{tenant(id:\"x y\"){name id}}",
            "query A{tenant(id:\"x y\"){idname}}",
        ] {
            assert_ne!(normal_form(a), normal_form(other), "{other}");
        }
    }

    #[test]
    fn anything_comes_to_an_end_and_nothing_is_lost() {
        for text in
            ["\"", "\"\"\"", "\"\\", "\"\"\"\\\"\"\"", "ä{\u{1F3C3}}", "-", ".", "..", "\"a\nb", "#", "\0"]
        {
            assert_eq!(tokens(text).map(str::len).sum::<usize>(), skipped(text), "{text:?}");
        }
    }

    fn skipped(text: &str) -> usize {
        if text.starts_with('#') {
            0
        } else {
            text.chars().filter(|c| !matches!(c, '\n')).map(char::len_utf8).sum()
        }
    }
}
