//! The declarations of a host that serves: shown, tried, and taken over without a restart.

pub mod files;
mod foreseen;
mod mistakes;

use crate::host::{Host, Tryout};
use async_trait::async_trait;
use purser_api::{Applied, DeclarationFile, Declarations, DeclarationsError, Declared, Digested, Foreseen};
use purser_declare::DeclarationText;
use purser_model::guard::Guard;
use purser_model::id::TargetName;
use purser_reconcile::{Engine, NoProgress, Quiet};
use purser_store::Store;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedMutexGuard, mpsc, oneshot};

/// How long what is being written to targets may take until it has ended.
const PATIENCE: Duration = Duration::from_secs(60);

/// The digest of the declarations that are in force. Who holds it is the only one to change them.
pub type InForceDigest = Arc<tokio::sync::Mutex<Digested>>;

/// Other declarations are to be taken over. While this is there no operation is carried out.
pub struct TakeOver {
    /// What they say.
    pub declared: purser_declare::Declarations,
    /// Their files.
    pub files: Vec<DeclarationFile>,
    /// Where the change is audited, on behalf of whom it is made.
    pub acting: Arc<dyn Store>,
    /// The digest of those in force, until it is that of these.
    pub in_force: OwnedMutexGuard<Digested>,
    /// Nothing is written to targets.
    pub quiet: Quiet,
    /// Who waits for the end.
    pub reply: oneshot::Sender<Result<Applied, DeclarationsError>>,
}

/// The declarations by which one engine works.
pub struct DeclaredFiles {
    texts: Vec<DeclarationText>,
    place: PathBuf,
    engine: Arc<Engine>,
    tryout: Tryout,
    in_force: InForceDigest,
    take_overs: mpsc::Sender<TakeOver>,
}

impl DeclaredFiles {
    /// Those of this host.
    pub fn of(host: &Host, in_force: InForceDigest, take_overs: mpsc::Sender<TakeOver>) -> Self {
        let (texts, place) = (host.declarations.clone(), host.place.clone());
        Self { texts, place, engine: host.engine.clone(), tryout: host.tryout(), in_force, take_overs }
    }

    fn read(&self, files: &[DeclarationFile]) -> Result<purser_declare::Declarations, DeclarationsError> {
        let mut texts: Vec<_> = files.iter().map(|file| self.text(file)).collect();
        texts.sort_by(|one, other| one.path.cmp(&other.path));
        purser_declare::load_texts(texts, &self.place)
            .map_err(|errors| DeclarationsError::Mistakes(mistakes::shown(errors, &self.place)))
    }

    fn text(&self, file: &DeclarationFile) -> DeclarationText {
        DeclarationText { path: self.place.join(&file.name), text: file.text.clone() }
    }
}

/// The files as the API shows them.
pub fn shown(texts: &[DeclarationText]) -> Vec<DeclarationFile> {
    let name = |text: &DeclarationText| text.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    texts.iter().map(|text| DeclarationFile { name: name(text), text: text.text.clone() }).collect()
}

#[async_trait]
impl Declarations for DeclaredFiles {
    fn in_force(&self) -> Declared {
        let files = shown(&self.texts);
        Declared { digest: Digested::of(&files), files }
    }

    fn with_guard(&self, target: &TargetName, guard: Guard) -> Result<Vec<DeclarationFile>, DeclarationsError> {
        let refused = |error: purser_declare::NotRewritten| DeclarationsError::Refused(error.to_string());
        let files = shown(&purser_declare::with_guard(&self.texts, target, guard).map_err(refused)?);
        // What was written is what will be read, whatever form the file has.
        let read = self.read(&files)?.configuration.targets.get(target).map(|target| target.guard);
        if read != Some(guard) {
            return Err(refused(purser_declare::NotRewritten::OtherForm(target.clone())));
        }
        Ok(files)
    }

    async fn foresee(&self, files: Vec<DeclarationFile>) -> Result<Foreseen, DeclarationsError> {
        let declared = self.read(&files)?;
        let report = self.tryout.what_if(Arc::new(declared.rules)).plan(&NoProgress).await?;
        Ok(foreseen::short(report))
    }

    async fn apply(
        &self,
        files: Vec<DeclarationFile>,
        made_for: &str,
        acting: Arc<dyn Store>,
    ) -> Result<Applied, DeclarationsError> {
        let refused = |reason: &str| DeclarationsError::Refused(reason.to_owned());
        let in_force = self.in_force.clone().try_lock_owned();
        let in_force = in_force
            .map_err(|_| refused("other declarations are being taken over just now; read them and try again"))?;
        if in_force.as_str() != made_for || *in_force != self.in_force().digest {
            return Err(DeclarationsError::Overtaken(in_force.clone()));
        }
        let declared = self.read(&files)?;
        files::must_be_as_read(&self.place, &self.texts)?;
        let quiet = self.engine.quiet(PATIENCE).await.ok_or_else(|| {
            refused("operations that are under way do not end; the declarations stay as they are: try again later")
        })?;
        let (reply, answer) = oneshot::channel();
        let wanted = TakeOver { declared, files, acting, in_force, quiet, reply };
        let stopping =
            |_| DeclarationsError::Refused("the host is stopping; the declarations stay as they are".to_owned());
        self.take_overs.send(wanted).await.map_err(|_| stopping(()))?;
        answer.await.map_err(|_| stopping(()))?
    }
}
