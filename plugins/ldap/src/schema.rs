//! The classes, as far as the directory knows their attributes.

use crate::attribute::{self, CONTAINER, Described};
use crate::config::{Config, Disabling, Membership};
use crate::directory::Directory;
use crate::entry::{GROUPS, MEMBERS};
use purser_sdk::ldap::{Scope, Search};
use purser_sdk::{
    Attribute, AttributeKind, Cardinality, DeleteSemantics, Error, Holding, HoldingSide, ObjectClass, Operation,
};
use std::collections::BTreeSet;

/// The classes of a configuration, with every attribute that they can have.
pub fn classes(config: &Config) -> Vec<ObjectClass> {
    let mut classes = vec![user(config, &attribute::of_users(config))];
    if config.groups.is_some() {
        classes.push(group(config, &attribute::of_groups(config)));
    }
    classes
}

/// The classes with those attributes that the directory's own schema names; all where it shows none.
///
/// # Errors
/// As the directory gives them.
pub fn discovered(directory: &Directory) -> Result<Vec<ObjectClass>, Error> {
    let Some(known) = known_attributes(directory)? else { return Ok(classes(&directory.config)) };
    let config = &directory.config;
    let there = |described: &Described| known.contains(&described.wire_name().to_lowercase());
    let users: Vec<_> = attribute::of_users(config).into_iter().filter(there).collect();
    let mut classes = vec![user(config, &users)];
    if config.groups.is_some() {
        let groups: Vec<_> = attribute::of_groups(config).into_iter().filter(there).collect();
        classes.push(group(config, &groups));
    }
    Ok(classes)
}

/// The attributes that the directory's schema names, in lower case; none where it shows no schema (RFC 4512 section 4.4).
///
/// # Errors
/// As the directory gives them.
pub fn known_attributes(directory: &Directory) -> Result<Option<BTreeSet<String>>, Error> {
    let root = directory.root(&["subschemaSubentry"])?;
    let Some(place) = root.as_ref().and_then(|root| root.text("subschemaSubentry")) else { return Ok(None) };
    let search = Search::new(place, Scope::Base, "(objectClass=*)").attributes(["attributeTypes"]);
    let found = directory.search_if_there(&search, "read the schema")?;
    let described = found.iter().flat_map(|entry| entry.values("attributeTypes"));
    let names: BTreeSet<String> =
        described.filter_map(|text| std::str::from_utf8(text).ok()).flat_map(names_in).map(str::to_lowercase).collect();
    Ok((!names.is_empty()).then_some(names))
}

/// The names in a description: `( 2.5.4.4 NAME ( 'sn' 'surname' ) ... )`.
fn names_in(description: &str) -> Vec<&str> {
    let Some((_, rest)) = description.split_once("NAME ") else { return Vec::new() };
    let rest = rest.trim_start();
    if let Some(several) = rest.strip_prefix('(') {
        let names = several.split(')').next().unwrap_or_default();
        return names.split('\'').skip(1).step_by(2).collect();
    }
    rest.split('\'').nth(1).into_iter().collect()
}

fn user(config: &Config, attributes: &[Described]) -> ObjectClass {
    let mut operations = vec![
        Operation::Search,
        Operation::Get,
        Operation::Changes,
        Operation::Create,
        Operation::Update,
        Operation::Delete,
        Operation::SetPassword,
    ];
    if config.is_active_directory() || config.disabling != Disabling::None {
        operations.push(Operation::SetActive);
    }
    if config.groups.is_some() {
        operations.extend([Operation::Grant, Operation::Revoke]);
    }
    let password = Attribute::new(config.profile().password, AttributeKind::SecretSlot).describe("The password");
    let mut class = ObjectClass::account("user")
        .title("Account")
        .attributes(attributes.iter().map(Described::declared))
        .attribute(container())
        .attribute(write_only(password));
    if config.membership() == Some(Membership::MemberOf) {
        class = class.attribute(Attribute::reference(GROUPS, "group").multi_valued().read_only());
    }
    class.operations(&operations).delete_semantics(match config.is_active_directory() {
        true => DeleteSemantics::Soft,
        false => DeleteSemantics::Hard,
    })
}

fn write_only(mut attribute: Attribute) -> Attribute {
    attribute.traits.write_only = true;
    attribute
}

fn container() -> Attribute {
    Attribute::text(CONTAINER).describe("The entry that it lies in; another one moves it")
}

fn group(config: &Config, attributes: &[Described]) -> ObjectClass {
    let (side, attribute) = match config.membership() {
        Some(Membership::Member) => (HoldingSide::Entitlement, MEMBERS),
        _ => (HoldingSide::Account, GROUPS),
    };
    let holding = Holding {
        account_class: "user".to_owned(),
        side,
        attribute: attribute.to_owned(),
        cardinality: Cardinality::Many,
    };
    let operations = [
        Operation::Search,
        Operation::Get,
        Operation::Changes,
        Operation::Create,
        Operation::Update,
        Operation::Delete,
    ];
    let mut class = ObjectClass::entitlement("group", holding)
        .title("Group")
        .attributes(attributes.iter().map(Described::declared))
        .attribute(container());
    if config.membership() == Some(Membership::Member) {
        class = class.attribute(Attribute::reference(MEMBERS, "user").multi_valued().read_only());
    }
    class.operations(&operations).delete_semantics(DeleteSemantics::Hard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_descriptions() {
        assert_eq!(names_in("( 2.5.4.4 NAME ( 'sn' 'surname' ) DESC 'x (y)' SUP name )"), ["sn", "surname"]);
        assert_eq!(names_in("( 0.9 NAME 'uid' EQUALITY x SYNTAX 1.3{256} )"), ["uid"]);
        assert!(names_in("( 1.2.3 DESC 'nameless' )").is_empty());
    }
}
