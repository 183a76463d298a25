//! Which form an answer takes: RFC 9110, section 12.5.1, over the media types of *GraphQL over HTTP*.

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/json`: 200 for every well-formed request, whatever became of it.
    Json,
    /// `application/graphql-response+json`: the status says what became of it.
    GraphqlResponse,
    /// `text/event-stream`: the answers of a subscription, one event each.
    Events,
}

impl Form {
    const ALL: [Self; 3] = [Self::Json, Self::GraphqlResponse, Self::Events];

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Events => "text/event-stream",
        }
    }

    fn media_type(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application", "json"),
            Self::GraphqlResponse => ("application", "graphql-response+json"),
            Self::Events => ("text", "event-stream"),
        }
    }
}

/// The form that the client wants most, of those that there are; of equals, the one it names first. Events are sent
/// only to who names them. Without the header it is JSON. `None`: it takes none of them.
pub(super) fn negotiate<'a>(accept: impl Iterator<Item = &'a str>) -> Option<Form> {
    let ranges: Vec<Range> = accept.flat_map(|value| value.split(',')).filter_map(Range::parse).collect();
    if ranges.is_empty() {
        return Some(Form::Json);
    }
    let quality = |form: Form| {
        let (kind, subtype) = form.media_type();
        let fitting = ranges.iter().enumerate().filter(|(_, range)| range.covers(kind, subtype));
        // The most specific range that covers a type decides about it.
        fitting.max_by_key(|(_, range)| range.specificity()).map(|(place, range)| (range, place))
    };
    let wanted = Form::ALL.into_iter().filter_map(|form| {
        let (range, place) = quality(form)?;
        let named = range.specificity() == 2;
        (range.quality > 0 && (named || form != Form::Events)).then_some((form, range.quality, place))
    });
    wanted.reduce(|best, next| if (next.1, best.2) > (best.1, next.2) { next } else { best }).map(|it| it.0)
}

struct Range {
    kind: String,
    subtype: String,
    /// In thousandths.
    quality: u16,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';');
        let (kind, subtype) = parts.next()?.trim().split_once('/')?;
        let mut quality = 1000;
        for parameter in parts {
            let Some((name, value)) = parameter.split_once('=') else { continue };
            if name.trim().eq_ignore_ascii_case("q") {
                let value: f32 = value.trim().parse().ok().filter(|q| (0.0..=1.0).contains(q))?;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
                let thousandths = (value * 1000.0).round() as u16;
                quality = thousandths;
            }
        }
        let lower = |text: &str| text.trim().to_ascii_lowercase();
        Some(Self { kind: lower(kind), subtype: lower(subtype), quality })
    }

    fn covers(&self, kind: &str, subtype: &str) -> bool {
        let any_kind = self.kind == "*" && self.subtype == "*";
        any_kind || (self.kind == kind && (self.subtype == "*" || self.subtype == subtype))
    }

    fn specificity(&self) -> u8 {
        u8::from(self.kind != "*") + u8::from(self.subtype != "*")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(accept: &str) -> Option<Form> {
        negotiate([accept].into_iter())
    }

    #[test]
    fn whoever_asks_for_nothing_special_gets_json() {
        assert_eq!(negotiate(std::iter::empty()), Some(Form::Json));
        for accept in [
            "*/*",
            "application/*",
            "application/json",
            "application/json; charset=utf-8",
            "text/html,*/*;q=0.8",
        ] {
            assert_eq!(of(accept), Some(Form::Json), "{accept}");
        }
    }

    #[test]
    fn the_wish_with_the_highest_quality_wins_then_the_first_named() {
        for (accept, form) in [
            ("application/graphql-response+json", Form::GraphqlResponse),
            ("application/graphql-response+json, application/json", Form::GraphqlResponse),
            ("application/json, application/graphql-response+json", Form::Json),
            ("application/json;q=0.5, application/graphql-response+json;q=0.9", Form::GraphqlResponse),
            (
                "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
                Form::GraphqlResponse,
            ),
            ("APPLICATION/GraphQL-Response+JSON", Form::GraphqlResponse),
            ("application/json;q=0, */*", Form::GraphqlResponse),
            ("text/event-stream", Form::Events),
            ("text/event-stream, application/json", Form::Events),
            ("application/json;q=1, text/event-stream;q=0.2", Form::Json),
        ] {
            assert_eq!(of(accept), Some(form), "{accept}");
        }
    }

    #[test]
    fn events_are_never_guessed_and_what_there_is_not_is_not_sent() {
        assert_eq!(of("text/*"), None);
        assert_eq!(of("text/html"), None);
        assert_eq!(of("application/json;q=0"), None);
        assert_eq!(of("image/png, text/html;q=0.9"), None);
    }
}
