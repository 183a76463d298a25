//! What a request asks for, out of a body or a query string, as *GraphQL over HTTP* has it. Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::graphql::MAX_BATCH;

/// One operation as it was asked for.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Params {
    pub(super) query: Option<String>,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Option<Map<String, Value>>,
    pub(super) extensions: Option<Map<String, Value>>,
}

/// What one HTTP request asks for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Asked {
    Single(Box<Params>),
    /// One to [`MAX_BATCH`] operations.
    Batch(Vec<Params>),
}

impl Asked {
    pub(super) fn all(&self) -> &[Params] {
        match self {
            Self::Single(params) => std::slice::from_ref(params),
            Self::Batch(all) => all,
        }
    }
}

/// Why a request cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) String);

/// Reads the body of a POST: a JSON object, or a list of them.
pub(super) fn of_body(body: &[u8]) -> Result<Asked, Malformed> {
    let body = body.trim_ascii();
    // A struct could be read from a list, and a list from a struct's fields: the first byte decides.
    let asked = match body.first() {
        Some(b'{') => Asked::Single(Box::new(serde_json::from_slice(body).map_err(not_json)?)),
        Some(b'[') => {
            let items: Vec<Value> = serde_json::from_slice(body).map_err(not_json)?;
            if items.is_empty() || items.len() > MAX_BATCH {
                return Err(Malformed(format!("A batch has 1 to {MAX_BATCH} operations.")));
            }
            let each = |item: Value| match item {
                Value::Object(_) => serde_json::from_value(item).map_err(not_json),
                _ => Err(Malformed("Each operation of a batch is a JSON object.".to_owned())),
            };
            Asked::Batch(items.into_iter().map(each).collect::<Result<_, _>>()?)
        }
        Some(_) => return Err(Malformed("The body is neither a JSON object nor a list of them.".to_owned())),
        None => return Err(Malformed("The body is empty.".to_owned())),
    };
    asked.all().iter().try_for_each(complete)?;
    Ok(asked)
}

/// Reads the query string of a GET. `variables` and `extensions` are JSON.
pub(super) fn of_query_string(text: &str) -> Result<Params, Malformed> {
    let mut params = Params::default();
    let mut seen = Vec::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        let json = || {
            if value.is_empty() { Ok(None) } else { serde_json::from_str(&value) }
                .map_err(|error| Malformed(format!("The parameter {name} is not a JSON object: {error}.")))
        };
        match &*name {
            "query" => params.query = Some(value.to_string()),
            "operationName" => params.operation_name = (!value.is_empty()).then(|| value.to_string()),
            "variables" => params.variables = json()?,
            "extensions" => params.extensions = json()?,
            _ => continue,
        }
        if seen.contains(&name) {
            return Err(Malformed(format!("The parameter {name} is given twice.")));
        }
        seen.push(name);
    }
    complete(&params)?;
    Ok(params)
}

/// There is a document, or what names one.
fn complete(params: &Params) -> Result<(), Malformed> {
    let named = params.extensions.as_ref().is_some_and(|it| it.contains_key("persistedQuery"));
    if params.query.is_some() || named {
        return Ok(());
    }
    Err(Malformed("The parameter query is missing.".to_owned()))
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err calls it")]
fn not_json(error: serde_json::Error) -> Malformed {
    Malformed(format!("The body is not one GraphQL request, nor a list of them: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_one_operation_or_a_list() {
        let Ok(Asked::Single(one)) = of_body(
            br#" {"query":"{a}","operationName":null,"variables":{"x":1},"extensions":null,"more":true} "#,
        ) else {
            panic!("one");
        };
        assert_eq!((one.query.as_deref(), one.operation_name, one.extensions), (Some("{a}"), None, None));
        assert_eq!(one.variables.unwrap().get("x"), Some(&1.into()));
        let list = of_body(br#"[{"query":"{a}"},{"extensions":{"persistedQuery":{}}}]"#).unwrap();
        assert_eq!(list.all().len(), 2);
        assert!(matches!(of_body(br#"[{"query":"{a}"}]"#), Ok(Asked::Batch(_))), "a list of one is a list");
    }

    #[test]
    fn what_is_neither_is_refused() {
        let many = format!("[{}]", [r#"{"query":"{a}"}"#; MAX_BATCH + 1].join(","));
        for bad in [
            "",
            "   ",
            "{",
            "[]",
            "[[]]",
            "null",
            "1",
            "\"{a}\"",
            "{}",
            r#"{"notquery":"{a}"}"#,
            r#"{"query":0}"#,
            r#"{"query":["a"]}"#,
            r#"{"query":"{a}","variables":[1]}"#,
            r#"{"query":"{a}","variables":"{}"}"#,
            r#"{"query":"{a}","operationName":false}"#,
            r#"{"query":"{a}","extensions":0}"#,
            r#"{"query":"{a}","query":"{b}"}"#,
            r#"[{"query":"{a}"},{}]"#,
            r#"[["{a}"]]"#,
            "{\"query\":\"\u{0}",
            many.as_str(),
        ] {
            assert!(of_body(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(of_body(b"{\"query\":\"{a}\xff\"}").is_err(), "not UTF-8");
        let deep =
            format!(r#"{{"query":"{{a}}","variables":{{"a":{}{}}}}}"#, "[".repeat(200), "]".repeat(200));
        assert!(of_body(deep.as_bytes()).is_err(), "nested without end");
    }

    #[test]
    fn a_query_string_has_its_objects_as_json() {
        let params =
            of_query_string("query=%7Ba%7D&variables=%7B%22x%22%3A1%7D&operationName=&extensions=&other=1");
        let params = params.unwrap();
        assert_eq!(
            (params.query.as_deref(), params.operation_name, params.extensions),
            (Some("{a}"), None, None)
        );
        assert_eq!(params.variables.unwrap().get("x"), Some(&1.into()));
        for bad in [
            "",
            "quarry=a",
            "query=a&query=b",
            "query=a&variables=%5B%5D",
            "query=a&variables=x",
            "query=a&extensions=1",
        ] {
            assert!(of_query_string(bad).is_err(), "{bad}");
        }
        assert_eq!(of_query_string("query=a&variables=null").unwrap().variables, None);
    }
}
