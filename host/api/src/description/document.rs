//! The description as a document, and what is added to every operation of it.

use super::{conditions, corrections, problems, read};
use crate::auth::Owners;
use crate::problem::{Code, Problem};
use crate::{ApiState, v1};
use purser_model::access::{ApiRole, Permission};
use serde_json::Value;
use std::sync::LazyLock;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, OpenApi};
use utoipa::{OpenApi as _, PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How the description calls the token.
const TOKEN: &str = "token";
/// Where an operation says which permission it needs.
const PERMISSION: &str = "x-permission";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Purser",
        version = "1",
        description = "Provisioning: identities, accounts, plans, runs and what people decide on.\n\nLists come in pages: \
            give `next` back as `after`. Errors are problems (RFC 9457) with a stable `code`. Work that takes long goes \
            on when the caller goes away: where it is not done within five seconds the answer is 202, and `Location` \
            says where to look.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/", description = "This host")),
    tags(
        (name = "identities", description = "People and services, as sources tell of them"),
        (name = "roles", description = "What is granted, to whom and why: groups, roles and assignments"),
        (name = "accounts", description = "What they have in the targets"),
        (name = "sources", description = "Where identities come from"),
        (name = "targets", description = "The applications"),
        (name = "plans", description = "What would be done, and what is"),
        (name = "runs", description = "Imports and reconciliations"),
        (name = "connectors", description = "The connectors that are here, and which builds are used"),
        (name = "declarations", description = "What is declared"),
        (name = "secrets", description = "Sealed secrets, which are set and never shown"),
        (name = "operations", description = "What is done to one object of a target"),
        (name = "decisions", description = "What waits for a person"),
        (name = "events", description = "What happened, and who did it"),
        (name = "webhooks", description = "Receivers that are told of events"),
        (name = "backups", description = "Copies of the host's store"),
        (name = "access", description = "Tokens of the API, and this description")
    )
)]
struct Base;

/// The description, as it is served.
pub(crate) struct Description {
    /// As data.
    pub(crate) value: Value,
    /// As text, whose members stand in order.
    pub(crate) text: String,
}

/// It follows from the code alone, and so it is made once.
pub(crate) static DESCRIPTION: LazyLock<Description> = LazyLock::new(|| {
    // Numbers, texts, lists and maps with texts as keys always serialize.
    let mut value = serde_json::to_value(describe(v1::routes())).unwrap_or_default();
    corrections::apply(&mut value);
    conditions::apply(&mut value);
    let text = serde_json::to_string_pretty(&value).unwrap_or_default();
    Description { value, text: text + "\n" }
});

/// Describes all routes.
fn describe(routes: OpenApiRouter<ApiState>) -> OpenApi {
    let open = OpenApiRouter::new().routes(routes!(read::handle));
    let whole = OpenApiRouter::with_openapi(Base::openapi()).nest("/v1", routes.merge(open));
    let mut api = whole.into_openapi();
    let components = api.components.get_or_insert_with(Components::new);
    let mut schemas = Vec::new();
    Problem::schemas(&mut schemas);
    components.schemas.extend(schemas);
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    let token = Http::builder().scheme(HttpAuthScheme::Bearer).description(Some(
        "A token of the API: `purser token create NAME --role ROLE`, or `POST /v1/tokens`. Its role says what it is good for.",
    ));
    components.security_schemes.insert(TOKEN.to_owned(), SecurityScheme::Http(token.build()).into());
    api
}

/// Says of all these operations who may ask for them, and what can go wrong with any request.
pub(crate) fn for_permission(api: &mut OpenApi, permission: Permission, owners: Owners) {
    for operation in api.paths.paths.values_mut().flat_map(operations) {
        operation.security = Some(vec![SecurityRequirement::new(TOKEN, [permission.as_str()])]);
        let roles = ApiRole::ALL.into_iter().filter(|role| owners.let_in(*role, permission));
        let roles: Vec<_> = roles.map(ApiRole::as_str).collect();
        let extension = Extensions::builder()
            .add(PERMISSION, serde_json::json!({"permission": permission.as_str(), "roles": roles}));
        operation.extensions.get_or_insert_with(Extensions::default).merge(extension.build());
        add_problems(operation);
    }
}

fn add_problems(operation: &mut Operation) {
    let mut codes = vec![
        Code::Unauthorized,
        Code::TokenExpired,
        Code::Forbidden,
        Code::TooManyRequests,
        Code::Overloaded,
        Code::IssuerUnavailable,
        Code::Internal,
    ];
    if operation.parameters.as_ref().is_some_and(|all| !all.is_empty()) {
        codes.push(Code::BadParameter);
    }
    if operation.request_body.is_some() {
        codes.extend([Code::BadBody, Code::TooLarge, Code::NotJson, Code::TooSlow]);
    }
    for (status, answer) in problems::answers(&codes) {
        operation.responses.responses.entry(status).or_insert(answer);
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch].into_iter().flatten()
}
