//! The configuration of one organisation.

use purser_sdk::Error;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The configuration. Every key has a default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The version of the REST API.
    pub api_version: String,
    /// The name of the profile that new users get where no mapping says it.
    pub profile: String,
    /// How an account is disabled.
    pub disable: Disable,
    /// Whether a user that cannot be deactivated is frozen instead, for a person to go on.
    pub freeze_when_refused: bool,
    /// Values that new users get where no mapping says them.
    pub defaults: BTreeMap<String, String>,
    /// Further fields of the user that are read and written as text, such as `Cost_Center__c`.
    pub extra_fields: Vec<String>,
    /// Which users are listed: values of `UserType`.
    pub user_types: Vec<String>,
}

/// How an account is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disable {
    /// `IsActive` becomes false: the licence is free again.
    Deactivate,
    /// The log-in is frozen: the licence stays used.
    Freeze,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            api_version: "62.0".to_owned(),
            profile: "Minimum Access - Salesforce".to_owned(),
            disable: Disable::Deactivate,
            freeze_when_refused: true,
            defaults: BTreeMap::new(),
            extra_fields: Vec::new(),
            user_types: vec!["Standard".to_owned()],
        }
    }
}

impl Config {
    /// Refuses what fits the types and still cannot work.
    ///
    /// # Errors
    /// `invalid-config` naming the key.
    pub fn validate(&self) -> Result<(), Error> {
        let version = self.api_version.split_once('.');
        let fits =
            version.is_some_and(|(major, minor)| major.parse::<u32>().is_ok_and(|major| major >= 60) && minor == "0");
        if !fits {
            return Err(Error::invalid_config("`api_version` is no version from 60.0 on: write for example \"62.0\""));
        }
        let named = self.extra_fields.iter().chain(self.defaults.keys());
        if let Some(field) = named.into_iter().find(|field| !is_field(field)) {
            return Err(Error::invalid_config(format!("`{field}` is no name of a field")));
        }
        if self.user_types.is_empty() {
            return Err(Error::invalid_config("`user_types` is empty: no user would be seen; write [\"Standard\"]"));
        }
        Ok(())
    }
}

fn is_field(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::serde_json::{from_value, json};

    #[test]
    fn what_cannot_work_is_refused_and_names_its_key() {
        assert_eq!(from_value::<Config>(json!({})).unwrap().validate(), Ok(()));
        for (config, key) in [
            (json!({"api_version": "v62"}), "api_version"),
            (json!({"api_version": "41.0"}), "api_version"),
            (json!({"extra_fields": ["Id FROM User --"]}), "no name of a field"),
            (json!({"user_types": []}), "user_types"),
        ] {
            let error = from_value::<Config>(config).unwrap().validate().unwrap_err();
            assert!(error.message.contains(key), "{error:?}");
        }
        assert!(from_value::<Config>(json!({"disable": "delete"})).is_err());
    }
}
