#![doc = include_str!("../README.md")]

pub mod bindings;
pub mod class;
pub mod component;
mod config;
mod connector;
mod convert;
pub mod cursor;
pub mod delta;
pub mod edit;
pub mod error;
pub mod host;
pub mod http;
mod json_text;
pub mod ldap;
pub mod manifest;
pub mod object;
pub mod path;
pub mod slots;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
pub mod time;

pub use class::{
    Attribute, AttributeKind, AttributeTraits, Cardinality, ClassKind, DeleteSemantics, Holding, HoldingSide,
    ObjectClass, Operation,
};
pub use connector::Connector;
pub use edit::{
    AttributeAction, AttributeChange, CreateEdit, DeleteEdit, Edit, EntitlementEdit, Outcome, Request, SetActiveEdit,
    SetPasswordEdit, UpdateEdit,
};
pub use error::{Error, ErrorClass, ThrottleScope};
pub use host::Host;
pub use manifest::{CheckLevel, Finding, Limits, Manifest, Severity};
pub use object::{
    Attributes, Change, ChangePage, ChangeTail, Condition, Object, Operator, Page, SearchRequest, SecondaryId, Tail,
};
pub use serde_json;

/// Makes the crate a component: `purser_sdk::export!(MyConnector);`, once, in a crate of type `cdylib`.
#[macro_export]
macro_rules! export {
    ($connector:ty) => {
        #[cfg(not(target_family = "wasm"))]
        const _: fn() = $crate::component::assert_connector::<$connector>;

        #[cfg(target_family = "wasm")]
        #[allow(unsafe_code, reason = "the component ABI: generated from the contract")]
        const _: () = {
            type ExportedConnector = $crate::component::Component<$connector>;
    $crate::bindings::export_provisioning!(ExportedConnector with_types_in $crate::bindings);
        };
    };
}
