//! SCIM 2.0 applications as target and as source.
