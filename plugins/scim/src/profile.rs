//! Profiles: what is known of a server before it is asked, as data. `profiles/NAME.json` gives the keys of the
//! configuration other defaults; a key that the operator sets overrules its profile.

use crate::config::Config;
use purser_sdk::Error;
use purser_sdk::serde_json::{self, Map, Value};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A server that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// AWS IAM Identity Center.
    AwsIdentityCenter,
    /// A server made for Microsoft Entra's client.
    Entra,
    /// GitHub Enterprise Managed Users.
    Github,
    /// A server made for Okta's client.
    Okta,
    /// PagerDuty.
    Pagerduty,
    /// Salesforce.
    Salesforce,
    /// Slack.
    Slack,
}

/// What a profile says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// The server's name, for people.
    pub title: String,
    /// Its base URL, with capitals where the operator's own parts belong.
    pub base_url: String,
    /// What the credential needs, in the words of the vendor's console.
    pub permission: String,
    /// The defaults.
    settings: Map<String, Value>,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::AwsIdentityCenter,
        Self::Entra,
        Self::Github,
        Self::Okta,
        Self::Pagerduty,
        Self::Salesforce,
        Self::Slack,
    ];

    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AwsIdentityCenter => "aws-identity-center",
            Self::Entra => "entra",
            Self::Github => "github",
            Self::Okta => "okta",
            Self::Pagerduty => "pagerduty",
            Self::Salesforce => "salesforce",
            Self::Slack => "slack",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::AwsIdentityCenter => include_str!("profiles/aws-identity-center.json"),
            Self::Entra => include_str!("profiles/entra.json"),
            Self::Github => include_str!("profiles/github.json"),
            Self::Okta => include_str!("profiles/okta.json"),
            Self::Pagerduty => include_str!("profiles/pagerduty.json"),
            Self::Salesforce => include_str!("profiles/salesforce.json"),
            Self::Slack => include_str!("profiles/slack.json"),
        }
    }

    /// What it says.
    ///
    /// # Errors
    /// `defect`: its file is no description; a test reads all of them.
    pub fn description(self) -> Result<Description, Error> {
        serde_json::from_str(self.text())
            .map_err(|error| Error::defect(format!("the profile `{}` cannot be read: {error}", self.name())))
    }
}

/// A configuration as operators write it: the keys they set, over those of the profile, over the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings(pub Config);

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Map::deserialize(deserializer)?;
        layered(given).map(Self).map_err(D::Error::custom)
    }
}

fn layered(given: Map<String, Value>) -> Result<Config, String> {
    // What was set is read alone first, so that an error in it names its key whatever the profile says.
    for (key, value) in &given {
        let alone = Map::from_iter([(key.clone(), value.clone())]);
        serde_json::from_value::<Config>(Value::Object(alone)).map_err(|error| format!("`{key}`: {error}"))?;
    }
    let mut settings = match given.get("profile").filter(|profile| !profile.is_null()) {
        Some(profile) => {
            let profile: Profile = serde_json::from_value(profile.clone()).map_err(|error| error.to_string())?;
            profile.description().map_err(|error| error.message)?.settings
        }
        None => Map::new(),
    };
    settings.extend(given);
    serde_json::from_value(Value::Object(settings)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{FilterSupport, Switch};
    use purser_sdk::serde_json::{from_value, json};

    #[test]
    fn every_profile_is_read_and_works() {
        for profile in Profile::ALL {
            let Settings(config) = from_value(json!({"profile": profile.name()})).unwrap();
            assert_eq!(config.profile, Some(profile));
            assert_eq!(config.validate(), Ok(()), "{profile:?}");
            assert_ne!(config, Config { profile: Some(profile), ..Config::default() }, "{profile:?} says nothing");
            let description = profile.description().unwrap();
            assert!(!description.title.is_empty() && !description.permission.is_empty());
            assert!(description.base_url.starts_with("https://"), "{profile:?}");
        }
    }

    #[test]
    fn what_is_set_overrules_the_profile() {
        let Settings(config) = from_value(json!({"profile": "github", "max_count": 30, "etag": "on"})).unwrap();
        assert_eq!((config.max_count, config.etag, config.filter), (Some(30), Switch::On, FilterSupport::SingleEq));
        let Settings(plain) = from_value(json!({})).unwrap();
        assert_eq!(plain, Config::default());
    }

    #[test]
    fn a_mistake_names_its_key() {
        let message = |config: Value| from_value::<Settings>(config).unwrap_err().to_string();
        assert!(message(json!({"profile": "github", "op_case": "loud"})).contains("`op_case`"));
        assert!(message(json!({"profile": "gitlab"})).contains("`profile`"));
        assert!(message(json!({"opcase": "lower"})).contains("`opcase`"));
    }
}
