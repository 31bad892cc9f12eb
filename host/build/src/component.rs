//! Makes a component of a core module.

use crate::{BuildError, Built};
use std::fs;
use std::io::Write;
use std::path::Path;

/// Wraps the core module into a component and puts it to `<directory>/<name>.wasm` in one step.
pub(crate) fn write(module: &Path, directory: &Path, name: &str) -> Result<Built, BuildError> {
    let component = encode(module)?;
    let path = directory.join(format!("{name}.wasm"));
    let file_error = |action| move |source| BuildError::File { action, path: directory.to_path_buf(), source };
    fs::create_dir_all(directory).map_err(file_error("create"))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".purser-build-");
    ordinary_file_permissions(&mut builder);
    let mut file = builder.tempfile_in(directory).map_err(file_error("write to"))?;
    file.write_all(&component).map_err(file_error("write to"))?;
    file.persist(&path).map_err(|error| BuildError::File {
        action: "write",
        path: path.clone(),
        source: error.error,
    })?;
    Ok(Built { name: name.to_owned(), path, bytes: component.len() as u64 })
}

/// The bindings leave a description of their world in a custom section of the core module; a module without one would
/// become a component that exports nothing.
fn encode(module: &Path) -> Result<Vec<u8>, BuildError> {
    let bytes =
        fs::read(module).map_err(|source| BuildError::File { action: "read", path: module.to_path_buf(), source })?;
    let encoding = |reason: String| BuildError::Encoding { module: module.to_path_buf(), reason };
    let (without_description, _) =
        wit_component::metadata::decode(&bytes).map_err(|error| encoding(format!("{error:#}")))?;
    if without_description.is_none() {
        return Err(BuildError::NoContract(module.to_path_buf()));
    }
    wit_component::ComponentEncoder::default()
        .validate(true)
        .module(&bytes)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| encoding(format!("{error:#}")))
}

/// A temporary file is made for its owner alone; a component is an ordinary file that others may read.
fn ordinary_file_permissions(builder: &mut tempfile::Builder<'_, '_>) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The process's umask still takes away from this.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_says_nothing_of_a_contract_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let module = directory.path().join("module.wasm");
        fs::write(&module, b"\0asm\x01\0\0\0").unwrap();
        let error = write(&module, directory.path(), "x").unwrap_err();
        assert!(matches!(error, BuildError::NoContract(path) if path == module));
        assert!(!directory.path().join("x.wasm").exists());
    }

    #[test]
    fn garbage_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let module = directory.path().join("module.wasm");
        fs::write(&module, b"hello").unwrap();
        assert!(matches!(write(&module, directory.path(), "x"), Err(BuildError::Encoding { .. })));
    }
}
