//! The JSON Schema of the configuration, as the manifest shows it to operators.

use purser_sdk::serde_json::{Value, json};

/// JSON Schema (2020-12) of [`crate::config::Config`].
pub fn config_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "required": ["people"],
        "properties": {
            "profile": {
                "type": "string", "enum": ["generic", "active-directory"], "default": "generic",
                "description": "active-directory for Active Directory and Samba domain controllers; generic for all others."
            },
            "people": {
                "type": "object", "additionalProperties": false, "required": ["base"],
                "description": "Where accounts are.",
                "properties": {
                    "base": text("Below this entry, such as ou=people,dc=example,dc=org."),
                    "filter": text("What else must hold for an entry to be an account (RFC 4515), such as (!(employeeType=service))."),
                    "object_classes": {
                        "type": "array", "items": {"type": "string"}, "minItems": 1,
                        "description": "Object classes of new accounts; without it inetOrgPerson, or user in Active Directory."
                    },
                    "rdn": text("The attribute that names an account within its container; without it uid, or cn in Active Directory.")
                }
            },
            "groups": {
                "type": "object", "additionalProperties": false, "required": ["base"],
                "description": "Where groups are; without it groups are not provisioned.",
                "properties": {
                    "base": text("Below this entry."),
                    "filter": text("What else must hold for an entry to be a group."),
                    "object_class": text("The object class of groups; without it groupOfNames, or group in Active Directory."),
                    "member": text("The attribute that lists the members; without it member."),
                    "membership": {
                        "type": "string", "enum": ["member-of", "member"], "default": "member-of",
                        "description": "Where memberships are read: from memberOf of the account, which the directory keeps (Active Directory, OpenLDAP with the overlay memberof), or from the members of the group."
                    },
                    "placeholder": text("The member of a group that has none, where the class wants one. No entry of this name is needed.")
                }
            },
            "attributes": {
                "type": "object", "default": {},
                "description": "Further attributes of accounts, by their names in the directory.",
                "additionalProperties": {
                    "type": "object", "additionalProperties": false,
                    "properties": {
                        "kind": {"type": "string", "enum": ["text", "boolean", "integer", "timestamp", "bytes"], "default": "text"},
                        "multi_valued": {"type": "boolean", "default": false}
                    }
                }
            },
            "disabling": {
                "description": "How a disabled account looks; Active Directory has its own way.",
                "default": {"by": "none"},
                "oneOf": [
                    {
                        "type": "object", "additionalProperties": false, "required": ["by"],
                        "properties": {"by": {"enum": ["none", "ppolicy"], "description": "none: there are no disabled accounts; ppolicy: pwdAccountLockedTime locks them for good (OpenLDAP with the overlay ppolicy)."}}
                    },
                    {
                        "type": "object", "additionalProperties": false, "required": ["by", "attribute", "disabled"],
                        "properties": {
                            "by": {"const": "attribute"},
                            "attribute": text("The attribute, such as nsAccountLock."),
                            "disabled": text("Its value of a disabled account."),
                            "enabled": text("Its value of an enabled account; without it the attribute is then absent.")
                        }
                    }
                ]
            },
            "passwords": {
                "type": "string", "enum": ["operation", "attribute"],
                "description": "How passwords are set: operation by Password Modify (RFC 3062), attribute by writing userPassword, which the directory should hash. Without it by the operation where the server offers it; Active Directory has its own way."
            },
            "page_size": {
                "type": "integer", "minimum": 1, "maximum": 1000, "default": 500,
                "description": "Entries in one page of a search."
            },
            "ignore_referrals": {
                "type": "boolean", "default": false,
                "description": "Where the directory refers to other servers for a part of a base, nothing of yours lies there. Without it such a list is not complete, so that nothing is taken for gone."
            },
            "restore_deleted": {
                "type": "boolean", "default": false,
                "description": "Active Directory: a deleted account of the same account name is restored where one is to be created."
            }
        }
    })
}

fn text(description: &str) -> Value {
    json!({"type": "string", "minLength": 1, "description": description})
}
