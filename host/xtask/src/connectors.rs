//! Builds the program and, with it, the components of the connectors in `plugins/`.

use crate::root::Root;
use crate::steps::Steps;
use anyhow::Context;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// What goes into a component beside its own folder.
const SHARED: [&str; 4] = ["sdk/rust", "wit", "host/build", "Cargo.lock"];

/// Builds the program and every connector that is older than its sources.
///
/// # Errors
/// Something does not build; the step is named.
pub fn build(root: &Root, steps: &mut Steps) -> anyhow::Result<()> {
    steps.program("build the purser program", root.cargo().args(["build", "--package", "purser"]))?;
    for name in ["flatfile", "scim"] {
        build_one(root, steps, name)?;
    }
    Ok(())
}

fn build_one(root: &Root, steps: &mut Steps, name: &str) -> anyhow::Result<()> {
    let (source, component) = (root.join("plugins").join(name), root.connectors().join(format!("{name}.wasm")));
    let step = format!("build connector {name}");
    let sources = [source.clone()].into_iter().chain(SHARED.map(|path| root.join(path)));
    if is_up_to_date(&component, sources)? {
        steps.nothing_to_do(&step, "is newer than its sources");
        return Ok(());
    }
    let mut command = root.command(root.purser());
    command.args(["connector", "build"]).arg(source).arg("--out").arg(&component);
    steps.program(&step, &mut command)
}

fn is_up_to_date(made: &Path, sources: impl IntoIterator<Item = impl AsRef<Path>>) -> anyhow::Result<bool> {
    let Ok(made) = fs::metadata(made).and_then(|metadata| metadata.modified()) else { return Ok(false) };
    for source in sources {
        if newest(source.as_ref())? >= made {
            return Ok(false);
        }
    }
    Ok(true)
}

/// When the newest file below this path was changed. Folders count as well, so that a removed file is noticed.
fn newest(path: &Path) -> anyhow::Result<SystemTime> {
    let say = || format!("cannot look at {}", path.display());
    let metadata = fs::metadata(path).with_context(say)?;
    let mut newest = metadata.modified().with_context(say)?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path).with_context(say)? {
            newest = newest.max(self::newest(&entry.with_context(say)?.path())?);
        }
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::time::Duration;

    fn write_at(path: &Path, seconds: u64) {
        let file = File::create(path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
    }

    #[test]
    fn a_component_is_made_again_when_any_source_is_newer() {
        let folder = std::env::temp_dir().join(format!("xtask-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (made, source) = (folder.join("made"), folder.join("source"));
        write_at(&source, 10);
        assert!(!is_up_to_date(&made, [&source]).unwrap(), "not made yet");
        write_at(&made, 20);
        assert!(is_up_to_date(&made, [&source]).unwrap());
        write_at(&source, 30);
        assert!(!is_up_to_date(&made, [&source]).unwrap());
        fs::remove_dir_all(&folder).unwrap();
    }
}
