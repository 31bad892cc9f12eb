//! Reads what a file is, and what it imports and exports, without compiling it.

use crate::bindings::PROVIDED;
use crate::caps::wasi::INERT;
use crate::caps::wasi_http;
use wasmparser::{Parser, Payload};

/// The package of the contract.
const PACKAGE: &str = "purser:connector";
/// The interface that a connector exports.
const PROVISIONING: &str = "provisioning";
/// The versions of the contract that this host understands: a caret range while the contract is `0.1.x`.
const UNDERSTOOD: &str = "0.1.x";

/// Why a file is no connector that this host can run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAConnector {
    /// It is not WebAssembly at all.
    #[error("it is not WebAssembly; copy the file again, or build it with `purser connector build`")]
    NotWebAssembly,
    /// It is a core module.
    #[error("it is a core WebAssembly module and no component; build it with `purser connector build`")]
    CoreModule,
    /// It begins like a component and is broken.
    #[error("it is not a valid component ({0}); copy the file again, or build it again")]
    Broken(String),
    /// It implements another world.
    #[error(
        "it does not export `{PACKAGE}/{PROVISIONING}` once, which makes a component a connector; it exports {}",
        listed(.0)
    )]
    OtherWorld(Vec<String>),
    /// It implements a version of the contract that this host does not know.
    #[error(
        "it implements version {found} of the contract, and this host understands {UNDERSTOOD}; update the older of the two"
    )]
    UnknownVersion {
        /// The version found in the name of its export.
        found: String,
    },
    /// It imports something that this host does not provide.
    #[error("it imports `{import}`: {advice}")]
    RefusedImport {
        /// The import's name.
        import: String,
        /// What the vendor or operator can do.
        advice: &'static str,
    },
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
    }
}

/// The names at the outer level of a component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Names {
    imports: Vec<String>,
    exports: Vec<String>,
}

/// Checks a component against what this host understands and provides. Returns the interfaces that it imports by their
/// full names, without `types`, which reach nothing.
///
/// # Errors
/// See [`NotAConnector`].
pub(crate) fn inspect(bytes: &[u8]) -> Result<Vec<String>, NotAConnector> {
    if Parser::is_core_wasm(bytes) {
        return Err(NotAConnector::CoreModule);
    }
    if !Parser::is_component(bytes) {
        return Err(NotAConnector::NotWebAssembly);
    }
    let names = read_names(bytes).map_err(|error| NotAConnector::Broken(error.to_string()))?;
    check_exports(&names.exports)?;
    for import in &names.imports {
        check_import(import)?;
    }
    let reaches_something = |name: &String| {
        contract_interface(name).is_none_or(|(interface, _)| interface != "types")
            && !is_wasi_http(name, wasi_http::TYPES)
    };
    Ok(names.imports.into_iter().filter(reaches_something).collect())
}

fn read_names(bytes: &[u8]) -> wasmparser::Result<Names> {
    let mut names = Names::default();
    // Nested modules and components come in the same stream; only names at the outer level are the component's own.
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    names.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    names.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(names)
}

/// Interface and version of a name in the contract's package.
fn contract_interface(name: &str) -> Option<(&str, &str)> {
    let interface = name.strip_prefix(PACKAGE)?.strip_prefix('/')?;
    Some(interface.split_once('@').unwrap_or((interface, "")))
}

/// Within 0.1 only new functions, types and interfaces are added, and an old connector never asks for them.
fn is_understood(version: &str) -> bool {
    semver::Version::parse(version)
        .is_ok_and(|version| (version.major, version.minor) == (0, 1) && version.pre.is_empty())
}

/// The contract's export must be there once. What else a toolchain exports nobody calls.
fn check_exports(exports: &[String]) -> Result<(), NotAConnector> {
    let of_contract: Vec<&String> = exports.iter().filter(|name| contract_interface(name).is_some()).collect();
    let [export] = of_contract.as_slice() else { return Err(NotAConnector::OtherWorld(exports.to_vec())) };
    match contract_interface(export) {
        Some((PROVISIONING, version)) if is_understood(version) => Ok(()),
        Some((PROVISIONING, version)) => Err(NotAConnector::UnknownVersion { found: version.to_owned() }),
        _ => Err(NotAConnector::OtherWorld(exports.to_vec())),
    }
}

/// Package and interface of a name in version 0.2 of WASI.
fn wasi_interface(import: &str) -> Option<(&str, &str)> {
    let (name, version) = import.strip_prefix("wasi:")?.split_once('@')?;
    let version = semver::Version::parse(version).ok()?;
    let understood = (version.major, version.minor) == (0, 2) && version.pre.is_empty();
    understood.then(|| name.split_once('/').unwrap_or((name, "")))
}

/// Whether it is a part of WASI that is linked and reaches nothing.
pub(crate) fn is_inert(import: &str) -> bool {
    wasi_interface(import).is_some_and(|(package, _)| INERT.contains(&package))
}

/// Whether it is this interface of `wasi:http`.
fn is_wasi_http(import: &str, interface: &str) -> bool {
    wasi_interface(import) == Some((wasi_http::PACKAGE, interface))
}

fn check_import(import: &str) -> Result<(), NotAConnector> {
    let refused = |advice| Err(NotAConnector::RefusedImport { import: import.to_owned(), advice });
    match contract_interface(import) {
        Some((interface, version)) if PROVIDED.contains(&interface) => {
            if is_understood(version) {
                Ok(())
            } else {
                Err(NotAConnector::UnknownVersion { found: version.to_owned() })
            }
        }
        Some(_) => refused("this version of Purser does not provide it; use a newer one"),
        None if is_inert(import) => Ok(()),
        None if is_wasi_http(import, wasi_http::TYPES) || is_wasi_http(import, wasi_http::HANDLER) => Ok(()),
        None if import.starts_with("wasi:http/") => refused(
            "of `wasi:http` this host provides `types` and `outgoing-handler` in version 0.2, which send to the endpoints of the \
             grant; build without the others (for JavaScript: disable the feature `fetch-event`)",
        ),
        None if import.starts_with("wasi:") => refused(
            "of WASI this host links only what language toolchains import on their own, in version 0.2; use the \
             interfaces of the contract",
        ),
        None => refused("a connector reaches nothing but the interfaces of the contract; remove the import"),
    }
}

/// What an interface lets a connector do, in words for the operator who is asked to grant it.
pub(crate) fn meaning(import: &str) -> &'static str {
    if is_wasi_http(import, wasi_http::HANDLER) {
        return "sends HTTP requests to the endpoints of its grant, by their URLs";
    }
    match contract_interface(import).map(|(interface, _)| interface) {
        Some("config") => "reads its configuration, without secrets",
        Some("http") => "sends HTTP requests to the endpoints of its grant",
        Some("ldap") => "searches, and where it writes changes, the LDAP directory of its grant",
        Some("files") => "reads, and where granted replaces, files in the directories of its grant",
        Some("log") => "writes log lines",
        Some("clock") => "reads the time",
        Some("random") => "takes random bytes",
        Some("state") => "keeps small values from call to call",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_and_modules_are_told_apart() {
        assert_eq!(inspect(b"hello, world"), Err(NotAConnector::NotWebAssembly));
        assert_eq!(inspect(b""), Err(NotAConnector::NotWebAssembly));
        assert_eq!(inspect(b"\0asm\x01\0\0\0"), Err(NotAConnector::CoreModule));
        assert_eq!(inspect(b"\0asm\x0d\0\x01\0"), Err(NotAConnector::OtherWorld(vec![])));
        assert!(matches!(inspect(b"\0asm\x0d\0\x01\0\xff\xff"), Err(NotAConnector::Broken(_))));
    }

    #[test]
    fn the_version_is_read_from_the_exports_name() {
        let export = |name: &str| check_exports(&[name.to_owned()]);
        assert_eq!(export("purser:connector/provisioning@0.1.0"), Ok(()));
        assert_eq!(export("purser:connector/provisioning@0.1.9"), Ok(()));
        for version in ["0.2.0", "1.0.0", "0.1.0-draft", ""] {
            let name = format!("purser:connector/provisioning@{version}");
            assert_eq!(export(&name), Err(NotAConnector::UnknownVersion { found: version.to_owned() }));
        }
        assert!(matches!(export("wasi:cli/run@0.2.0"), Err(NotAConnector::OtherWorld(_))));
        let text = export("wasi:cli/run@0.2.0").unwrap_err().to_string();
        assert!(text.contains("it exports `wasi:cli/run@0.2.0`"), "{text}");
    }

    #[test]
    fn the_contracts_export_is_there_once_and_others_are_let_be() {
        let exports = |names: &[&str]| check_exports(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(exports(&["exports", "purser:connector/provisioning@0.1.0"]), Ok(()));
        let twice = ["purser:connector/provisioning@0.1.0", "purser:connector/provisioning@0.1.1"];
        assert!(matches!(exports(&twice), Err(NotAConnector::OtherWorld(found)) if found.len() == 2));
        assert!(matches!(exports(&["memory"]), Err(NotAConnector::OtherWorld(_))));
    }

    #[test]
    fn what_is_not_provided_is_named_with_advice() {
        for import in [
            "purser:connector/quantum@0.1.0",
            "wasi:http/incoming-handler@0.2.3",
            "wasi:http/types@0.3.0",
            "wasi:http/outgoing-handler@0.2.0-rc-2023-11-10",
            "wasi:nn/graph@0.2.0",
            "wasi:cli/run@0.3.0",
            "env",
        ] {
            let Err(NotAConnector::RefusedImport { import: named, advice }) = check_import(import) else {
                panic!("{import}")
            };
            assert!(named == import && !advice.is_empty());
        }
        for provided in PROVIDED {
            assert_eq!(check_import(&format!("purser:connector/{provided}@0.1.0")), Ok(()));
        }
        assert!(check_import("purser:connector/http@0.2.0").is_err());
    }

    #[test]
    fn requests_by_url_are_shown_as_reaching_the_endpoints_and_never_as_inert() {
        for import in ["wasi:http/types@0.2.0", "wasi:http/outgoing-handler@0.2.10"] {
            assert_eq!((check_import(import), is_inert(import)), (Ok(()), false), "{import}");
        }
        assert!(meaning("wasi:http/outgoing-handler@0.2.10").contains("endpoints of its grant"));
    }
}
