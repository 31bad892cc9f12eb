//! Finds a compiler that can make WebAssembly, and gets what is missing.
//!
//! rustup's ready-made standard library comes first. Where rustup is missing or cannot download, Debian's packages
//! `rustc-web` and `rust-web-src` stand in: their compiler makes the standard library itself (`-Zbuild-std`), and the
//! linker is rustup's `rust-lld` or Debian's `wasm-ld`.

use crate::BuildError;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The compilation target of connectors.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_COMPILER: &str = "/usr/bin/rustc";
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "rust-web-src", "lld"];
const ADVICE: &str = "Run `rustup target add wasm32-unknown-unknown`, or on Debian without rustup, as root, \
                      `apt-get install rustc-web rust-web-src lld`, then try again";

/// What is there on this machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one observation, and any combination occurs")]
pub struct Present {
    /// The compiler that cargo uses has the target's standard library.
    pub target: bool,
    /// rustup is there, and has not failed to add the target.
    pub rustup: bool,
    /// Debian's compiler, the source of its standard library and a linker for WebAssembly are there.
    pub debian_packages: bool,
    /// apt-get is there and this process is root, and installing has not failed.
    pub apt_as_root: bool,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Compile with the standard library that is there.
    UseTarget,
    /// `rustup target add`, then decide again.
    AddTarget,
    /// Compile with Debian's compiler and make the standard library.
    BuildStandardLibrary,
    /// Install Debian's packages, then decide again.
    InstallPackages,
    /// Tell the operator what to install.
    GiveUp,
}

/// What to do with what is there. A step that fails takes its own observation away, so that deciding comes to an end.
pub fn decide(present: Present) -> Step {
    match present {
        Present { target: true, .. } => Step::UseTarget,
        Present { rustup: true, .. } => Step::AddTarget,
        Present { debian_packages: true, .. } => Step::BuildStandardLibrary,
        Present { apt_as_root: true, .. } => Step::InstallPackages,
        _ => Step::GiveUp,
    }
}

/// How cargo is called so that it makes WebAssembly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Toolchain {
    pub(crate) arguments: Vec<&'static str>,
    pub(crate) environment: Vec<(&'static str, OsString)>,
}

/// Finds a toolchain; gets what is missing by rustup or apt-get.
pub(crate) fn prepare(directory: &Path) -> Result<Toolchain, BuildError> {
    let mut present = look(directory);
    let mut reasons = Vec::new();
    loop {
        match decide(present) {
            Step::UseTarget => return Ok(Toolchain::default()),
            Step::AddTarget => match run(Command::new("rustup").args(["target", "add", TARGET]).current_dir(directory))
            {
                Ok(()) if has_target(directory) => present.target = true,
                Ok(()) => {
                    reasons.push("rustup added the target to a toolchain that cargo does not use here".to_owned());
                    present.rustup = false;
                }
                Err(reason) => {
                    reasons.push(reason);
                    present.rustup = false;
                }
            },
            Step::BuildStandardLibrary => match debian_linker() {
                Some(linker) => return Ok(debian(linker)),
                None => present.debian_packages = false,
            },
            Step::InstallPackages => {
                present.apt_as_root = false;
                match install_packages() {
                    Ok(()) => present.debian_packages = has_debian_packages(),
                    Err(reason) => reasons.push(reason),
                }
            }
            Step::GiveUp => {
                if reasons.is_empty() {
                    reasons.push("its standard library is not installed, and rustup is not on the PATH".to_owned());
                }
                return Err(BuildError::NoTarget { target: TARGET, reason: reasons.join("; "), advice: ADVICE });
            }
        }
    }
}

fn debian(linker: PathBuf) -> Toolchain {
    Toolchain {
        arguments: vec!["-Zbuild-std=std,panic_abort"],
        environment: vec![
            ("RUSTC", DEBIAN_COMPILER.into()),
            // `-Z` options belong to nightly compilers; this is how a distribution's stable one is told to accept them.
            ("RUSTC_BOOTSTRAP", "1".into()),
            ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker.into()),
        ],
    }
}

fn look(directory: &Path) -> Present {
    Present {
        target: has_target(directory),
        rustup: answers("rustup", &["--version"]),
        debian_packages: has_debian_packages(),
        apt_as_root: is_root() && answers("apt-get", &["--version"]),
    }
}

/// Whether the compiler that cargo would use in this folder has the target's standard library.
fn has_target(directory: &Path) -> bool {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    output_line(Command::new(compiler).args(["--print", "target-libdir", "--target", TARGET]).current_dir(directory))
        .and_then(|library| std::fs::read_dir(library).ok())
        .is_some_and(|mut entries| entries.next().is_some())
}

fn has_debian_packages() -> bool {
    let sysroot = output_line(Command::new(DEBIAN_COMPILER).args(["--print", "sysroot"]));
    let source = sysroot.map(|sysroot| Path::new(&sysroot).join("lib/rustlib/src/rust/library/std/Cargo.toml"));
    source.is_some_and(|source| source.exists()) && debian_linker().is_some()
}

/// rustup's linker, or one of Debian's.
fn debian_linker() -> Option<PathBuf> {
    let rustup = output_line(Command::new("rustc").args(["--print", "sysroot"])).into_iter().flat_map(|sysroot| {
        entries(&Path::new(&sysroot).join("lib/rustlib")).map(|host| host.join("bin/rust-lld")).collect::<Vec<_>>()
    });
    let debian = ["/usr/bin/wasm-ld", "/usr/bin/rust-lld"].into_iter().map(PathBuf::from);
    let versioned = entries(Path::new("/usr/lib")).map(|llvm| llvm.join("bin/wasm-ld"));
    rustup.chain(debian).chain(versioned).find(|linker| linker.is_file())
}

fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn install_packages() -> Result<(), String> {
    run(Command::new("apt-get").arg("update").env("DEBIAN_FRONTEND", "noninteractive"))?;
    run(Command::new("apt-get")
        .args(["install", "--yes", "--no-install-recommends"])
        .args(DEBIAN_PACKAGES)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}

fn answers(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

fn is_root() -> bool {
    output_line(Command::new("id").arg("-u")).is_some_and(|user| user == "0")
}

fn output_line(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a command; the error names it and the last line it said.
fn run(command: &mut Command) -> Result<(), String> {
    let name = command_line(command);
    let output = command.output().map_err(|error: io::Error| format!("`{name}`: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let messages = String::from_utf8_lossy(&output.stderr);
    Err(format!("`{name}` failed: {}", messages.trim().lines().last().unwrap_or("it does not say why")))
}

fn command_line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Present = Present { target: false, rustup: false, debian_packages: false, apt_as_root: false };

    #[test]
    fn a_target_that_is_there_is_used_whatever_else_is() {
        for rustup in [false, true] {
            assert_eq!(decide(Present { target: true, rustup, ..NOTHING }), Step::UseTarget);
        }
    }

    #[test]
    fn rustup_comes_before_the_distribution() {
        assert_eq!(
            decide(Present { rustup: true, debian_packages: true, apt_as_root: true, ..NOTHING }),
            Step::AddTarget
        );
    }

    #[test]
    fn packages_that_are_there_are_used_before_anything_is_installed() {
        assert_eq!(decide(Present { debian_packages: true, apt_as_root: true, ..NOTHING }), Step::BuildStandardLibrary);
        assert_eq!(decide(Present { apt_as_root: true, ..NOTHING }), Step::InstallPackages);
    }

    #[test]
    fn without_anything_the_operator_is_told() {
        assert_eq!(decide(NOTHING), Step::GiveUp);
        for package in DEBIAN_PACKAGES {
            assert!(ADVICE.contains(package), "{package}");
        }
        assert!(ADVICE.contains(TARGET));
    }

    #[test]
    fn the_fall_back_names_compiler_and_linker() {
        let toolchain = debian("/usr/bin/wasm-ld".into());
        assert_eq!(toolchain.arguments, ["-Zbuild-std=std,panic_abort"]);
        assert!(toolchain.environment.contains(&("RUSTC", "/usr/bin/rustc".into())));
        assert!(
            toolchain.environment.contains(&("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "/usr/bin/wasm-ld".into()))
        );
    }

    #[test]
    fn a_command_that_fails_is_named_with_its_last_line() {
        let reason = run(Command::new("sh").args(["-c", "echo first >&2; echo last >&2; exit 3"])).unwrap_err();
        assert!(reason.starts_with("`sh -c") && reason.ends_with("failed: last"), "{reason}");
    }
}
