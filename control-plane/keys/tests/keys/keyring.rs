//! The keyring file: made once, private, and never silently replaced.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tenantry_kernel::{Error, Kind, OsEntropy};
use tenantry_keys::{KeyProvider, LocalKeyring};

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keyring");
    (directory, path)
}

fn refused(path: &Path, may_create: bool) -> Error {
    LocalKeyring::open(path, may_create, &OsEntropy).err().expect("it is refused")
}

#[tokio::test]
async fn a_new_keyring_is_private_and_opens_again() {
    let (_directory, path) = place();
    let made = LocalKeyring::open(&path, true, &OsEntropy).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let wrapped = made.wrap(&OsEntropy, "context", b"a data key").await.unwrap();
    let again = LocalKeyring::open(&path, false, &OsEntropy).unwrap();
    assert_eq!(again.unwrap("context", &wrapped).await.unwrap(), b"a data key");
    assert!(again.unwrap("another context", &wrapped).await.is_err());
    let text = fs::read_to_string(&path).unwrap();
    assert!(!wrapped.contains(text.trim()));
}

#[test]
fn a_missing_keyring_is_refused_while_keys_are_in_use() {
    let (_directory, path) = place();
    let error = refused(&path, false);
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.message().contains("keyring") && error.remedy().contains("backup"), "{error:?}");
    assert!(!path.exists(), "no new one is put in its place");
}

#[test]
fn a_keyring_that_others_may_read_is_refused_with_the_remedy() {
    let (_directory, path) = place();
    LocalKeyring::open(&path, true, &OsEntropy).unwrap();
    for mode in [0o644, 0o640, 0o604, 0o660, 0o700 | 0o010] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = refused(&path, true);
        assert_eq!(error.kind(), Kind::Unavailable);
        assert!(error.message().contains(&format!("{mode:o}")), "{}", error.message());
        assert_eq!(error.remedy(), format!("Run: chmod 600 {}", path.display()));
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(LocalKeyring::open(&path, false, &OsEntropy).is_ok());
}

#[test]
fn a_damaged_keyring_is_refused_and_left_as_it_is() {
    let (_directory, path) = place();
    for damaged in ["", "00", "zz", "é", &"0".repeat(63), &"0".repeat(66), &"+1".repeat(32)] {
        fs::write(&path, damaged).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for may_create in [false, true] {
            assert!(LocalKeyring::open(&path, may_create, &OsEntropy).is_err(), "{damaged:?}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
    }
}
