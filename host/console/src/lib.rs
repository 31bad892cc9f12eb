//! The operators' web pages, as pure functions: answers of the API as JSON go in, a page as HTML comes out.
//!
//! Nothing here asks anybody, keeps anything or knows who may do what: a page shows the buttons that the caller's permissions
//! (as the API says them) allow, and the API refuses what it does not allow, whatever a page shows. Everything that a page
//! loads is in [`ASSETS`]; there is no script and no style within a page, so that [`CONTENT_POLICY`] can forbid them.

mod answers;
mod assignments;
mod audit;
mod backups;
mod cases;
mod chart;
mod checks;
mod connector;
mod connectors;
mod declarations;
mod diff;
mod failed;
mod frame;
mod granting;
mod groups;
mod held;
mod holders;
mod identities;
mod imposing;
mod insight;
mod operations;
mod overview;
mod person;
mod plan;
mod plans;
mod quarantine;
mod roles;
mod runs;
mod settings;
mod sign_in;
mod target;
mod targets;
mod tokens;
mod webhooks;
mod why;
mod words;

pub use answers::Unreadable;
pub use assignments::assignments;
pub use audit::audit;
pub use backups::backups;
pub use cases::{case, cases};
pub use checks::checks;
pub use connector::connector;
pub use connectors::connectors;
pub use declarations::{DeclarationsShown, Draft, declarations};
pub use failed::failed;
pub use frame::{Frame, Said};
pub use granting::GrantingAnswers;
pub use groups::{group, groups};
pub use held::held;
pub use identities::identities;
pub use insight::{InsightAnswer, insight};
pub use operations::operations;
pub use overview::{OverviewAnswers, overview};
pub use person::{PersonAnswers, person};
pub use plan::plan;
pub use plans::plans;
pub use quarantine::quarantine;
pub use roles::{RoleAnswers, role, roles};
pub use runs::runs;
pub use settings::{SettingsAnswers, settings};
pub use sign_in::{sign_in, signed_in};
pub use target::{TargetAnswers, target};
pub use targets::targets;
pub use tokens::{MadeToken, TokensAnswers, tokens};
pub use webhooks::{webhook, webhooks};

/// A file that pages load.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Its name below `/assets/`.
    pub name: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// What is in it.
    pub content: &'static str,
}

/// All files that pages load.
pub const ASSETS: [Asset; 3] = [
    Asset {
        name: "console.css",
        media_type: "text/css; charset=utf-8",
        content: include_str!("../assets/console.css"),
    },
    Asset {
        name: "console.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_str!("../assets/console.js"),
    },
    Asset { name: "mark.svg", media_type: "image/svg+xml", content: include_str!("../assets/mark.svg") },
];

/// What a browser may load for a page, and where its forms may go: this host alone, and nothing within the page itself.
pub const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                                  connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

#[cfg(test)]
mod tests;
