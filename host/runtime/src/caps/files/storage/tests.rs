//! On a real directory.

use super::*;
use std::fs;

fn granted() -> (tempfile::TempDir, Arc<GrantedDirectory>) {
    let directory = tempfile::tempdir().unwrap();
    let granted = open(directory.path(), Access::ReadWrite).unwrap();
    (directory, granted)
}

fn names(granted: &GrantedDirectory) -> Vec<String> {
    list(granted, "").unwrap().into_iter().map(|entry| entry.name).collect()
}

fn now() -> jiff::Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

#[test]
fn a_new_content_appears_whole_and_keeps_the_permissions() {
    let (directory, granted) = granted();
    let path = directory.path().join("people.csv");
    fs::write(&path, "old").unwrap();
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    let before = fs::metadata(&path).unwrap().permissions();
    let mut replacement = Replacement::begin(&granted, "people.csv", 7, now()).unwrap();
    replacement.append(b"new ").unwrap();
    replacement.append(b"content").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    replacement.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new content");
    assert_eq!(fs::metadata(&path).unwrap().permissions(), before);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_content_that_is_not_committed_leaves_nothing() {
    let (directory, granted) = granted();
    let mut replacement = Replacement::begin(&granted, "a.csv", 7, now()).unwrap();
    replacement.append(b"x").unwrap();
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    assert!(names(&granted).is_empty(), "temporary files are not listed");
    drop(replacement);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn what_a_killed_host_left_behind_is_removed_later() {
    let (directory, granted) = granted();
    let left = directory.path().join(".purser-0000000000000001.tmp");
    fs::write(&left, "half").unwrap();
    let in_an_hour = |file: &Path, hours: i64| {
        let modified = fs::metadata(file).unwrap().modified().unwrap();
        jiff::Timestamp::try_from(modified).unwrap() + jiff::SignedDuration::from_hours(hours)
    };
    drop(Replacement::begin(&granted, "a", 2, in_an_hour(&left, 0)).unwrap());
    assert!(left.exists(), "another host may be writing it");
    drop(Replacement::begin(&granted, "a", 3, in_an_hour(&left, 2)).unwrap());
    assert!(!left.exists());
}

#[test]
fn no_path_leaves_the_directory() {
    let (directory, granted) = granted();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "s").unwrap();
    for path in ["../secret", "/etc/passwd", "a/../../x", "..", ".", "", "a\0b", "/"] {
        assert!(matches!(read(&granted, path, 0, 1), Err(Error::Denied(_))), "read {path:?}");
        assert!(matches!(Replacement::begin(&granted, path, 1, now()), Err(Error::Denied(_))), "begin {path:?}");
        assert!(matches!(remove(&granted, path), Err(Error::Denied(_))), "remove {path:?}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(outside.path(), directory.path().join("link")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), directory.path().join("file")).unwrap();
        assert!(matches!(read(&granted, "link/secret", 0, 1), Err(Error::Denied(_))));
        assert!(matches!(read(&granted, "file", 0, 1), Err(Error::Denied(_))));
        assert!(matches!(list(&granted, "link"), Err(Error::Denied(_))));
        assert!(matches!(Replacement::begin(&granted, "link/new", 1, now()), Err(Error::Denied(_))));
    }
    assert!(outside.path().join("secret").exists());
}

#[test]
fn reading_goes_by_chunks_to_the_end() {
    let (directory, granted) = granted();
    fs::create_dir(directory.path().join("sub")).unwrap();
    fs::write(directory.path().join("sub/data"), "0123456789").unwrap();
    assert_eq!(read(&granted, "sub/data", 8, 100).unwrap(), b"89");
    assert_eq!(read(&granted, "sub/data", 10, 100).unwrap(), b"");
    assert_eq!(read(&granted, "sub/data", 99, 100).unwrap(), b"");
    assert!(matches!(read(&granted, "sub/none", 0, 1), Err(Error::NotFound)));
    assert!(matches!(read(&granted, "sub", 0, 1), Err(Error::Failed(_))));
    assert!(matches!(read(&granted, "sub/data", 0, u32::MAX), Err(Error::Limit(_))));
    let entries = list(&granted, "").unwrap();
    assert!(entries.len() == 1 && entries[0].directory && entries[0].name == "sub");
    assert_eq!(list(&granted, "sub").unwrap()[0].size, 10);
}

#[test]
fn too_large_a_chunk_is_not_appended() {
    let (_directory, granted) = granted();
    let mut replacement = Replacement::begin(&granted, "a", 1, now()).unwrap();
    assert!(matches!(replacement.append(&vec![0; MAX_CHUNK_BYTES + 1]), Err(Error::Limit(_))));
    assert!(replacement.append(&vec![0; MAX_CHUNK_BYTES]).is_ok());
}
