//! The sealed store with real files: keys that are changed, lost and mixed up.

use super::*;
use purser_model::configuration::{EndpointAuthentication, EndpointGrant, SecretReference};
use purser_model::egress::EgressRules;
use purser_model::id::Ids;
use purser_store::SealedSecrets;
use purser_store_sqlite::SqliteStore;
use std::fs;
use std::time::Duration;

struct Setting {
    folder: tempfile::TempDir,
    store: Arc<SqliteStore>,
}

impl Setting {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        let store = SqliteStore::open(&folder.path().join("data/purser.db"), Arc::new(Ids::new([7; 32]))).unwrap();
        Self { folder, store: Arc::new(store) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The sealed store with the key in the home, or in this file.
    fn sealed(&self, key_file: Option<&str>) -> SealedStore {
        let home = Home::new(self.folder.path()).with_key_file(key_file.map(|name| self.path(name)));
        SealedStore::new(&home, self.store.clone())
    }

    async fn set(&self, key_file: Option<&str>, name: &str, text: &str) -> Result<Kept, SealedStoreError> {
        self.sealed(key_file).set(&name.parse().unwrap(), &Secret::new(text).unwrap(), now()).await
    }

    async fn get(&self, key_file: Option<&str>, name: &str) -> Result<String, SealedStoreError> {
        let secrets = self.sealed(key_file).of(&grant(name)).await?;
        Ok(secrets.values().map(|secret| secret.reveal().to_owned()).collect())
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn grant(secret: &str) -> GrantDeclaration {
    let endpoint = EndpointGrant {
        url: "https://example.org".parse().unwrap(),
        authentication: EndpointAuthentication::Bearer(SecretReference::Sealed(secret.parse().unwrap())),
        timeout: Duration::from_secs(1),
        max_response_bytes: 1,
        reading_posts: Vec::new(),
        egress: EgressRules::default(),
    };
    GrantDeclaration { endpoints: [("api".to_owned(), endpoint)].into(), ..GrantDeclaration::default() }
}

#[tokio::test]
async fn the_first_secret_makes_a_key_that_only_its_owner_can_read() {
    use std::os::unix::fs::PermissionsExt;
    let setting = Setting::new();
    let first = setting.set(None, "crm", "hunter2").await.unwrap();
    assert_eq!((first.version, first.made_key), (1, Some(setting.path("data/secret-key"))));
    assert_eq!(fs::metadata(setting.path("data/secret-key")).unwrap().permissions().mode() & 0o777, 0o600);
    let second = setting.set(None, "crm", "hunter3").await.unwrap();
    assert_eq!((second.version, second.made_key), (2, None));
    assert_eq!(setting.get(None, "crm").await.unwrap(), "hunter3");
    assert_eq!(setting.get(None, "mail").await.unwrap(), "", "what is not set is left out");
}

#[tokio::test]
async fn a_key_that_is_gone_or_named_and_not_there_is_said_and_never_made_up() {
    let setting = Setting::new();
    let error = setting.set(Some("key"), "crm", "hunter2").await.unwrap_err();
    assert!(matches!(error, SealedStoreError::NoKeyFile(_)), "{error}");
    setting.set(None, "crm", "hunter2").await.unwrap();
    fs::remove_file(setting.path("data/secret-key")).unwrap();
    for error in [setting.get(None, "crm").await.unwrap_err(), setting.set(None, "app", "x").await.unwrap_err()] {
        assert!(matches!(error, SealedStoreError::KeyGone { .. }), "{error}");
    }
    assert!(!setting.path("data/secret-key").exists());
    fs::write(setting.path("key"), "hunter2").unwrap();
    let error = setting.get(Some("key"), "crm").await.unwrap_err().to_string();
    assert!(error.contains("openssl rand") && !error.contains("hunter2"), "{error}");
}

#[tokio::test]
async fn after_the_key_was_changed_the_old_one_is_refused() {
    let setting = Setting::new();
    setting.set(None, "crm", "hunter2").await.unwrap();
    setting.set(None, "mail", "hunter3").await.unwrap();
    fs::copy(setting.path("data/secret-key"), setting.path("old")).unwrap();

    let rotated = setting.sealed(None).rotate(None, now()).await.unwrap();
    assert_eq!((rotated.secrets, rotated.file), (2, setting.path("data/secret-key")));
    assert_eq!(setting.get(None, "crm").await.unwrap(), "hunter2");
    let error = setting.get(Some("old"), "mail").await.unwrap_err();
    assert!(matches!(error, SealedStoreError::Open(OpenError::OtherKey { .. })), "{error}");
    let error = setting.set(Some("old"), "new", "x").await.unwrap_err();
    assert!(matches!(error, SealedStoreError::Store(StoreError::Refused { .. })), "{error}");

    let rotated = setting.sealed(None).rotate(Some(&setting.path("elsewhere")), now()).await.unwrap();
    assert_eq!(rotated.file, setting.path("elsewhere"));
    assert_eq!(setting.get(Some("elsewhere"), "mail").await.unwrap(), "hunter3");
    assert!(setting.get(None, "mail").await.is_err(), "the key in the home is not the one");
    let error = setting.sealed(Some("elsewhere")).rotate(Some(&setting.path("elsewhere")), now()).await.unwrap_err();
    assert!(matches!(error, SealedStoreError::SameKey(_)), "{error}");
}

#[tokio::test]
async fn whenever_a_host_is_killed_while_it_changes_the_key_every_secret_can_be_opened() {
    let setting = Setting::new();
    setting.set(None, "crm", "hunter2").await.unwrap();
    let sealed = setting.sealed(None);

    // Killed before the secrets were sealed anew.
    let next = sealed.place.next_key(None).unwrap();
    assert_eq!(setting.get(None, "crm").await.unwrap(), "hunter2");
    let waiting = next.key.id();
    let rotated = sealed.rotate(None, now()).await.unwrap();
    assert_eq!(rotated.key, waiting, "it goes on from there");

    // Killed after it, before the new key took its place.
    let former = sealed.key().await.unwrap();
    let next = sealed.place.next_key(None).unwrap();
    let secrets = sealed.sealed_anew(&former, &next.key).await.unwrap();
    setting.store.reseal_secrets(former.id(), secrets, now()).await.unwrap();
    assert!(setting.path("data/secret-key.next").exists());
    assert_eq!(setting.get(None, "crm").await.unwrap(), "hunter2");
    assert!(!setting.path("data/secret-key.next").exists());
    assert_eq!(sealed.key().await.unwrap(), next.key);
}

#[tokio::test]
async fn a_refresh_token_that_a_server_answers_is_there_after_a_start() {
    use purser_runtime::TokenKeeper;
    let setting = Setting::new();
    setting.set(None, "refresh", "first").await.unwrap();
    let name = "refresh".parse().unwrap();
    setting.sealed(None).keep(&name, &Secret::new("second").unwrap()).await.unwrap();
    assert_eq!(setting.sealed(None).current(&name).await.unwrap().reveal(), "second");
    let unset = setting.sealed(None).current(&"other".parse().unwrap()).await.unwrap_err().to_string();
    assert!(unset.contains("purser secret set other"), "{unset}");
}
