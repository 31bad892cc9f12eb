//! Compiled code on disk, so that a connector is compiled once per machine.
//!
//! Machine code is trusted as it is when it is loaded, so nobody but the host may have written it: every file ends with a
//! keyed digest over its name and its code, and the key is the host's. The name stands for the component, the version of
//! wasmtime and its settings, so that code in the place of other code does not fit either. What does not fit is compiled
//! again. A cache that fails costs time and nothing else.

use purser_model::secret::Secret;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use wasmtime::Engine;
use wasmtime::component::Component;

const SEAL_BYTES: usize = 32;
/// The key's file, where the host was given no key: beside the code.
const KEY_FILE: &str = "key";
const KEY_BYTES: usize = 32;

/// The folder of compiled code.
#[derive(Clone)]
pub(crate) struct CompiledCode {
    directory: PathBuf,
    key: [u8; KEY_BYTES],
}

impl CompiledCode {
    /// Opens the folder; makes it where it is missing. Without a key, one is kept in the folder.
    pub(crate) fn open(directory: &Path, key: Option<&Secret>) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)?;
        let kept;
        let material = match key {
            Some(key) => key.reveal().as_bytes(),
            None => {
                kept = read_or_make_key(directory)?;
                &kept
            }
        };
        let key = blake3::derive_key("purser compiled code: seal", material);
        Ok(Self { directory: directory.to_path_buf(), key })
    }

    /// The compiled component; none where it is not kept, or where any check fails.
    pub(crate) fn find(&self, engine: &Engine, digest: &blake3::Hash) -> Option<Component> {
        let name = name(engine, digest);
        let path = self.path(&name);
        let sealed = match fs::read(&path) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "compiled code cannot be read; compiling again");
                return None;
            }
        };
        let Some(code) = self.unseal(&name, &sealed) else {
            tracing::warn!(path = %path.display(), "compiled code was not written by this host or was changed; compiling again");
            return None;
        };
        own_code(engine, code)
            .inspect_err(
                |error| tracing::warn!(path = %path.display(), %error, "compiled code does not fit; compiling again"),
            )
            .ok()
    }

    /// Keeps code that this host has just compiled, and loads it.
    ///
    /// # Errors
    /// The engine does not take the code. That it cannot be kept is no error: it is compiled again next time.
    pub(crate) fn keep(&self, engine: &Engine, digest: &blake3::Hash, code: &[u8]) -> wasmtime::Result<Component> {
        let name = name(engine, digest);
        let path = self.path(&name);
        if let Err(error) = self.write_sealed(&path, &name, code) {
            tracing::warn!(path = %path.display(), %error, "compiled code cannot be kept; it is compiled again next time");
        }
        own_code(engine, code)
    }

    /// Removes the compiled code of a component; what is not there is removed already.
    pub(crate) fn forget(&self, engine: &Engine, digest: &blake3::Hash) -> io::Result<()> {
        match fs::remove_file(self.path(&name(engine, digest))) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.cwasm"))
    }

    fn write_sealed(&self, path: &Path, name: &str, code: &[u8]) -> io::Result<()> {
        // A temporary file belongs to its owner alone (0600).
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        file.write_all(code)?;
        file.write_all(self.seal(name, code).as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }

    fn seal(&self, name: &str, code: &[u8]) -> blake3::Hash {
        blake3::Hasher::new_keyed(&self.key).update(name.as_bytes()).update(code).finalize()
    }

    /// The code in a sealed file; none where the seal is not this host's, or is for another name or other code.
    fn unseal<'c>(&self, name: &str, sealed: &'c [u8]) -> Option<&'c [u8]> {
        let (code, seal) = sealed.split_last_chunk::<SEAL_BYTES>()?;
        // Compared in constant time.
        (self.seal(name, code) == blake3::Hash::from_bytes(*seal)).then_some(code)
    }
}

/// Loads code that this host has made.
fn own_code(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes come from this host's own compiler a moment ago, or from a file whose seal only this host can make.
    #[expect(unsafe_code, reason = "loading machine code is what this file is about")]
    unsafe {
        Component::deserialize(engine, code)
    }
}

fn read_or_make_key(directory: &Path) -> io::Result<Vec<u8>> {
    let path = directory.join(KEY_FILE);
    if !path.exists() {
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(&rand::random::<[u8; KEY_BYTES]>())?;
        match file.persist_noclobber(&path) {
            Ok(_) => {}
            // Another process was quicker: its key counts.
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.error),
        }
    }
    let key = fs::read(&path)?;
    if key.len() < KEY_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "its key is too short; remove the file `key`"));
    }
    Ok(key)
}

/// One name per component, version of wasmtime, its settings and the processor.
fn name(engine: &Engine, digest: &blake3::Hash) -> String {
    let mut hasher = Blake3Hasher(blake3::Hasher::new());
    hasher.write(digest.as_bytes());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().to_hex().to_string()
}

/// What code must be compiled for to run in this engine, in one word.
pub(crate) fn compatibility(engine: &Engine) -> String {
    let mut hasher = Blake3Hasher(blake3::Hasher::new());
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

    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";
    /// Another component: the empty one with a custom section.
    const OTHER: &[u8] = b"\0asm\x0d\0\x01\0\0\x02\x01x";

    struct Cache {
        directory: tempfile::TempDir,
        engine: Engine,
        code: CompiledCode,
    }

    fn cache() -> Cache {
        let directory = tempfile::tempdir().unwrap();
        let engine = crate::engine::engine(&RuntimeSettings::new(directory.path())).unwrap();
        let code = CompiledCode::open(directory.path(), None).unwrap();
        Cache { directory, engine, code }
    }

    impl Cache {
        fn compile(&self, component: &[u8]) -> PathBuf {
            let digest = blake3::hash(component);
            self.code.keep(&self.engine, &digest, &self.engine.precompile_component(component).unwrap()).unwrap();
            self.code.path(&name(&self.engine, &digest))
        }

        fn finds(&self, component: &[u8]) -> bool {
            self.code.find(&self.engine, &blake3::hash(component)).is_some()
        }
    }

    #[test]
    fn code_is_kept_and_whatever_byte_of_it_changes_is_noticed() {
        let cache = cache();
        let path = cache.compile(EMPTY);
        assert!(cache.finds(EMPTY));
        let whole = fs::read(&path).unwrap();
        for place in [0, whole.len() / 2, whole.len() - SEAL_BYTES - 1, whole.len() - SEAL_BYTES, whole.len() - 1] {
            let mut damaged = whole.clone();
            damaged[place] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert!(!cache.finds(EMPTY), "byte {place}");
        }
        for length in [0, 1, SEAL_BYTES, whole.len() - 1] {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(!cache.finds(EMPTY), "cut to {length}");
        }
        fs::write(&path, &whole).unwrap();
        assert!(cache.finds(EMPTY));
    }

    #[test]
    fn code_in_the_place_of_other_code_is_not_loaded() {
        let cache = cache();
        let (first, second) = (cache.compile(EMPTY), cache.compile(OTHER));
        assert_ne!(first, second);
        fs::copy(&second, &first).unwrap();
        assert!(!cache.finds(EMPTY) && cache.finds(OTHER));
    }

    #[test]
    fn code_that_another_host_compiled_is_not_loaded() {
        let (ours, theirs) = (cache(), cache());
        let (path, foreign) = (ours.compile(EMPTY), theirs.compile(EMPTY));
        fs::copy(foreign, path).unwrap();
        assert!(!ours.finds(EMPTY));
        // With the other host's key it is that host's own.
        fs::copy(theirs.directory.path().join(KEY_FILE), ours.directory.path().join(KEY_FILE)).unwrap();
        let code = CompiledCode::open(ours.directory.path(), None).unwrap();
        assert!(code.find(&ours.engine, &blake3::hash(EMPTY)).is_some());
    }

    #[test]
    fn code_that_others_could_have_written_is_not_loaded() {
        let cache = cache();
        let path = cache.compile(EMPTY);
        let code = cache.engine.precompile_component(EMPTY).unwrap();
        // Whoever can write the folder and knows the form, but not the key.
        let seal = blake3::keyed_hash(&[0; 32], &code);
        fs::write(&path, [code.as_slice(), seal.as_bytes()].concat()).unwrap();
        assert!(!cache.finds(EMPTY));
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let cache = cache();
        let mode = fs::metadata(cache.directory.path().join(KEY_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
