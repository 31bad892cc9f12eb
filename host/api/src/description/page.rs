//! `GET /docs`: the description as a page for people. It has no script, and loads nothing but its own style.

use super::document::DESCRIPTION;
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Map, Value};
use std::fmt::Write;
use std::sync::LazyLock;

/// Where the style is.
pub(crate) const STYLE_PATH: &str = "/docs/style.css";

const STYLE: &str = include_str!("style.css");
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// It is the same for everybody and changes with the program alone.
static PAGE: LazyLock<String> = LazyLock::new(|| page(&DESCRIPTION.value));

pub(crate) async fn handle() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, POLICY)];
    (headers, PAGE.as_str())
}

pub(crate) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

fn page(api: &Value) -> String {
    let title = escaped(text(&api["info"]["title"]));
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title} API</title>\
         <link rel=\"stylesheet\" href=\"{STYLE_PATH}\"></head><body><header><h1>{title} API</h1>{}\
         <p><a href=\"/v1/openapi.json\">This description as OpenAPI {}</a></p></header>",
        paragraphs(&api["info"]["description"]),
        escaped(text(&api["openapi"])),
    );
    let tags = api["tags"].as_array().map_or(&[][..], Vec::as_slice);
    page.push_str("<nav aria-label=\"Parts\"><ul>");
    for tag in tags {
        let name = escaped(text(&tag["name"]));
        let _ = write!(page, "<li><a href=\"#{name}\">{name}</a></li>");
    }
    page.push_str("<li><a href=\"#schemas\">schemas</a></li></ul></nav><main>");
    for tag in tags {
        part(&mut page, api, tag);
    }
    schemas(&mut page, api);
    page.push_str("</main></body></html>");
    page
}

fn part(page: &mut String, api: &Value, tag: &Value) {
    let name = text(&tag["name"]);
    let _ = write!(page, "<section id=\"{0}\"><h2>{0}</h2>{1}", escaped(name), paragraphs(&tag["description"]));
    for (path, item) in members(&api["paths"]) {
        for method in METHODS {
            let operation = &item[method];
            if operation["tags"][0] == name {
                one(page, method, path, operation);
            }
        }
    }
    page.push_str("</section>");
}

fn one(page: &mut String, method: &str, path: &str, operation: &Value) {
    let id = escaped(text(&operation["operationId"]));
    let _ = write!(
        page,
        "<details id=\"{id}\"><summary><span class=\"method {method}\">{}</span> <code>{}</code> <span>{}</span></summary>{}",
        method.to_uppercase(),
        escaped(path),
        escaped(text(&operation["summary"])),
        paragraphs(&operation["description"]),
    );
    let roles: Vec<_> = operation["x-permission"]["roles"].as_array().into_iter().flatten().map(text).collect();
    let who = if roles.is_empty() { "everybody, without a token".to_owned() } else { roles.join(", ") };
    let _ = write!(page, "<p>For: {}</p>", escaped(&who));
    parameters(page, &operation["parameters"]);
    for (kind, content) in members(&operation["requestBody"]["content"]) {
        let _ = write!(page, "<h3>Body</h3><p><code>{}</code>: {}</p>", escaped(kind), shape(&content["schema"]));
    }
    answers(page, &operation["responses"]);
    page.push_str("</details>");
}

fn parameters(page: &mut String, parameters: &Value) {
    let Some(parameters) = parameters.as_array() else { return };
    page.push_str(
        "<h3>Parameters</h3><table><thead><tr><th>name</th><th>in</th><th>value</th><th></th></tr></thead><tbody>",
    );
    for one in parameters {
        let needed = if one["required"] == true { " (needed)" } else { "" };
        let _ = write!(
            page,
            "<tr><td><code>{}</code>{needed}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(text(&one["name"])),
            escaped(text(&one["in"])),
            shape(&one["schema"]),
            escaped(text(&one["description"])),
        );
    }
    page.push_str("</tbody></table>");
}

fn answers(page: &mut String, answers: &Value) {
    page.push_str("<h3>Answers</h3><table><thead><tr><th>status</th><th>body</th><th></th></tr></thead><tbody>");
    for (status, answer) in members(answers) {
        let body = members(&answer["content"]).map(|(kind, content)| {
            if kind == "application/problem+json" { "a problem".to_owned() } else { shape(&content["schema"]) }
        });
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(status),
            body.collect::<Vec<_>>().join(", "),
            paragraphs(&answer["description"]),
        );
    }
    page.push_str("</tbody></table>");
}

fn schemas(page: &mut String, api: &Value) {
    page.push_str("<section id=\"schemas\"><h2>schemas</h2>");
    for (name, schema) in members(&api["components"]["schemas"]) {
        let name = escaped(name);
        let shown = serde_json::to_string_pretty(schema).unwrap_or_default();
        let _ = write!(
            page,
            "<details id=\"schema-{name}\"><summary><code>{name}</code></summary>{}<pre tabindex=\"0\">{}</pre></details>",
            paragraphs(&schema["description"]),
            escaped(&shown),
        );
    }
    page.push_str("</section>");
}

/// A schema in a few words, with links to those it refers to.
fn shape(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|place| place.rsplit('/').next()) {
        let name = escaped(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    for (key, word) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        if let Some(parts) = schema[key].as_array() {
            return parts.iter().map(shape).collect::<Vec<_>>().join(word);
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        return escaped(&words.iter().map(text).collect::<Vec<_>>().join(", "));
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).filter(|kind| *kind != "null").collect(),
        kind => vec![text(kind)],
    };
    let mut shown = kinds.join(" or ");
    if let Some(format) = schema["format"].as_str() {
        let _ = write!(shown, " ({format})");
    }
    if kinds == ["array"] {
        return format!("list of {}", shape(&schema["items"]));
    }
    for (key, word) in [("minimum", "from"), ("maximum", "to")] {
        if !schema[key].is_null() {
            let _ = write!(shown, " {word} {}", schema[key]);
        }
    }
    escaped(&shown)
}

/// Text with empty lines between its paragraphs, where `words` in back quotes are code.
fn paragraphs(value: &Value) -> String {
    let paragraph = |paragraph: &str| {
        let parts = paragraph.split('`').enumerate();
        let parts = parts.map(|(number, part)| match number % 2 {
            0 => escaped(part),
            _ => format!("<code>{}</code>", escaped(part)),
        });
        format!("<p>{}</p>", parts.collect::<String>())
    };
    text(value).split("\n\n").filter(|part| !part.is_empty()).map(paragraph).collect()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
