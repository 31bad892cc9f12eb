//! What the library that makes the description does not say by itself.

use serde_json::{Value, json};

/// Corrects the description.
pub(crate) fn apply(api: &mut Value) {
    the_last_page_has_no_next(&mut api["components"]["schemas"]);
    nothing_else_is_in_a_run_to_start(&mut api["components"]["schemas"]["StartRun"]);
    no_token_is_needed_for(&mut api["paths"]["/v1/openapi.json"]["get"]);
}

/// That a member with the type of a parameter may be null is lost.
fn the_last_page_has_no_next(schemas: &mut Value) {
    for (_, page) in schemas.as_object_mut().into_iter().flatten().filter(|(name, _)| name.starts_with("Page_")) {
        let next = &mut page["properties"]["next"];
        let kind = next["type"].take();
        next["type"] = json!([kind, "null"]);
        next["description"] = json!("What to give as `after` for the next page; null at the end.");
        if let Some(needed) = page["required"].as_array_mut() {
            needed.push(json!("next"));
        }
    }
}

/// That members which are not known are refused is lost in the cases of an enum.
fn nothing_else_is_in_a_run_to_start(run: &mut Value) {
    for one in run["oneOf"].as_array_mut().into_iter().flatten() {
        one["additionalProperties"] = json!(false);
    }
}

/// It writes that a token may be left out.
fn no_token_is_needed_for(operation: &mut Value) {
    operation["security"] = json!([]);
}
