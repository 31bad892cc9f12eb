//! What holds for every operation of a shape, said once: tags, conditions, and requests that are repeated.

use super::problems;
use crate::conditions::{is_single, thing};
use crate::problem::Code;
use crate::repeating::LONGEST_KEY;
use serde_json::{Value, json};

/// Adds to each operation what its method and path bring along.
pub(super) fn apply(api: &mut Value) {
    for (path, item) in api["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            // What needs no token is no resource of the host.
            if operation["security"] == json!([]) {
                continue;
            }
            match method.as_str() {
                "get" if is_single(path) => tag(operation),
                "get" => {}
                _ => change(path, method, operation),
            }
        }
    }
}

fn tag(operation: &mut Value) {
    add_header(
        operation,
        "If-None-Match",
        "A tag of a copy that the caller has; `*` is any",
        &json!({"type": "string"}),
    );
    let tag = json!({"description": "Names what is answered", "schema": {"type": "string"}});
    operation["responses"]["200"]["headers"]["ETag"] = tag.clone();
    operation["responses"]["304"] = json!({"description": "The caller has it already", "headers": {"ETag": tag}});
}

fn change(path: &str, method: &str, operation: &mut Value) {
    if let Some(thing) = thing(path) {
        let told = format!("Tags of `{thing}` that the change is made for, from its `ETag`; `*` is any that is there");
        add_header(operation, "If-Match", &told, &json!({"type": "string"}));
        add_problem(operation, Code::PreconditionFailed);
    }
    if method == "post" {
        let told =
            "A name for this request, new for each: sent again under it, it is not done again, and answered as before";
        let schema = json!({"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"});
        add_header(operation, "Idempotency-Key", told, &schema);
        for code in [Code::UnderWay, Code::EndUnknown, Code::AnswerNotKept, Code::KeyReused, Code::TooLarge] {
            add_problem(operation, code);
        }
    }
}

fn add_header(operation: &mut Value, name: &str, told: &str, schema: &Value) {
    if !operation["parameters"].is_array() {
        operation["parameters"] = json!([]);
    }
    if let Some(parameters) = operation["parameters"].as_array_mut() {
        parameters
            .push(json!({"name": name, "in": "header", "required": false, "description": told, "schema": schema}));
    }
    add_problem(operation, Code::BadParameter);
}

/// Adds a code to the answer with its status, which may be there already.
fn add_problem(operation: &mut Value, code: Code) {
    let status = code.status().as_u16().to_string();
    let answer = &mut operation["responses"][&status];
    if answer.is_null() {
        let answers = serde_json::to_value(problems::answers(&[code])).unwrap_or_default();
        *answer = answers[&status].clone();
        return;
    }
    let Some(codes) = answer
        .pointer_mut("/content/application~1problem+json/schema/allOf/1/properties/code/enum")
        .and_then(Value::as_array_mut)
    else {
        return;
    };
    if codes.iter().any(|known| known == code.as_str()) {
        return;
    }
    codes.push(code.as_str().into());
    let told =
        format!("{}\n\n`{}`: {}", answer["description"].as_str().unwrap_or_default(), code.as_str(), code.meaning());
    answer["description"] = told.into();
}
