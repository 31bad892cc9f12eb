//! Calls cargo and finds the modules it made.

use crate::toolchain::{self, TARGET, Toolchain};
use crate::{BuildError, BuildRequest, Progress};
use cargo_metadata::{Message, Metadata, MetadataCommand, Package, TargetKind};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, ChildStdout, Command, Stdio};

/// What is built of the crate.
pub(crate) enum Artefacts<'a> {
    Library,
    Examples(&'a [&'a str]),
}

/// A core module that cargo made.
pub(crate) struct Module {
    pub(crate) package: String,
    pub(crate) target: String,
    pub(crate) path: PathBuf,
}

/// The profile is spelled out on the command line, so that a crate outside this workspace needs none of its own.
/// Small and fast to start: whole-program optimisation, no unwinding, no symbols.
const PROFILE: [&str; 7] = [
    "profile.connector.inherits=\"release\"",
    "profile.connector.opt-level=3",
    "profile.connector.lto=\"fat\"",
    "profile.connector.codegen-units=1",
    "profile.connector.debug=false",
    "profile.connector.strip=true",
    "profile.connector.panic=\"abort\"",
];

/// Compiles and returns the modules made, in cargo's order.
pub(crate) fn compile(request: &BuildRequest, artefacts: &Artefacts<'_>) -> Result<Vec<Module>, BuildError> {
    let metadata = read_metadata(&request.crate_directory)?;
    let package = package_in(&metadata, &request.crate_directory)?;
    let toolchain = toolchain::prepare(&request.crate_directory)?;
    let mut command = command(request, artefacts, &toolchain, &metadata);
    let failed_to_run = |source| BuildError::Program { program: "cargo".to_owned(), source };
    let mut child = command.spawn().map_err(failed_to_run)?;
    // Both pipes are read at once: cargo would wait for ever for a reader of the one that is full.
    let stderr = child.stderr.take().map(|stderr| std::thread::spawn(move || read_all(stderr)));
    let modules = child.stdout.take().map(|stdout| modules_of(stdout, package)).unwrap_or_default();
    let messages = stderr.and_then(|reader| reader.join().ok()).unwrap_or_default();
    if child.wait().map_err(failed_to_run)?.success() {
        return Ok(modules);
    }
    Err(BuildError::Compilation { directory: request.crate_directory.clone(), messages: messages.trim().to_owned() })
}

fn read_metadata(directory: &Path) -> Result<Metadata, BuildError> {
    let manifest = directory.join("Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().map_err(|error| BuildError::NotAPackage {
        directory: directory.to_path_buf(),
        reason: error.to_string().trim().to_owned(),
    })
}

fn package_in<'a>(metadata: &'a Metadata, directory: &Path) -> Result<&'a Package, BuildError> {
    let manifest = std::path::absolute(directory.join("Cargo.toml"))
        .and_then(|manifest| manifest.canonicalize())
        .map_err(|source| BuildError::File { action: "read", path: directory.join("Cargo.toml"), source })?;
    metadata.packages.iter().find(|package| package.manifest_path.as_std_path() == manifest).ok_or_else(|| {
        BuildError::NotAPackage {
            directory: directory.to_path_buf(),
            reason: "its Cargo.toml has no [package] section".to_owned(),
        }
    })
}

fn command(request: &BuildRequest, artefacts: &Artefacts<'_>, toolchain: &Toolchain, metadata: &Metadata) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(&request.crate_directory);
    command.args(["build", "--profile", "connector", "--target", TARGET]);
    command.arg("--message-format=json-render-diagnostics");
    for setting in PROFILE {
        command.args(["--config", setting]);
    }
    match artefacts {
        Artefacts::Library => command.arg("--lib"),
        Artefacts::Examples(names) => command.args(names.iter().flat_map(|name| ["--example", name])),
    };
    if let Some(directory) = &request.target_directory {
        command.arg("--target-dir").arg(std::path::absolute(directory).unwrap_or_else(|_| directory.clone()));
    }
    command.args(&toolchain.arguments).envs(toolchain.environment.iter().map(|(name, value)| (name, value)));
    // Flags meant for this machine's own processor would break the module, and paths of this machine do not belong in it.
    command.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", remapped_paths(metadata).join("\u{1f}"));
    command.stdout(Stdio::piped()).stderr(match request.progress {
        Progress::Inherit => Stdio::inherit(),
        Progress::Quiet => Stdio::piped(),
    });
    command
}

fn remapped_paths(metadata: &Metadata) -> Vec<String> {
    let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")));
    let workspace = format!("--remap-path-prefix={}=/connector", metadata.workspace_root);
    home.ok().map(|home| format!("--remap-path-prefix={home}=/cargo")).into_iter().chain([workspace]).collect()
}

/// Reads cargo's messages to their end, whatever they are, so that cargo never waits for a reader.
fn modules_of(stdout: ChildStdout, package: &Package) -> Vec<Module> {
    let messages = Message::parse_stream(BufReader::new(stdout)).map_while(Result::ok);
    let artefacts = messages.filter_map(|message| match message {
        Message::CompilerArtifact(artefact) if artefact.package_id == package.id => Some(artefact),
        _ => None,
    });
    artefacts
        .filter(|artefact| {
            let kinds = &artefact.target.kind;
            kinds.contains(&TargetKind::CDyLib) || kinds.contains(&TargetKind::Example)
        })
        .filter_map(|artefact| {
            let file = artefact.filenames.iter().find(|file| file.extension() == Some("wasm"))?;
            Some(Module {
                package: package.name.to_string(),
                target: artefact.target.name.clone(),
                path: file.clone().into_std_path_buf(),
            })
        })
        .collect()
}

/// What cargo said; a pipe that breaks ends it early, and the exit status still says whether it worked.
fn read_all(mut stderr: ChildStderr) -> String {
    let mut bytes = Vec::new();
    let _ends_early = stderr.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
