//! Compiled code on disk, so that a connector is compiled once per machine.
//!
//! Machine code is trusted as it is when it is loaded, so nobody but the host may have written it: the folder is the
//! owner's alone, files that others could write are passed over, and each file's digest lies beside it. A cache that fails
//! costs time and nothing else.

use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use wasmtime::Engine;
use wasmtime::component::Component;

/// The folder of compiled code.
#[derive(Debug, Clone)]
pub(crate) struct CompiledCode {
    directory: PathBuf,
}

impl CompiledCode {
    /// Opens the folder; makes it where it is missing.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)?;
        Ok(Self { directory: directory.to_path_buf() })
    }

    /// The compiled component: from the folder, or compiled now and kept there.
    ///
    /// # Errors
    /// The component does not compile. It takes seconds for large components: call it where blocking is allowed.
    pub(crate) fn load(&self, engine: &Engine, digest: &blake3::Hash, component: &[u8]) -> wasmtime::Result<Component> {
        let path = self.directory.join(format!("{}.cwasm", key(engine, digest)));
        if let Some(component) = read(engine, &path) {
            return Ok(component);
        }
        let code = engine.precompile_component(component)?;
        match self.keep(&path, &code) {
            Ok(()) => {
                if let Some(component) = read(engine, &path) {
                    return Ok(component);
                }
            }
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "compiled code cannot be kept; it is compiled again next time");
            }
        }
        // SAFETY: these bytes were made by this engine a moment ago and have not left this process.
        #[expect(unsafe_code, reason = "loading machine code is what this file is about")]
        unsafe {
            Component::deserialize(engine, &code)
        }
    }

    /// The digest is written last: code without its digest is never loaded.
    fn keep(&self, path: &Path, code: &[u8]) -> io::Result<()> {
        self.write_whole(path, code)?;
        self.write_whole(&digest_path(path), blake3::hash(code).to_hex().as_bytes())
    }

    fn write_whole(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        // A temporary file belongs to its owner alone (0600).
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }
}

fn digest_path(path: &Path) -> PathBuf {
    path.with_extension("blake3")
}

/// Reads compiled code whose digest fits; nothing where any check fails, for then it is compiled again.
fn read(engine: &Engine, path: &Path) -> Option<Component> {
    if !path.exists() {
        return None;
    }
    match verify(path) {
        Ok(true) => {}
        Ok(false) => {
            tracing::warn!(path = %path.display(), "compiled code does not fit its digest or can be written by others; compiling again");
            return None;
        }
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "compiled code cannot be read; compiling again");
            return None;
        }
    }
    // SAFETY: the file was written by this host (the folder is its owner's alone), and its digest has just been checked.
    #[expect(unsafe_code, reason = "loading machine code is what this file is about")]
    let component = unsafe { Component::deserialize_file(engine, path) };
    component
        .inspect_err(
            |error| tracing::warn!(path = %path.display(), %error, "compiled code does not fit; compiling again"),
        )
        .ok()
}

fn verify(path: &Path) -> io::Result<bool> {
    if !only_owner_writes(path)? || !only_owner_writes(&digest_path(path))? {
        return Ok(false);
    }
    let expected = fs::read_to_string(digest_path(path))?;
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut fs::File::open(path)?, &mut hasher)?;
    Ok(blake3::Hash::from_hex(expected.trim()).is_ok_and(|expected| expected == hasher.finalize()))
}

#[cfg(unix)]
fn only_owner_writes(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::symlink_metadata(path)?.permissions().mode() & 0o022 == 0)
}

#[cfg(not(unix))]
fn only_owner_writes(path: &Path) -> io::Result<bool> {
    fs::symlink_metadata(path).map(|_| true)
}

/// One name per component, version of wasmtime, its settings and the processor.
fn key(engine: &Engine, digest: &blake3::Hash) -> String {
    let mut hasher = Blake3Hasher(blake3::Hasher::new());
    hasher.write(digest.as_bytes());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().to_hex().to_string()
}

/// blake3 behind the standard library's trait, whose own hashers promise nothing from one version to the next.
struct Blake3Hasher(blake3::Hasher);

impl Hasher for Blake3Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let mut first = [0; 8];
        first.copy_from_slice(&self.0.finalize().as_bytes()[..8]);
        u64::from_le_bytes(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::RuntimeSettings;

    const EMPTY_COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    fn cached_file(directory: &Path) -> PathBuf {
        let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "cwasm")).unwrap()
    }

    #[test]
    fn code_is_kept_and_damaged_code_is_made_again() {
        let directory = tempfile::tempdir().unwrap();
        let engine = crate::engine::engine(&RuntimeSettings::new(directory.path())).unwrap();
        let cache = CompiledCode::open(directory.path()).unwrap();
        let digest = blake3::hash(EMPTY_COMPONENT);
        cache.load(&engine, &digest, EMPTY_COMPONENT).unwrap();
        let path = cached_file(directory.path());
        assert!(read(&engine, &path).is_some());

        let whole = fs::read(&path).unwrap();
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        fs::write(&path, &damaged).unwrap();
        assert!(read(&engine, &path).is_none());
        cache.load(&engine, &digest, EMPTY_COMPONENT).unwrap();
        assert_eq!(blake3::hash(&fs::read(&path).unwrap()), blake3::hash(&whole));
    }

    #[cfg(unix)]
    #[test]
    fn code_that_others_could_have_written_is_not_loaded() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let engine = crate::engine::engine(&RuntimeSettings::new(directory.path())).unwrap();
        let cache = CompiledCode::open(directory.path()).unwrap();
        cache.load(&engine, &blake3::hash(EMPTY_COMPONENT), EMPTY_COMPONENT).unwrap();
        let path = cached_file(directory.path());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(read(&engine, &path).is_none());
    }
}
