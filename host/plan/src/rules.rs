//! A configuration whose expressions are compiled.

use crate::attributes::insert;
use crate::expression::{CompileError, Dialect, Expression};
use crate::outcome::{
    CorrelationValue, IdentityPlan, IdentitySnapshot, Memberships, RecordError, TargetView, UniqueValues,
};
use crate::subject::{Subject, TODAY};
use crate::unique::{self, ITERATION};
use crate::{memberships, planner, records, references};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use purser_model::Attributes;
use purser_model::account::Account;
use purser_model::configuration::{Configuration, DeclaredEntitlement, Mapping, Member, Source, Target};
use purser_model::id::{GroupName, RoleName, SourceName, TargetName};
use purser_model::identity::{Identity, IdentityRecord, Validity};
use purser_model::object::Object;
use purser_model::operation::Intent;
#[cfg(doc)]
use purser_model::plan::PlanItem;
use purser_model::plan::PlannedOperation;
use purser_model::scim::PushedSource;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

/// Where an expression stands in the declarations.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RulePlace {
    /// `source.NAME.attributes.ATTRIBUTE`
    SourceAttribute {
        /// The source.
        source: SourceName,
        /// The identity's attribute.
        attribute: String,
    },
    /// `source.NAME.lifecycle`
    SourceLifecycle {
        /// The source.
        source: SourceName,
    },
    /// `source.NAME.valid_from` or `source.NAME.valid_until`
    SourceValidity {
        /// The source.
        source: SourceName,
        /// Which of the two.
        end: ValidityEnd,
    },
    /// `target.NAME.correlation[INDEX].value`
    Correlation {
        /// The target.
        target: TargetName,
        /// Which correlation, counted from 0.
        index: usize,
    },
    /// `target.NAME.protected.rule`
    Protection {
        /// The target.
        target: TargetName,
    },
    /// `target.NAME.mapping.ATTRIBUTE`
    Mapping {
        /// The target.
        target: TargetName,
        /// The account's attribute.
        attribute: String,
    },
    /// `group.NAME.rule`
    GroupRule {
        /// The group.
        group: GroupName,
    },
    /// `role.NAME.rule`
    RoleRule {
        /// The role.
        role: RoleName,
    },
}

/// One end of a validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValidityEnd {
    /// `valid_from`
    From,
    /// `valid_until`
    Until,
}

impl fmt::Display for ValidityEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::From => "valid_from",
            Self::Until => "valid_until",
        })
    }
}

impl fmt::Display for RulePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SourceAttribute { source, attribute } => write!(f, "source.{source}.attributes.{attribute}"),
            Self::SourceLifecycle { source } => write!(f, "source.{source}.lifecycle"),
            Self::SourceValidity { source, end } => write!(f, "source.{source}.{end}"),
            Self::Correlation { target, index } => write!(f, "target.{target}.correlation[{index}].value"),
            Self::Protection { target } => write!(f, "target.{target}.protected.rule"),
            Self::Mapping { target, attribute } => write!(f, "target.{target}.mapping.{attribute}"),
            Self::GroupRule { group } => write!(f, "group.{group}.rule"),
            Self::RoleRule { role } => write!(f, "role.{role}.rule"),
        }
    }
}

/// An expression that does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place} = \"{expression}\": {message}")]
pub struct RuleError {
    /// Where it stands.
    pub place: RulePlace,
    /// The expression.
    pub expression: String,
    /// What is wrong with it and what to do.
    pub message: String,
}

/// A configuration with every expression compiled once.
#[derive(Debug)]
pub struct Rules {
    configuration: Configuration,
    pub(crate) dialect: Dialect,
    pub(crate) sources: BTreeMap<SourceName, SourceRules>,
    pub(crate) targets: BTreeMap<TargetName, TargetRules>,
    pub(crate) groups: BTreeMap<GroupName, MemberRule>,
    pub(crate) roles: BTreeMap<RoleName, MemberRule>,
}

/// The expressions of a source.
#[derive(Debug)]
pub(crate) struct SourceRules {
    pub(crate) attributes: Vec<(String, Expression)>,
    pub(crate) lifecycle: Option<Expression>,
    pub(crate) valid_from: Option<Expression>,
    pub(crate) valid_until: Option<Expression>,
    pub(crate) time_zone: TimeZone,
}

/// The expressions of a target.
#[derive(Debug)]
pub(crate) struct TargetRules {
    /// In order of trust.
    pub(crate) correlation: Vec<CorrelationRule>,
    pub(crate) protection: Option<Expression>,
    pub(crate) mappings: Vec<MappingRule>,
}

/// How an existing account is recognised.
#[derive(Debug)]
pub(crate) struct CorrelationRule {
    pub(crate) attribute: String,
    /// The value it must have.
    pub(crate) value: Expression,
    pub(crate) weight: u8,
}

/// A mapping.
#[derive(Debug)]
pub(crate) struct MappingRule {
    pub(crate) declared: Mapping,
    pub(crate) expression: Expression,
}

impl MappingRule {
    /// Whether it gives a unique value to an account that is to be created, or to one that is there.
    pub(crate) fn is_unique_for(&self, creating: bool) -> bool {
        self.declared.unique && (creating || !self.declared.create_only)
    }
}

impl TargetRules {
    /// Whether what an identity should have here changes with the day.
    pub(crate) fn uses_today(&self) -> bool {
        let correlation = self.correlation.iter().map(|rule| &rule.value);
        correlation.chain(self.mappings.iter().map(|mapping| &mapping.expression)).any(|one| one.uses(TODAY))
    }
}

/// Who belongs to a group or has a role.
#[derive(Debug)]
pub(crate) struct MemberRule {
    /// By `source/key`: when it belongs.
    pub(crate) members: HashMap<String, Vec<Validity>>,
    pub(crate) rule: Option<Expression>,
}

/// The expressions by which a source's records become identities, whether it is read or pushes.
struct RecordExpressions<'a> {
    attributes: &'a BTreeMap<String, String>,
    lifecycle: &'a Option<String>,
    valid_from: &'a Option<String>,
    valid_until: &'a Option<String>,
    time_zone: &'a TimeZone,
}

impl<'a> From<&'a Source> for RecordExpressions<'a> {
    fn from(source: &'a Source) -> Self {
        let Source { attributes, lifecycle, valid_from, valid_until, time_zone, .. } = source;
        Self { attributes, lifecycle, valid_from, valid_until, time_zone }
    }
}

impl<'a> From<&'a PushedSource> for RecordExpressions<'a> {
    fn from(source: &'a PushedSource) -> Self {
        let PushedSource { attributes, lifecycle, valid_from, valid_until, time_zone, .. } = source;
        Self { attributes, lifecycle, valid_from, valid_until, time_zone }
    }
}

impl Rules {
    /// Compiles every expression of a configuration. References between its parts are not checked here: a grant in a
    /// target that is not declared grants nothing.
    ///
    /// # Errors
    /// Every expression that does not compile, not only the first.
    pub fn compile(configuration: Configuration) -> Result<Self, Vec<RuleError>> {
        let mut compiler = Compiler { dialect: Dialect::new(), errors: Vec::new() };
        let mut sources = compile_each(&configuration.sources, |name, source| {
            compiler.source(name, &RecordExpressions::from(source))
        });
        sources.extend(compile_each(&configuration.pushed, |name, source| {
            compiler.source(name, &RecordExpressions::from(source))
        }));
        let targets = compile_each(&configuration.targets, |name, target| compiler.target(name, target));
        let groups = compile_each(&configuration.groups, |name, group| {
            compiler.members(RulePlace::GroupRule { group: name.clone() }, &group.members, group.rule.as_deref())
        });
        let roles = compile_each(&configuration.roles, |name, role| {
            compiler.members(RulePlace::RoleRule { role: name.clone() }, &role.members, role.rule.as_deref())
        });
        let Compiler { dialect, errors } = compiler;
        if errors.is_empty() {
            Ok(Self { configuration, dialect, sources, targets, groups, roles })
        } else {
            Err(errors)
        }
    }

    /// The configuration these rules come from.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The identity record that an object of a source stands for. Expressions see the variables `record` (the attributes),
    /// `id` (the primary id) and `active` (null where the class has no such state). The key is the primary id.
    ///
    /// # Errors
    /// The object or the source's declaration does not give one; the error names key, expression and cause.
    pub fn identity_record(&self, source: &SourceName, object: &Object) -> Result<IdentityRecord, RecordError> {
        records::identity_record(self, source, object)
    }

    /// The groups and roles of an identity at this time, with the reasons. A rule sees the variable `identity`.
    pub fn memberships(&self, identity: &Identity, now: Timestamp) -> Memberships {
        memberships::memberships(self, &Subject::new(&self.dialect, identity, now))
    }

    /// What to look for in a target where no account is linked to the identity, in order of trust. A correlation without a
    /// value for this identity is left out.
    pub fn correlation_values(
        &self,
        identity: &Identity,
        target: &TargetName,
        now: Timestamp,
    ) -> Vec<CorrelationValue> {
        let subject = Subject::new(&self.dialect, identity, now);
        let correlation = self.targets.get(target).map_or(&[][..], |target| &target.correlation);
        let value =
            |rule: &CorrelationRule| rule.value.evaluate(&subject.scope).ok().flatten().as_ref().and_then(searchable);
        let numbered = correlation.iter().enumerate();
        numbered
            .filter_map(|(place, rule)| {
                Some(CorrelationValue { rule: place, attribute: rule.attribute.clone(), value: value(rule)? })
            })
            .collect()
    }

    /// The values that an identity may get in the unique attributes of a target where it is granted one, or has the account:
    /// [`IdentitySnapshot::taken`] must say which of them others have. Attributes that keep the value they have are left
    /// out, and those whose mapping fails or gives no value.
    pub fn unique_values(
        &self,
        identity: &Identity,
        target: &TargetName,
        account: Option<&Account>,
        now: Timestamp,
    ) -> Vec<UniqueValues> {
        match self.targets.get(target) {
            Some(rules) if rules.mappings.iter().any(|mapping| mapping.declared.unique) => {
                unique::questions(rules, &Subject::new(&self.dialect, identity, now), account)
            }
            _ => Vec::new(),
        }
    }

    /// Whether any mapping is unique.
    pub fn has_unique_attributes(&self) -> bool {
        self.targets.values().flat_map(|target| &target.mappings).any(|rule| rule.declared.unique)
    }

    /// The attributes of a target whose mappings are unique.
    pub fn unique_attributes(&self, target: &TargetName) -> Vec<String> {
        let mappings = self.targets.get(target).map_or(&[][..], |target| &target.mappings);
        mappings.iter().filter(|rule| rule.declared.unique).map(|rule| rule.declared.attribute.clone()).collect()
    }

    /// The attributes by which accounts of a target are found: those that recognise them, and those that are unique.
    pub fn key_attributes(&self, target: &TargetName) -> Vec<String> {
        let mut names = self.correlation_attributes(target);
        for name in self.unique_attributes(target) {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                names.push(name);
            }
        }
        names
    }

    /// Whether who belongs to groups and has roles changes with the day.
    pub(crate) fn memberships_use_today(&self) -> bool {
        let rules = self.groups.values().chain(self.roles.values());
        rules.filter_map(|members| members.rule.as_ref()).any(|rule| rule.uses(TODAY))
    }

    /// The attributes by which accounts of a target are recognised, in order of trust, each once.
    pub fn correlation_attributes(&self, target: &TargetName) -> Vec<String> {
        let correlation = self.targets.get(target).map_or(&[][..], |target| &target.correlation);
        let mut names: Vec<String> = Vec::new();
        for rule in correlation {
            if !names.contains(&rule.attribute) {
                names.push(rule.attribute.clone());
            }
        }
        names
    }

    /// The accounts that the identity's accounts refer to: the target, and the identity that has the account, as
    /// `source/key`. They belong into [`IdentitySnapshot::references`] as far as they are there.
    pub fn references(&self, identity: &Identity, now: Timestamp) -> BTreeSet<(TargetName, String)> {
        if self
            .targets
            .values()
            .all(|target| target.mappings.iter().all(|mapping| mapping.declared.refers_by.is_none()))
        {
            return BTreeSet::new();
        }
        let subject = Subject::new(&self.dialect, identity, now);
        let granted = self.targets_granted(identity, now).into_iter();
        let named = granted.filter_map(|name| {
            let rules = self.targets.get(&name)?;
            Some(references::named(&subject, rules).into_iter().map(move |reference| (name.clone(), reference)))
        });
        named.flatten().collect()
    }

    /// The targets in which the identity should have an account at this time. A target that hangs on a rule which cannot be decided is
    /// not among them; [`Rules::plan_identity`] gives a notice for it and leaves it alone.
    pub fn targets_granted(&self, identity: &Identity, now: Timestamp) -> BTreeSet<TargetName> {
        let memberships = self.memberships(identity, now);
        let undecided = memberships::undecided(self, &memberships);
        let granted = memberships::granted(self, &memberships).into_keys();
        granted.filter(|target| !undecided.contains_key(target)).cloned().collect()
    }

    /// What is to be done for one identity at this time.
    ///
    /// Derives what it should have in each target, compares it with the linked account and with the candidates, and gives
    /// at most one item per account. Whatever cannot be decided or done gives a notice, and then nothing half-done: a
    /// mapping or rule that fails leaves that target alone for this identity, and so does a linked account that was not
    /// read again since it was changed (it has an id and no digest): leaving it out of the snapshot instead would plan a
    /// second account. `views` must hold every target that is
    /// granted or has an account; one that is not there gives a notice. The order of accounts, candidates and
    /// entitlements does not change the plan. A value of a unique mapping is chosen among those that the snapshot does not call
    /// taken; who plans several identities tells each what the ones before it got ([`PlanItem::claims`]). Until [`IdentityPlan::look_again_at`] the same plan holds, as far as nothing
    /// but time passes.
    pub fn plan_identity(
        &self,
        snapshot: &IdentitySnapshot,
        views: &BTreeMap<TargetName, TargetView>,
        now: Timestamp,
    ) -> IdentityPlan {
        planner::plan_identity(self, snapshot, views, now)
    }

    /// The declared entitlements that are to be created in a target because they are not there, by their declared name.
    /// An entitlement counts as there when the view has it under its declared name with an id in the target.
    pub fn plan_entitlements(&self, target: &TargetName, view: &TargetView) -> Vec<(String, PlannedOperation)> {
        let declared = self.configuration.targets.get(target).map(|target| &target.entitlements);
        let missing = |name: &str| {
            !view.entitlements.iter().any(|known| known.name.as_deref() == Some(name) && known.remote_id.is_some())
        };
        let wanted = declared.into_iter().flatten().filter(|(name, entitlement)| entitlement.create && missing(name));
        wanted.map(|(name, entitlement)| (name.clone(), create_entitlement(name, entitlement))).collect()
    }
}

fn create_entitlement(name: &str, entitlement: &DeclaredEntitlement) -> PlannedOperation {
    let mut attributes = Attributes::new();
    insert(&mut attributes, &entitlement.attribute, Value::String(entitlement.value.clone()));
    PlannedOperation {
        intent: Intent::CreateEntitlement { name: name.to_owned(), attributes },
        reason: format!("no {} has {} \"{}\"", entitlement.class, entitlement.attribute, entitlement.value),
        before: Attributes::new(),
    }
}

/// The text by which a store finds an account; a list or object finds none.
pub(crate) fn searchable(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn compile_each<Name: Ord + Clone, Declared, Compiled>(
    declared: &BTreeMap<Name, Declared>,
    mut compile: impl FnMut(&Name, &Declared) -> Compiled,
) -> BTreeMap<Name, Compiled> {
    declared.iter().map(|(name, declared)| (name.clone(), compile(name, declared))).collect()
}

/// What a rule, mapping or correlation can use.
const IDENTITY: &[&str] = &["identity", TODAY];

/// What a unique mapping can use.
const UNIQUE: &[&str] = &["identity", TODAY, ITERATION];

/// What a rule about accounts can use.
const ACCOUNT: &[&str] = &["account", "id", "active"];

/// What a source's expressions can use.
const RECORD: &[&str] = &["record", "id", "active"];

/// Compiles, and collects what does not compile.
struct Compiler {
    dialect: Dialect,
    errors: Vec<RuleError>,
}

impl Compiler {
    fn expression(&mut self, place: RulePlace, text: &str, variables: &[&str]) -> Option<Expression> {
        match self.dialect.compile(text, variables) {
            Ok(expression) => Some(expression),
            Err(error) => {
                let message = match &error {
                    CompileError::UnknownVariable { name, .. } if name == ITERATION => {
                        "`iteration` is there only where a mapping says `unique = true`".to_owned()
                    }
                    _ => error.to_string(),
                };
                self.errors.push(RuleError { place, expression: text.to_owned(), message });
                None
            }
        }
    }

    fn source(&mut self, name: &SourceName, source: &RecordExpressions<'_>) -> SourceRules {
        let mut attributes = Vec::new();
        for (attribute, text) in source.attributes {
            let place = RulePlace::SourceAttribute { source: name.clone(), attribute: attribute.clone() };
            attributes.extend(self.expression(place, text, RECORD).map(|expression| (attribute.clone(), expression)));
        }
        let place = RulePlace::SourceLifecycle { source: name.clone() };
        let lifecycle = source.lifecycle.as_deref().and_then(|text| self.expression(place, text, RECORD));
        let mut validity = |end, text: &Option<String>| {
            let place = RulePlace::SourceValidity { source: name.clone(), end };
            text.as_deref().and_then(|text| self.expression(place, text, RECORD))
        };
        let valid_from = validity(ValidityEnd::From, source.valid_from);
        let valid_until = validity(ValidityEnd::Until, source.valid_until);
        SourceRules { attributes, lifecycle, valid_from, valid_until, time_zone: source.time_zone.clone() }
    }

    fn target(&mut self, name: &TargetName, target: &Target) -> TargetRules {
        let place = RulePlace::Protection { target: name.clone() };
        let protection = target.protected.rule.as_deref().and_then(|text| self.expression(place, text, ACCOUNT));
        let mut rules = TargetRules { correlation: Vec::new(), protection, mappings: Vec::new() };
        for (index, correlation) in target.correlation.iter().enumerate() {
            let place = RulePlace::Correlation { target: name.clone(), index };
            let expression = self.expression(place, &correlation.expression, IDENTITY);
            rules.correlation.extend(expression.map(|value| CorrelationRule {
                attribute: correlation.attribute.clone(),
                value,
                weight: correlation.weight,
            }));
        }
        rules.mappings = target.mappings.iter().filter_map(|mapping| self.mapping(name, mapping)).collect();
        rules
    }

    fn mapping(&mut self, target: &TargetName, mapping: &Mapping) -> Option<MappingRule> {
        let place = RulePlace::Mapping { target: target.clone(), attribute: mapping.attribute.clone() };
        let variables = if mapping.unique { UNIQUE } else { IDENTITY };
        let expression = self.expression(place.clone(), &mapping.expression, variables)?;
        if mapping.unique && expression.is_composed() {
            let message = "a unique mapping gives one text: this is a list or an object".to_owned();
            self.errors.push(RuleError { place, expression: mapping.expression.clone(), message });
        }
        Some(MappingRule { declared: mapping.clone(), expression })
    }

    fn members(&mut self, place: RulePlace, members: &[Member], rule: Option<&str>) -> MemberRule {
        let rule = rule.and_then(|text| self.expression(place, text, IDENTITY));
        let mut by_identity: HashMap<String, Vec<Validity>> = HashMap::new();
        for member in members {
            by_identity.entry(member.identity.clone()).or_default().push(member.validity);
        }
        MemberRule { members: by_identity, rule }
    }
}
