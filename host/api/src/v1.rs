//! Version 1 of the API.
#![expect(unused_qualifications, reason = "the macros of the description write names out")]

mod accounts;
mod assignments;
mod audit;
mod backups;
mod because;
mod caller;
mod cases;
mod checks;
mod connectors;
mod declarations;
mod deletions;
mod events;
mod groups;
mod guard;
mod held;
mod identities;
mod insight;
mod limits;
mod log;
mod operations;
mod paging;
mod plans;
mod quarantine;
mod roles;
mod runs;
mod schedules;
mod scim_tokens;
mod secrets;
mod sorting;
mod sources;
mod targets;
mod tokens;
mod upgrades;
mod webhooks;

use crate::ApiState;
use crate::auth::{only_for, owners_too};
use axum::extract::DefaultBodyLimit;
pub(crate) use connectors::drop_in::LARGEST_UPLOAD;
pub(crate) use declarations::apply::LARGEST as LARGEST_DECLARATIONS;
use purser_model::access::Permission;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    owners_too(Permission::Read, reading())
        .merge(only_for(Permission::Read, reading_everything()))
        .merge(owners_too(Permission::Operate, operating()))
        .merge(only_for(Permission::Operate, operating_everything()))
        .merge(owners_too(Permission::Approve, approving()))
        .merge(only_for(Permission::Administer, administering()))
}

fn reading() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(identities::list::handle))
        .routes(routes!(identities::read::handle))
        .routes(routes!(identities::explain::handle))
        .routes(routes!(accounts::list::handle))
        .routes(routes!(accounts::read::handle))
        .routes(routes!(operations::list::handle))
        .routes(routes!(operations::read::handle))
        .routes(routes!(runs::list::handle))
        .routes(routes!(runs::read::handle))
        .routes(routes!(plans::list::handle))
        .routes(routes!(plans::read::handle))
        .routes(routes!(plans::items::handle))
        .routes(routes!(targets::list::handle))
        .routes(routes!(targets::read::handle))
        .routes(routes!(cases::list::handle))
        .routes(routes!(cases::read::handle))
        .routes(routes!(held::list::handle))
        .routes(routes!(deletions::list::handle))
        .routes(routes!(deletions::read::handle))
        .routes(routes!(quarantine::list::handle))
        .routes(routes!(audit::list::handle))
        .routes(routes!(caller::read::handle))
        .routes(routes!(insight::dormant::handle))
        .routes(routes!(insight::drift::handle))
        .routes(routes!(insight::entitlements::handle))
        .routes(routes!(insight::failures::handle))
        .routes(routes!(insight::latency::handle))
        .routes(routes!(insight::orphans::handle))
}

/// What cannot be told target by target.
fn reading_everything() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(groups::list::handle))
        .routes(routes!(groups::read::handle))
        .routes(routes!(groups::members::handle))
        .routes(routes!(roles::list::handle))
        .routes(routes!(roles::read::handle))
        .routes(routes!(roles::holders::handle))
        .routes(routes!(assignments::list::handle))
        .routes(routes!(assignments::read::handle))
        .routes(routes!(sources::list::handle))
        .routes(routes!(sources::read::handle))
        .routes(routes!(schedules::list::handle))
        .routes(routes!(connectors::list::handle))
        .routes(routes!(connectors::read::handle))
        .routes(routes!(connectors::differences::handle))
        .routes(routes!(upgrades::list::handle))
        .routes(routes!(guard::list::handle))
        .routes(routes!(limits::list::handle))
        .routes(routes!(log::list::handle))
        .routes(routes!(webhooks::list::handle))
        .routes(routes!(webhooks::read::handle))
        .routes(routes!(webhooks::dead::handle))
        .routes(routes!(events::list::handle))
        .routes(routes!(events::stream::handle))
}

fn operating_everything() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(identities::suspension::put, identities::suspension::delete))
        .routes(routes!(identities::departure::put, identities::departure::delete))
        .routes(routes!(groups::member::add, groups::member::remove))
        .routes(routes!(assignments::make::handle))
        .routes(routes!(assignments::bulk::handle))
        .routes(routes!(assignments::end::handle))
        .routes(routes!(checks::make::handle))
        .routes(routes!(upgrades::of_source::handle))
        .routes(routes!(upgrades::of_target::handle))
        .routes(routes!(webhooks::test::handle))
        .routes(routes!(webhooks::redeliver::handle))
        .routes(routes!(webhooks::enable::handle))
}

fn operating() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(identities::provision::handle))
        .routes(routes!(accounts::link::handle))
        .routes(routes!(accounts::unlink::handle))
        .routes(routes!(cases::decide::handle))
        .routes(routes!(deletions::cancel::handle))
        .routes(routes!(operations::retry::handle))
        .routes(routes!(operations::cancel::handle))
        .routes(routes!(targets::release::handle))
        .routes(routes!(runs::start::handle))
        .routes(routes!(runs::stop::handle))
        .routes(routes!(plans::make::handle))
        .routes(routes!(plans::apply::handle))
}

fn approving() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(held::decide::handle)).routes(routes!(plans::decide::handle))
}

fn administering() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(audit::verify::handle))
        .routes(routes!(tokens::list::handle))
        .routes(routes!(tokens::read::handle))
        .routes(routes!(tokens::create::handle))
        .routes(routes!(tokens::revoke::handle))
        .routes(routes!(scim_tokens::list::handle))
        .routes(routes!(scim_tokens::read::handle))
        .routes(routes!(scim_tokens::create::handle))
        .routes(routes!(scim_tokens::revoke::handle))
        .routes(routes!(backups::list::handle))
        .routes(routes!(backups::create::handle))
        .routes(routes!(backups::read::handle))
        .routes(routes!(backups::content::handle))
        .routes(routes!(backups::remove::handle))
        .routes(routes!(secrets::list::handle))
        .routes(routes!(secrets::read::handle))
        .routes(routes!(secrets::set::handle))
        .routes(routes!(secrets::remove::handle))
        .routes(routes!(secrets::rotate_key::handle))
        .routes(routes!(connectors::prune::handle))
        .routes(routes!(events::prune::handle))
        .routes(routes!(declarations::read::handle))
        .routes(routes!(guard::set::handle))
        .merge(with_large_bodies())
}

/// What is sent to these is larger than elsewhere.
fn with_large_bodies() -> OpenApiRouter<ApiState> {
    let connector = OpenApiRouter::new().routes(routes!(connectors::drop_in::handle));
    let declarations = OpenApiRouter::new().routes(routes!(declarations::apply::handle));
    connector
        .layer(DefaultBodyLimit::max(LARGEST_UPLOAD))
        .merge(declarations.layer(DefaultBodyLimit::max(declarations::apply::LARGEST)))
}
