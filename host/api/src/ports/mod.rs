//! What the API needs of its host beside the store and the engine: the folder of connectors, the key that seals secrets, and
//! the files of declarations. The host gives them; tests give others.

mod checks;
mod connectors;
mod declarations;
mod nothing;
mod secrets;

pub use checks::{CheckFailed, Checked, Checks};
pub use connectors::{
    ConnectorDetail, ConnectorDifference, ConnectorFile, ConnectorReach, Connectors, ConnectorsError, FileName,
    FileState, NotAFileName, ReachedInterface, Signed, Upload,
};
pub use declarations::{
    Applied, DeclarationFile, DeclarationMistake, Declarations, DeclarationsError, Declared, Digested, Foreseen,
};
pub use nothing::Nothing;
pub use secrets::{KeyRotated, SecretError, SecretKeeper, SecretSet};
