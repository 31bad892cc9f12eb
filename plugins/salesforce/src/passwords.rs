//! Passwords: the secret goes from the host's slot to the platform, and the connector never sees it.

use crate::ids;
use crate::org::Org;
use purser_sdk::{Error, Outcome, SetPasswordEdit};

/// Sets a password.
///
/// # Errors
/// `unsupported` where the person must change it: only a reset by mail does that. `invalid-value` where the policy refuses it.
pub fn set(org: &Org, edit: &SetPasswordEdit) -> Result<Outcome, Error> {
    if edit.must_change {
        return Err(Error::unsupported(
            "Salesforce makes a person change a password only after a reset by mail: set `must_change = false`",
        ));
    }
    if !ids::is_id(&edit.id) {
        return Err(Error::not_found("User", &edit.id));
    }
    let path = org.path(&format!("/sobjects/User/{}/password", edit.id));
    org.write_secret(&path, "NewPassword", edit.slot).map(|()| Outcome::Done(None)).map_err(|error| {
        match error.native_code.as_deref() {
            Some("INSUFFICIENT_ACCESS" | "INSUFFICIENT_ACCESS_OR_READONLY") => {
                error.naming_permission("Reset User Passwords and Unlock Users")
            }
            _ => error,
        }
    })
}
