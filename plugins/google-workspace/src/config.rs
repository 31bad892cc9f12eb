//! The configuration, and its JSON Schema as the manifest shows it to operators.

use purser_sdk::Error;
use purser_sdk::serde_json::{Value, json};
use serde::Deserialize;

/// For how long after a write lists may still show the former state, where nobody says otherwise.
pub const LAG_MS: u32 = 120_000;

/// The configuration of one customer. `{}` suits a customer whose licences are not provisioned.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The customer: `my_customer`, or its id, as the licence API demands it.
    pub customer: String,
    /// The licences that can be granted, as `PRODUCT/SKU`.
    pub licences: Vec<String>,
    /// Whether a user that was deleted within 20 days is brought back instead of a new one being created.
    pub undelete: bool,
    /// Whether sessions are ended when a user is suspended. Takes one more scope.
    pub sign_out: bool,
    /// For how long after a write lists may still show the former state.
    pub consistency_lag_ms: u32,
}

impl Default for Config {
    fn default() -> Self {
        let customer = "my_customer".to_owned();
        Self { customer, licences: Vec::new(), undelete: true, sign_out: false, consistency_lag_ms: LAG_MS }
    }
}

impl Config {
    /// Refuses what fits the types and still cannot work.
    ///
    /// # Errors
    /// `invalid-config` naming the key.
    pub fn validate(&self) -> Result<(), Error> {
        if let Some(odd) = self.licences.iter().find(|licence| split_licence(licence).is_none()) {
            return Err(Error::invalid_config(format!(
                "`licences` holds `{odd}`: write PRODUCT/SKU, such as `Google-Apps/1010020020`"
            )));
        }
        if !self.licences.is_empty() && self.customer == "my_customer" {
            return Err(Error::invalid_config(
                "`licences` needs the customer's id in `customer`: it stands in the Admin console under Account > Account settings",
            ));
        }
        Ok(())
    }
}

/// Product and SKU of a licence.
pub fn split_licence(licence: &str) -> Option<(&str, &str)> {
    licence.split_once('/').filter(|(product, sku)| !product.is_empty() && !sku.is_empty() && !sku.contains('/'))
}

/// JSON Schema (2020-12) of [`Config`].
pub fn config_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "customer": {"type": "string", "default": "my_customer", "minLength": 1,
                "description": "The customer id (Admin console: Account > Account settings), such as C01abc234; my_customer where no licences are provisioned."},
            "licences": {"type": "array", "items": {"type": "string", "pattern": "^[^/]+/[^/]+$"}, "default": [],
                "description": "The licences that can be granted, as PRODUCT/SKU: Google-Apps/1010020020 is Enterprise Plus. Needs the endpoint `licensing`."},
            "undelete": {"type": "boolean", "default": true,
                "description": "Bring a user back that was deleted within 20 days instead of creating a new one."},
            "sign_out": {"type": "boolean", "default": false,
                "description": "End all sessions of a user that is suspended. Needs the scope admin.directory.user.security."},
            "consistency_lag_ms": {"type": "integer", "minimum": 0, "maximum": u32::MAX, "default": LAG_MS,
                "description": "For how long after a write a read may still show the former state, in milliseconds: until then, that a new user is not found proves nothing."}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::serde_json::{Map, from_value};

    #[test]
    fn the_defaults_of_the_schema_are_those_of_the_type() {
        let schema = config_schema();
        let properties = schema["properties"].as_object().unwrap();
        let defaults: Map<_, _> =
            properties.iter().map(|(name, schema)| (name.clone(), schema["default"].clone())).collect();
        assert_eq!(from_value::<Config>(Value::Object(defaults)).unwrap(), Config::default());
    }

    #[test]
    fn licences_that_cannot_work_are_refused() {
        let with = |licence: &str, customer: &str| {
            Config { licences: vec![licence.into()], customer: customer.into(), ..Config::default() }.validate()
        };
        assert_eq!(with("Google-Apps/1010020020", "C01"), Ok(()));
        assert!(with("Google-Apps", "C01").unwrap_err().message.contains("PRODUCT/SKU"));
        assert!(with("Google-Apps/1010020020", "my_customer").unwrap_err().message.contains("customer"));
    }
}
