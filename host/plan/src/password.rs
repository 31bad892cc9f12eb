//! Where the password of a new account goes.

use crate::attributes::insert;
use purser_model::Attributes;
use purser_model::manifest::{Attribute, AttributeKind, ObjectClass};
use purser_model::password::{PasswordPolicy, generated};

/// A new account is to get a password, and the class has no place for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPlace {
    #[error("class `{class}` has no attribute that takes a password, and the target declares `password`: remove it")]
    None { class: String },
    #[error("class `{class}` has several attributes that take a secret ({names}): say which with `password.attribute`")]
    Several { class: String, names: String },
    #[error("`password.attribute` is `{name}`, which takes no secret in class `{class}`; there are: {names}")]
    Other { class: String, name: String, names: String },
}

/// Asks for a password where the target declares how it is made.
pub(crate) fn ask_for(
    policy: Option<&PasswordPolicy>,
    class: &ObjectClass,
    attributes: &mut Attributes,
) -> Result<(), NoPlace> {
    let Some(policy) = policy else { return Ok(()) };
    let place = place(policy, class)?;
    insert(attributes, &place.name, generated());
    Ok(())
}

fn place<'a>(policy: &PasswordPolicy, class: &'a ObjectClass) -> Result<&'a Attribute, NoPlace> {
    let takes_secret = |attribute: &&Attribute| attribute.kind == AttributeKind::SecretSlot;
    let possible: Vec<&Attribute> = class.attributes.iter().filter(takes_secret).collect();
    let name_of_class = || class.name.clone();
    let names = || possible.iter().map(|attribute| attribute.name.as_str()).collect::<Vec<_>>().join(", ");
    match (&policy.attribute, possible.as_slice()) {
        (_, []) => Err(NoPlace::None { class: name_of_class() }),
        (None, [only]) => Ok(only),
        (None, _) => Err(NoPlace::Several { class: name_of_class(), names: names() }),
        (Some(name), _) => {
            let named = class.attribute(name).filter(takes_secret);
            named.ok_or_else(|| NoPlace::Other { class: name_of_class(), name: name.clone(), names: names() })
        }
    }
}
