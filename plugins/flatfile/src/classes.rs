//! The configured classes, as the host sees them.

use crate::config::{ClassConfig, Config, Format};
use crate::row::RowFormat;
use crate::table::Table;
use purser_sdk::host::Directory;
use purser_sdk::{
    Attribute, AttributeKind, Cardinality, ClassKind, DeleteSemantics, Error, Holding, HoldingSide, ObjectClass,
    Operation,
};
use std::collections::BTreeSet;

/// The classes with the columns that their files have now.
///
/// # Errors
/// A header that cannot be read.
pub fn discover(config: &Config, directory: &Directory) -> Result<Vec<ObjectClass>, Error> {
    config.classes.iter().map(|(name, class)| discover_class(config, directory, name, class)).collect()
}

fn discover_class(
    config: &Config,
    directory: &Directory,
    name: &str,
    class: &ClassConfig,
) -> Result<ObjectClass, Error> {
    let in_file = match Table::open(directory, class)?.map(|table| table.format) {
        Some(RowFormat::Csv(format)) => format.columns().to_vec(),
        Some(RowFormat::Jsonl(_)) | None => Vec::new(),
    };
    let mut described = ObjectClass::new(name, class.kind).title(name).operations(&operations(config, name, class));
    described.open = class.columns.is_none();
    described.delete_semantics = DeleteSemantics::Hard;
    described.holding = class.holding.as_ref().map(|holding| Holding {
        account_class: holding.account_class.clone(),
        side: HoldingSide::Account,
        attribute: holding.attribute.clone(),
        cardinality: Cardinality::Many,
    });
    let columns = column_names(class, in_file).into_iter().filter(|column| Some(column) != class.active.as_ref());
    Ok(described.attributes(columns.map(|column| attribute(config, name, class, &column))))
}

/// The columns in the order of the file, then those that only the configuration names.
fn column_names(class: &ClassConfig, in_file: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let configured = class.required_columns().chain(&class.multi).chain(class.types.keys()).cloned();
    in_file.into_iter().chain(configured).filter(|name| seen.insert(name.clone())).collect()
}

fn operations(config: &Config, name: &str, class: &ClassConfig) -> Vec<Operation> {
    let mut operations =
        vec![Operation::Search, Operation::Get, Operation::Create, Operation::Update, Operation::Delete];
    if class.active.is_some() {
        operations.push(Operation::SetActive);
    }
    if config.held_by(name).next().is_some() {
        operations.extend([Operation::Grant, Operation::Revoke]);
    }
    operations
}

fn attribute(config: &Config, class_name: &str, class: &ClassConfig, column: &str) -> Attribute {
    let held = config.held_by(class_name).find(|(_, attribute)| *attribute == column);
    let mut attribute = match held {
        Some((entitlement_class, _)) => Attribute::reference(column, entitlement_class),
        None => Attribute::new(column, class.kind_of(column).attribute_kind()),
    };
    attribute.description = match class.format() {
        Format::Csv => format!("the column `{column}` of {}", class.file),
        Format::Jsonl => format!("`{column}` in {}", class.file),
    };
    attribute.traits.multi_valued = class.multi.contains(column);
    // Texts are compared as they stand, except for names and addresses that people type: the host folds their case.
    attribute.traits.case_exact = attribute.kind == AttributeKind::Reference;
    if column == class.key {
        attribute = attribute.required().immutable().unique().case_exact();
    }
    attribute
}

/// Whether accounts are among the classes; a source or target without them is of little use.
pub fn has_accounts(config: &Config) -> bool {
    config.classes.values().any(|class| class.kind == ClassKind::Account)
}
