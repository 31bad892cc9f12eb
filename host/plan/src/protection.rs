//! Which accounts no operation may touch.

use crate::expression::object_value;
use crate::rules::Rules;
use cel::common::types::{CelBool, CelNull, CelString};
use purser_model::id::TargetName;
use purser_model::object::Object;

impl Rules {
    /// Why an account of a target is protected; none where it is not. Expressions see `account` (the attributes), `id`
    /// (the primary id) and `active` (null where the class has no such state). A rule that cannot be decided protects, and
    /// so do attributes that cannot be read.
    pub fn protected_because(&self, target: &TargetName, object: &Object) -> Option<String> {
        let declared = &self.configuration().targets.get(target)?.protected;
        let mut ids = std::iter::once(&object.id).chain(object.secondary_ids.iter().map(|id| &id.value));
        if ids.any(|id| declared.ids.iter().any(|named| named.to_lowercase() == id.to_lowercase())) {
            return Some("its id is declared as protected".to_owned());
        }
        self.protected_by_rule(target, object)
    }

    fn protected_by_rule(&self, target: &TargetName, object: &Object) -> Option<String> {
        let rule = self.targets.get(target)?.protection.as_ref()?;
        let attributes = match object.parse_attributes() {
            Ok(attributes) => attributes,
            Err(error) => return Some(format!("its attributes cannot be read: {error}")),
        };
        let mut scope = self.dialect.scope();
        scope.add_variable_as_val("account", object_value(&attributes, []));
        scope.add_variable_as_val("id", Box::new(CelString::from(object.id.as_str())));
        match object.active {
            Some(active) => scope.add_variable_as_val("active", Box::new(CelBool::from(active))),
            None => scope.add_variable_as_val("active", Box::new(CelNull)),
        }
        match rule.holds(&scope) {
            Ok(false) => None,
            Ok(true) => Some(format!("the rule \"{}\" holds for it", rule.text())),
            Err(error) => Some(format!("the rule \"{}\" cannot be decided for it: {error}", rule.text())),
        }
    }
}
