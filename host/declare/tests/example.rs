//! What is right is read as the reference says.

use purser_declare::load;
use purser_model::configuration::{
    ConnectorReference, Deprovisioning, EndpointAuthentication, Member, SecretReference, Strength, UnlinkedReaction,
};
use std::fs;
use std::path::Path;
use std::time::Duration;

#[test]
fn the_example_of_the_reference_loads() {
    let readme = include_str!("../README.md");
    let (_, rest) = readme.split_once("```toml\n").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("all.toml"), example).expect("written");
    let declarations = load(directory.path()).unwrap_or_else(|errors| panic!("{errors}"));
    let configuration = &declarations.configuration;
    assert_eq!(configuration, declarations.rules.configuration());
    let source = configuration.sources.values().next().expect("one source");
    let version = "^0.1".parse().expect("a range");
    assert_eq!(source.instance.connector, ConnectorReference { version, ..ConnectorReference::any("flatfile") });
    let grant = &source.instance.grant.directories["data"];
    assert_eq!(grant.path, directory.path().join("../hr"));
    assert!(!grant.writes && source.absence_means_departed);
    let target = configuration.targets.values().next().expect("one target");
    let endpoint = &target.instance.grant.endpoints["scim"];
    let token = SecretReference::Environment("CRM_TOKEN".into());
    assert_eq!(endpoint.authentication, EndpointAuthentication::Bearer(token));
    assert_eq!((endpoint.timeout, endpoint.max_response_bytes), (Duration::from_secs(30), 16 << 20));
    let strengths: Vec<_> = target.mappings.iter().map(|mapping| (&*mapping.attribute, mapping.strength)).collect();
    assert_eq!(strengths, [("name.familyName", Strength::Strong), ("userName", Strength::Normal)]);
    assert!(target.entitlements["engineers"].create);
    let role = configuration.roles.values().next().expect("one role");
    assert_eq!(role.members, [Member::from("hr/E0007")]);
    assert_eq!(role.grants[0].entitlements, ["engineers"]);
}

#[test]
fn a_directory_of_files_is_one_configuration_with_defaults() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/declarations");
    let declarations = load(&directory).unwrap_or_else(|errors| panic!("{errors}"));
    let names: Vec<_> = declarations.files.iter().filter_map(|file| file.path.file_name()?.to_str()).collect();
    assert_eq!(names, ["crm.toml", "hr.toml", "roles.toml"]);
    let configuration = &declarations.configuration;
    let crm = &configuration.targets[&"crm".parse().expect("a name")];
    assert_eq!((crm.unlinked, &crm.leaving), (UnlinkedReaction::Show, &Deprovisioning::Disable.into()));
    assert_eq!(crm.instance.connector.version, semver::VersionReq::STAR);
    let password = SecretReference::File(directory.join("secrets/crm"));
    let basic = EndpointAuthentication::Basic { user: "purser".into(), password };
    let endpoint = &crm.instance.grant.endpoints["scim"];
    assert_eq!(endpoint.authentication, basic);
    assert_eq!((endpoint.timeout, endpoint.max_response_bytes), (Duration::from_secs(30), 16 << 20));
    let config = serde_json::json!({
        "since": "2026-01-02", "at": "2026-01-02T03:04:05Z", "pages": 31, "ratio": 0.5, "strict": true, "tags": ["a", {"b": 1}]
    });
    assert_eq!(crm.instance.config, config);
    let hr = &configuration.sources[&"hr".parse().expect("a name")];
    assert_eq!(hr.instance.config, serde_json::json!({}));
    assert!(hr.attributes.is_empty() && hr.lifecycle.is_none() && !hr.absence_means_departed);
    assert!(hr.instance.grant.directories["data"].writes);
}
