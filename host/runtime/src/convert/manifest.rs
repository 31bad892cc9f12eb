//! From the contract to the model: what a connector says about itself. JSON and versions are parsed here.

use super::{BrokenText, json};
use crate::bindings::purser::connector::types as wit;
use purser_model::manifest::{
    Attribute, AttributeKind, AttributeTraits, Cardinality, ClassKind, DeleteSemantics, DirectoryNeed, EgressNeed,
    Holding, HoldingSide, Limits, Manifest, ObjectClass, Operations, PermissionNeed,
};

/// The manifest.
///
/// # Errors
/// The version is no semantic version, or a schema is no JSON.
pub(crate) fn manifest(manifest: wit::Manifest) -> Result<Manifest, BrokenText> {
    Ok(Manifest {
        name: manifest.name,
        version: semver::Version::parse(&manifest.version).map_err(|error| BrokenText {
            place: format!("the manifest's version `{}`", manifest.version),
            expected: "a semantic version",
            reason: error.to_string(),
        })?,
        vendor: manifest.vendor,
        description: manifest.description,
        config_schema: json(&manifest.config_schema, || "the manifest's config-schema".to_owned())?,
        classes: classes(manifest.classes)?,
        limits: Limits { page_size: manifest.limits.page_size, batch_size: manifest.limits.batch_size },
        egress: manifest.egress.into_iter().map(egress_need).collect(),
        directories: manifest.directories.into_iter().map(directory_need).collect(),
        permissions: manifest
            .permissions
            .into_iter()
            .map(|need| PermissionNeed { name: need.name, reason: need.reason })
            .collect(),
    })
}

fn egress_need(need: wit::EgressNeed) -> EgressNeed {
    EgressNeed {
        endpoint: need.endpoint,
        description: need.description,
        example: need.example,
        reading_posts: need.reading_posts,
    }
}

fn directory_need(need: wit::DirectoryNeed) -> DirectoryNeed {
    DirectoryNeed { directory: need.directory, description: need.description, writes: need.writes }
}

/// Object classes.
///
/// # Errors
/// The shape of a complex attribute is no JSON.
pub(crate) fn classes(classes: Vec<wit::ObjectClass>) -> Result<Vec<ObjectClass>, BrokenText> {
    classes.into_iter().map(class).collect()
}

fn class(class: wit::ObjectClass) -> Result<ObjectClass, BrokenText> {
    let attributes =
        class.attributes.into_iter().map(|found| attribute(&class.name, found)).collect::<Result<_, _>>()?;
    Ok(ObjectClass {
        name: class.name,
        title: class.title,
        kind: match class.kind {
            wit::ClassKind::Account => ClassKind::Account,
            wit::ClassKind::Entitlement => ClassKind::Entitlement,
            wit::ClassKind::Other => ClassKind::Other,
        },
        attributes,
        open: class.open,
        operations: operations(class.operations),
        delete_semantics: match class.delete_semantics {
            wit::DeleteSemantics::Hard => DeleteSemantics::Hard,
            wit::DeleteSemantics::Soft => DeleteSemantics::Soft,
            wit::DeleteSemantics::Deactivates => DeleteSemantics::Deactivates,
            wit::DeleteSemantics::None => DeleteSemantics::None,
        },
        holding: class.holding.map(holding),
        consistency_lag_ms: class.consistency_lag_ms,
    })
}

fn attribute(class: &str, attribute: wit::Attribute) -> Result<Attribute, BrokenText> {
    let place = || format!("the shape of attribute `{}` of class `{class}`", attribute.name);
    let shape = attribute.shape.as_deref().map(|shape| json(shape, place)).transpose()?;
    Ok(Attribute {
        name: attribute.name,
        description: attribute.description,
        kind: attribute_kind(attribute.kind),
        traits: attribute_traits(attribute.traits),
        reference_class: attribute.reference_class,
        shape,
        allowed_values: attribute.allowed_values,
        max_length: attribute.max_length,
    })
}

fn attribute_kind(kind: wit::AttributeKind) -> AttributeKind {
    match kind {
        wit::AttributeKind::Text => AttributeKind::Text,
        wit::AttributeKind::Boolean => AttributeKind::Boolean,
        wit::AttributeKind::Integer => AttributeKind::Integer,
        wit::AttributeKind::Decimal => AttributeKind::Decimal,
        wit::AttributeKind::Timestamp => AttributeKind::Timestamp,
        wit::AttributeKind::Bytes => AttributeKind::Bytes,
        wit::AttributeKind::Reference => AttributeKind::Reference,
        wit::AttributeKind::Complex => AttributeKind::Complex,
        wit::AttributeKind::SecretSlot => AttributeKind::SecretSlot,
    }
}

fn attribute_traits(traits: wit::AttributeTraits) -> AttributeTraits {
    AttributeTraits {
        multi_valued: traits.contains(wit::AttributeTraits::MULTI_VALUED),
        required: traits.contains(wit::AttributeTraits::REQUIRED),
        read_only: traits.contains(wit::AttributeTraits::READ_ONLY),
        immutable: traits.contains(wit::AttributeTraits::IMMUTABLE),
        write_only: traits.contains(wit::AttributeTraits::WRITE_ONLY),
        case_exact: traits.contains(wit::AttributeTraits::CASE_EXACT),
        unique: traits.contains(wit::AttributeTraits::UNIQUE),
        on_request: traits.contains(wit::AttributeTraits::ON_REQUEST),
    }
}

fn operations(operations: wit::Operations) -> Operations {
    Operations {
        search: operations.contains(wit::Operations::SEARCH),
        get: operations.contains(wit::Operations::GET),
        changes: operations.contains(wit::Operations::CHANGES),
        create: operations.contains(wit::Operations::CREATE),
        update: operations.contains(wit::Operations::UPDATE),
        set_active: operations.contains(wit::Operations::SET_ACTIVE),
        delete: operations.contains(wit::Operations::DELETE),
        set_password: operations.contains(wit::Operations::SET_PASSWORD),
        grant: operations.contains(wit::Operations::GRANT),
        revoke: operations.contains(wit::Operations::REVOKE),
    }
}

fn holding(holding: wit::Holding) -> Holding {
    Holding {
        account_class: holding.account_class,
        side: match holding.side {
            wit::HoldingSide::Account => HoldingSide::Account,
            wit::HoldingSide::Entitlement => HoldingSide::Entitlement,
        },
        attribute: holding.attribute,
        cardinality: match holding.cardinality {
            wit::Cardinality::Many => Cardinality::Many,
            wit::Cardinality::AtMostOne => Cardinality::AtMostOne,
            wit::Cardinality::ExactlyOne => Cardinality::ExactlyOne,
        },
    }
}
