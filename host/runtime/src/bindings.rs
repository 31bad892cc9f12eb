//! The host's side of the contract, generated from `wit/`.
//!
//! The world below is what this host provides, and nothing else: a connector that imports more is refused.

wasmtime::component::bindgen!({
    path: "../../wit",
    inline: "
        package purser:runtime;

        world guest {
            import purser:connector/types@0.1.0;
            import purser:connector/config@0.1.0;
            import purser:connector/http@0.1.0;
            import purser:connector/ldap@0.1.0;
            import purser:connector/files@0.1.0;
            import purser:connector/log@0.1.0;
            import purser:connector/clock@0.1.0;
            import purser:connector/random@0.1.0;
            import purser:connector/state@0.1.0;

            export purser:connector/provisioning@0.1.0;
        }
    ",
    world: "purser:runtime/guest",
    imports: { default: async | trappable },
    exports: { default: async },
});

/// The imports that this host provides, by their names in the package `purser:connector`.
pub(crate) const PROVIDED: [&str; 9] = ["types", "config", "http", "ldap", "files", "log", "clock", "random", "state"];
