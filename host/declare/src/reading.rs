//! What is gathered while the files are read.

use crate::DeclarationText;
use crate::circle::first_circle;
use crate::problems::{Place, Problems};
use crate::section::{Node, Section};
use crate::{api, check, connectors, issuer, membership, source, target, webhook};
use purser_model::configuration::Configuration;
use purser_model::id::RoleName;
use purser_plan::RulePlace;
use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

/// The declarations as far as they were read. A section with mistakes is kept as far as it goes, so that further mistakes
/// in it are found and what refers to it is not called wrong; nothing of it is used then.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) configuration: Configuration,
    pub(crate) problems: Problems,
    /// Where each expression stands.
    pub(crate) expressions: BTreeMap<RulePlace, Place>,
    /// What refers to something that may be declared in a later file.
    pub(crate) references: Vec<check::Reference>,
    /// Where each section was declared first, by `kind.name`.
    declared: BTreeMap<String, Place>,
}

impl Reading {
    /// Reads one file that is well-formed TOML. Relative paths in it begin at `base`.
    pub(crate) fn read(&mut self, mut file: Section<'_>, base: &Path, files: &[DeclarationText]) {
        for (name, section) in file.sections("source", &mut self.problems) {
            if let Some(name) = self.declare("source", name, &section.place, files) {
                source::read(self, name, section, base);
            }
        }
        for (name, section) in file.sections("target", &mut self.problems) {
            if let Some(name) = self.declare("target", name, &section.place, files) {
                let target = target::read(self, &name, section, base);
                self.configuration.targets.insert(name, target);
            }
        }
        for (name, section) in file.sections("group", &mut self.problems) {
            if let Some(name) = self.declare("group", name, &section.place, files) {
                let group = membership::group(self, &name, section);
                self.configuration.groups.insert(name, group);
            }
        }
        for (name, section) in file.sections("role", &mut self.problems) {
            if let Some(name) = self.declare("role", name, &section.place, files) {
                let role = membership::role(self, &name, section);
                self.configuration.roles.insert(name, role);
            }
        }
        for (name, section) in file.sections("webhook", &mut self.problems) {
            if let Some(name) = self.declare("webhook", name, &section.place, files)
                && let Some(webhook) = webhook::read(section, base, &mut self.problems)
            {
                self.configuration.webhooks.insert(name, webhook);
            }
        }
        for (name, section) in file.sections("issuer", &mut self.problems) {
            if let Some(name) = self.declare("issuer", name, &section.place, files) {
                issuer::read(self, name, section, base);
            }
        }
        if let Some(section) = file.optional("connectors").and_then(|node| node.section(&mut self.problems))
            && let Some(()) = self.declare_once("connectors", &section.place, files)
        {
            self.configuration.connectors = connectors::rules(section, &mut self.problems);
        }
        if let Some(section) = file.optional("api").and_then(|node| node.section(&mut self.problems))
            && let Some(()) = self.declare_once("api", &section.place, files)
        {
            self.configuration.api = api::rules(section, base, &mut self.problems);
        }
        file.finish(&mut self.problems);
    }

    /// Reports roles that contain themselves over others, and entitlements that need themselves.
    pub(crate) fn check_circles(&mut self) {
        let roles = &self.configuration.roles;
        let contained =
            roles.iter().map(|(name, role)| (name.as_str(), role.roles.iter().map(RoleName::as_str).collect()));
        if let Some(circle) = first_circle(&contained.collect())
            && let Some(place) = self.declared.get(&format!("role.{}", circle[0]))
        {
            self.problems.report(place, format!("roles contain each other in a circle: {}", circle.join(" -> ")));
        }
        for (name, target) in &self.configuration.targets {
            let needs = target
                .entitlements
                .iter()
                .map(|(name, entitlement)| (name.as_str(), entitlement.needs.iter().map(String::as_str).collect()));
            if let Some(circle) = first_circle(&needs.collect())
                && let Some(place) = self.declared.get(&format!("target.{name}"))
            {
                let message = format!("entitlements need each other in a circle: {}", circle.join(" -> "));
                self.problems.report(place, message);
            }
        }
    }

    /// The section's name, unless it is no name or was declared before.
    fn declare<N: FromStr>(&mut self, kind: &str, name: &str, place: &Place, files: &[DeclarationText]) -> Option<N>
    where
        N::Err: std::fmt::Display,
    {
        let parsed = match name.parse() {
            Ok(parsed) => parsed,
            Err(error) => {
                self.problems.report(place, format!("{error}"));
                return None;
            }
        };
        if let Some(first) = self.declared.get(&format!("{kind}.{name}")) {
            let first = first.describe(files);
            let advice =
                format!("{kind} `{name}` is declared at {first} already: remove one of them or give it another name");
            self.problems.report(place, advice);
            return None;
        }
        self.declared.insert(format!("{kind}.{name}"), place.clone());
        Some(parsed)
    }

    /// Whether a section without a name stands here for the first time.
    fn declare_once(&mut self, kind: &str, place: &Place, files: &[DeclarationText]) -> Option<()> {
        if let Some(first) = self.declared.get(kind) {
            let message = format!("[{kind}] is declared at {} already: remove one of them", first.describe(files));
            self.problems.report(place, message);
            return None;
        }
        self.declared.insert(kind.to_owned(), place.clone());
        Some(())
    }

    /// The text of an expression, whose place is kept for what the compiler says about it.
    pub(crate) fn expression(&mut self, node: &Node<'_>, rule: RulePlace) -> Option<String> {
        let text = node.text(&mut self.problems)?;
        self.expressions.insert(rule, node.place.clone());
        Some(text)
    }
}
