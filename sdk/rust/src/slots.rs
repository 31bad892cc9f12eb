//! Secrets in JSON: the guest never sees them, it only says where they go.

use crate::host::Host;
use serde_json::{Value, json};

/// A secret's slot and the text in the body that stands for it.
pub struct Placeholder {
    /// The slot.
    pub slot: u32,
    /// The text, which occurs nowhere else.
    pub text: String,
}

/// The value that means "the secret of this slot".
pub fn slot_value(slot: u32) -> Value {
    json!({"$slot": slot})
}

/// Puts a placeholder in the place of every `{"$slot": n}` in a body.
pub fn replace_slots(body: &mut Value, host: &Host) -> Vec<Placeholder> {
    let mut found = Vec::new();
    visit(body, host, &mut found);
    found
}

fn visit(value: &mut Value, host: &Host, found: &mut Vec<Placeholder>) {
    if let Some(slot) = slot_of(value) {
        let random: String = host.random_bytes(16).iter().map(|byte| format!("{byte:02x}")).collect();
        let text = format!("secret-{random}");
        *value = Value::String(text.clone());
        found.push(Placeholder { slot, text });
        return;
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, host, found)),
        Value::Object(members) => members.values_mut().for_each(|member| visit(member, host, found)),
        _ => {}
    }
}

/// The slot that a value `{"$slot": n}` names.
pub fn slot_of(value: &Value) -> Option<u32> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    members.get("$slot")?.as_u64()?.try_into().ok()
}
