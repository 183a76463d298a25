//! One content, two forms: what a mail says is a list of blocks, and its plain text and its HTML are both made of them.
//!
//! The HTML loads nothing from anywhere: no image, no font, no script. Everything that is put in is escaped. Colours follow the
//! reader's scheme, and without styles it is still a page of paragraphs and links. Both forms say the same, so nobody has
//! to read HTML (RFC 2046, section 5.1.4: the parts of an alternative are of the same information).

use std::fmt::Write;

use super::Mail;

enum Block {
    Text(String),
    /// What the mail is for: a button, with the address below it.
    Link {
        label: String,
        url: String,
    },
    /// Smaller: what to do if it was somebody else.
    Note(String),
}

/// A mail in the making.
pub(crate) struct Letter {
    to: String,
    subject: String,
    blocks: Vec<Block>,
}

impl Letter {
    pub(crate) fn new(to: &str, subject: &str) -> Self {
        Self { to: to.to_owned(), subject: subject.to_owned(), blocks: Vec::new() }
    }

    /// What paragraphs of plain text say, one after the other; an address that stands alone is a link.
    pub(crate) fn of_text(to: &str, subject: &str, text: &str) -> Self {
        let paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
        paragraphs.fold(Self::new(to, subject), |letter, paragraph| match is_address(paragraph) {
            true => letter.link("Open", paragraph),
            false => letter.text(paragraph),
        })
    }

    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Text(text.into()));
        self
    }

    pub(crate) fn link(mut self, label: &str, url: &str) -> Self {
        self.blocks.push(Block::Link { label: label.to_owned(), url: url.to_owned() });
        self
    }

    pub(crate) fn note(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Note(text.into()));
        self
    }

    pub(crate) fn finish(self) -> Mail {
        let (text, html) = (self.plain(), self.html());
        Mail { to: self.to, subject: self.subject, text, html }
    }

    fn plain(&self) -> String {
        let blocks = self.blocks.iter().map(|block| match block {
            Block::Text(text) | Block::Note(text) => text.clone(),
            Block::Link { label, url } => format!("{label}:\n\n{url}"),
        });
        blocks.collect::<Vec<_>>().join("\n\n") + "\n"
    }

    pub(super) fn html(&self) -> String {
        let mut html = HEAD.replace("$subject", &escaped(&self.subject));
        for block in &self.blocks {
            // Writing to a string does not fail.
            let _ = match block {
                Block::Text(text) => writeln!(html, "<p>{}</p>", lines(text)),
                Block::Note(text) => writeln!(html, "<p class=\"note\">{}</p>", lines(text)),
                Block::Link { label, url } => {
                    let (label, url) = (escaped(label), escaped(url));
                    writeln!(
                        html,
                        "<p><a class=\"button\" href=\"{url}\">{label}</a></p>\n\
                         <p class=\"note\">If the button does not work, open this address:<br>{url}</p>"
                    )
                }
            };
        }
        html + FOOT
    }
}

fn is_address(paragraph: &str) -> bool {
    (paragraph.starts_with("https://") || paragraph.starts_with("http://"))
        && !paragraph.contains(char::is_whitespace)
}

/// Text as HTML, with its line breaks.
fn lines(text: &str) -> String {
    escaped(text).replace('\n', "<br>\n")
}

/// Text as it stands in an element or a quoted attribute.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>$subject</title>
<style>
:root { color-scheme: light dark; }
body { margin: 0; padding: 24px 12px; background: #f4f5f7; color: #1f2430; font: 16px/1.5 system-ui, sans-serif; }
.letter { max-width: 560px; margin: 0 auto; padding: 24px; background: #ffffff; border-radius: 12px; }
.brand { margin: 0 0 16px; font-weight: 700; color: #3b3f9f; }
h1 { margin: 0 0 16px; font-size: 20px; line-height: 1.3; }
p { margin: 0 0 16px; overflow-wrap: anywhere; }
.button { display: inline-block; padding: 12px 20px; border-radius: 8px; background: #3b3f9f; color: #ffffff; text-decoration: none; font-weight: 600; }
.note { font-size: 14px; color: #565c6b; }
@media (prefers-color-scheme: dark) {
  body { background: #14161c; color: #e6e8ee; }
  .letter { background: #1e2129; }
  .brand { color: #a9adff; }
  .button { background: #a9adff; color: #14161c; }
  .note { color: #a3a9b8; }
}
</style>
</head>
<body>
<div class="letter">
<p class="brand">Tenantry</p>
<h1>$subject</h1>
"#;

const FOOT: &str = "</div>\n</body>\n</html>\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let url = "https://portal.example/reset-password#token=abc";
        let mail = Letter::new("ada@example.com", "Choose a password")
            .text("Somebody asked.\nPerhaps you.")
            .link("Choose it", url)
            .note("If not, do nothing.")
            .finish();
        assert_eq!(
            mail.text,
            format!("Somebody asked.\nPerhaps you.\n\nChoose it:\n\n{url}\n\nIf not, do nothing.\n")
        );
        for part in [
            "<p>Somebody asked.<br>\nPerhaps you.</p>",
            "<a class=\"button\" href=\"https://portal.example/reset-password#token=abc\">Choose it</a>",
            "<p class=\"note\">If not, do nothing.</p>",
            "<h1>Choose a password</h1>",
        ] {
            assert!(mail.html.contains(part), "{part} is not in {}", mail.html);
        }
    }

    #[test]
    fn nothing_that_is_put_in_becomes_markup_and_nothing_is_loaded() {
        let hostile = "</title><script>alert('1')</script> & \"x\" <img src=https://eve.example/p>";
        let mail = Letter::new("ada@example.com", hostile)
            .text(hostile)
            .link(hostile, "https://portal.example/\"><script>alert(1)</script>")
            .note(hostile)
            .finish();
        let html = mail.html.to_lowercase();
        for markup in ["<script", "<img", "</title><", "src=\"", "url(", "@import", "<link"] {
            assert!(!html.contains(markup), "{markup}: {html}");
        }
        assert_eq!(html.matches("<a ").count(), 1);
        assert_eq!(html.matches("href=").count(), 1);
        assert!(html.contains("href=\"https://portal.example/&quot;&gt;&lt;script&gt;"), "{html}");
    }

    #[test]
    fn plain_paragraphs_become_a_letter_with_the_same_text() {
        let text = "First.\n\nhttps://portal.example/t/acme/support\n\nNot a link: https://x.example\n";
        let mail = Mail::plain("ada@example.com", "Hello", text);
        assert_eq!(mail.text, text, "as it was given");
        assert!(mail.html.contains("<p>First.</p>"));
        assert!(mail.html.contains("href=\"https://portal.example/t/acme/support\""));
        assert_eq!(mail.html.matches("href=").count(), 1, "{}", mail.html);
        assert_eq!(Mail::plain("a@b.example", "x", "javascript:alert(1)").html.matches("href=").count(), 0);
    }
}
