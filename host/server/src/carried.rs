//! Configurations that were declared for a former version of a connector: the newer one carries them forward.

use purser_runtime::Connector;
use semver::Version;
use serde::Serialize;
use serde_json::Value;

/// A configuration as a build of a connector takes it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fitting {
    /// The configuration; it fits the build's schema.
    pub config: Value,
    /// Whether the build made it of the declared one.
    pub carried: bool,
}

/// What a build makes of a declared configuration: as it is where it fits, and else carried forward by the build itself, where
/// another version ran before.
///
/// # Errors
/// It does not fit, and neither does what the build makes of it; each place is named.
pub async fn fitting(connector: &Connector, former: Option<&Version>, config: &Value) -> Result<Fitting, String> {
    let manifest = connector.manifest();
    let Err(misfit) = check_config(&manifest.config_schema, config) else {
        return Ok(Fitting { config: config.clone(), carried: false });
    };
    let Some(former) = former.filter(|former| **former != manifest.version) else { return Err(misfit) };
    let carried = connector.upgrade_config(former, config).await;
    let config = carried.map_err(|fault| format!("{misfit}; carried forward from {former}: {fault}"))?;
    check_config(&manifest.config_schema, &config)
        .map_err(|error| format!("carried forward from {former}: {error}"))?;
    Ok(Fitting { config, carried: true })
}

/// Checks a configuration against the connector's own schema; says where it does not fit.
fn check_config(schema: &Value, config: &Value) -> Result<(), String> {
    let validator =
        jsonschema::validator_for(schema).map_err(|error| format!("the connector's config schema: {error}"))?;
    let faults: Vec<String> = validator
        .iter_errors(config)
        .map(|error| {
            let place = error.instance_path().to_string();
            format!("config{}: {error}", if place.is_empty() { String::new() } else { place.replace('/', ".") })
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_config_that_does_not_fit_is_named_by_its_key() {
        let schema = json!({"type": "object", "properties": {"limit": {"type": "integer"}}, "required": ["base"]});
        let error = check_config(&schema, &json!({"limit": "many"})).unwrap_err();
        assert!(error.contains("config.limit: \"many\" is not of type \"integer\""), "{error}");
        assert!(error.contains("config: \"base\" is a required property"), "{error}");
        assert_eq!(check_config(&schema, &json!({"base": 1})), Ok(()));
    }
}
