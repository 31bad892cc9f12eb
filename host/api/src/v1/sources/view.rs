//! A source, as the API shows it.

use crate::ApiState;
use crate::problem::Problem;
use purser_model::configuration::Source;
use purser_model::guard::GuardLimit;
use purser_model::id::SourceName;
use purser_model::scim::PushedSource;
use purser_model::upgrade::Build;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A source: it is read, or somebody pushes to it.
#[derive(Serialize, ToSchema)]
#[schema(as = Source)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub(crate) enum SourceView {
    /// Its connector is asked for identities.
    Read {
        /// Its name.
        name: SourceName,
        /// Which connector it takes, as declared.
        connector: String,
        /// The build that it runs; null where it has run none yet.
        runs: Option<Build>,
        /// The class that is read.
        class: String,
        /// How attributes of identities follow from a record; empty takes the record as it is.
        attributes: BTreeMap<String, String>,
        /// When it is read, in five fields of cron; null where the host was told when it started.
        schedule: Option<String>,
        /// Whether who is not in a complete listing has departed.
        absence_means_departed: bool,
        /// How many may depart in one import.
        guard: GuardLimit,
    },
    /// A client of the SCIM server pushes to it.
    Scim {
        /// Its name.
        name: SourceName,
        /// How attributes of identities follow from a user; empty takes the user as it is.
        attributes: BTreeMap<String, String>,
        /// The schemas that users have beyond the RFC.
        extensions: Vec<String>,
    },
}

/// All sources, by name.
pub(super) async fn all(state: &ApiState) -> Result<BTreeMap<SourceName, SourceView>, Problem> {
    let configuration = state.engine.rules().configuration();
    let mut views = BTreeMap::new();
    for (name, source) in &configuration.sources {
        let used = state.store.connector_use(&format!("source {name}")).await?;
        views.insert(name.clone(), read(name, source, used.map(|used| used.current)));
    }
    views.extend(configuration.pushed.iter().map(|(name, source)| (name.clone(), pushed(name, source))));
    Ok(views)
}

fn read(name: &SourceName, source: &Source, runs: Option<Build>) -> SourceView {
    SourceView::Read {
        name: name.clone(),
        connector: source.instance.connector.to_string(),
        runs,
        class: source.class.clone(),
        attributes: source.attributes.clone(),
        schedule: source.schedule.as_ref().map(|schedule| schedule.expression().to_owned()),
        absence_means_departed: source.absence_means_departed,
        guard: source.guard,
    }
}

fn pushed(name: &SourceName, source: &PushedSource) -> SourceView {
    SourceView::Scim {
        name: name.clone(),
        attributes: source.attributes.clone(),
        extensions: source.extensions.keys().cloned().collect(),
    }
}
