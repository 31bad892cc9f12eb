//! Bindings generated from `wit/`. Connectors use the typed layer above; only [`export!`](crate::export) reaches in here.

#![allow(missing_docs, unsafe_code, unused_qualifications, clippy::all, reason = "generated from the contract")]

wit_bindgen::generate!({
    path: "../../wit",
    world: "connector",
    generate_all,
    pub_export_macro: true,
    export_macro_name: "export_provisioning",
    default_bindings_module: "purser_sdk::bindings",
});
