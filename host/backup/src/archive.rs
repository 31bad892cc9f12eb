//! The form of the file.

use crate::BackupError;
use crate::manifest::{FORM, Manifest};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use tar::{Archive, Builder, EntryType, Header};

const MANIFEST: &str = "manifest.json";
const STORE: &str = "purser.db";
/// A manifest is a few hundred bytes.
const LONGEST_MANIFEST: u64 = 1 << 20;
const PIECE: usize = 1 << 20;

/// Hands the bytes of `from` to `sink` and returns how many they were and their digest.
pub(crate) fn passed_on(
    from: &mut impl Read,
    mut sink: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> std::io::Result<(u64, String)> {
    let (mut hasher, mut size, mut piece) = (blake3::Hasher::new(), 0, vec![0; PIECE]);
    loop {
        let read = from.read(&mut piece)?;
        if read == 0 {
            return Ok((size, hasher.finalize().to_hex().to_string()));
        }
        hasher.update(&piece[..read]);
        size += read as u64;
        sink(&piece[..read])?;
    }
}

/// Writes a backup of a copy; `file` must not be there yet, and only its owner can read it.
pub(crate) fn write(file: &Path, manifest: &Manifest, copy: &Path) -> Result<(), BackupError> {
    let in_file = || BackupError::file(file);
    let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(in_file())?;
    let mut archive = Builder::new(out);
    let text = serde_json::to_vec_pretty(manifest).map_err(std::io::Error::other).map_err(in_file())?;
    let time = u64::try_from(manifest.made_at.as_second()).unwrap_or_default();
    append(&mut archive, MANIFEST, time, text.len() as u64, text.as_slice()).map_err(in_file())?;
    let store = File::open(copy).map_err(BackupError::file(copy))?;
    append(&mut archive, STORE, time, manifest.size, store).map_err(in_file())?;
    let mut out = archive.into_inner().map_err(in_file())?;
    out.flush().and_then(|()| out.sync_all()).map_err(in_file())
}

fn append(archive: &mut Builder<File>, name: &str, time: u64, size: u64, from: impl Read) -> std::io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o600);
    header.set_mtime(time);
    header.set_size(size);
    archive.append_data(&mut header, name, from)
}

/// What a backup says it holds. Its store is not looked at.
///
/// # Errors
/// It is no backup, or one of a newer program.
pub fn read_manifest(file: &Path) -> Result<Manifest, BackupError> {
    let mut archive = Archive::new(File::open(file).map_err(BackupError::file(file))?);
    let mut members = archive.entries().map_err(BackupError::file(file))?;
    manifest_of(file, members.next())
}

fn manifest_of<R: Read>(
    file: &Path,
    first: Option<std::io::Result<tar::Entry<'_, R>>>,
) -> Result<Manifest, BackupError> {
    let no_backup = |reason: String| BackupError::NoBackup { path: file.to_owned(), reason };
    let first = first.ok_or_else(|| no_backup("it is empty".to_owned()))?;
    let first = first.map_err(|error| no_backup(error.to_string()))?;
    if first.path_bytes().as_ref() != MANIFEST.as_bytes() {
        return Err(no_backup(format!("it does not begin with {MANIFEST}")));
    }
    let mut text = Vec::new();
    first.take(LONGEST_MANIFEST).read_to_end(&mut text).map_err(BackupError::file(file))?;
    let form: Form = serde_json::from_slice(&text).map_err(|error| no_backup(error.to_string()))?;
    if form.form > FORM {
        return Err(BackupError::NewerForm { path: file.to_owned(), found: form.form });
    }
    serde_json::from_slice(&text).map_err(|error| no_backup(error.to_string()))
}

#[derive(serde::Deserialize)]
struct Form {
    form: u32,
}

/// Takes the store out of a backup into `into`, which must not be there yet, and checks it byte for byte.
///
/// # Errors
/// It is no backup, or is damaged; what was written to `into` is of no use then.
pub fn read(file: &Path, into: &Path, mut advance: impl FnMut(u64)) -> Result<Manifest, BackupError> {
    let damaged = |reason: String| BackupError::Damaged { path: file.to_owned(), reason };
    let mut archive = Archive::new(File::open(file).map_err(BackupError::file(file))?);
    let mut members = archive.entries().map_err(BackupError::file(file))?;
    let manifest = manifest_of(file, members.next())?;
    let store = members.next().ok_or_else(|| damaged("the store is missing".to_owned()))?;
    let mut store = store.map_err(|error| damaged(error.to_string()))?;
    if store.path_bytes().as_ref() != STORE.as_bytes() {
        return Err(damaged(format!("{STORE} does not follow the manifest")));
    }
    let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(into);
    let mut out = out.map_err(BackupError::file(into))?;
    let passed = passed_on(&mut store, |piece| {
        advance(piece.len() as u64);
        out.write_all(piece)
    });
    let (size, digest) = passed.map_err(|error| damaged(error.to_string()))?;
    out.sync_all().map_err(BackupError::file(into))?;
    if size != manifest.size {
        return Err(damaged(format!("the store has {size} bytes, and the manifest says {}", manifest.size)));
    }
    if digest != manifest.digest {
        return Err(damaged("the bytes of the store are not those that were written".to_owned()));
    }
    Ok(manifest)
}
