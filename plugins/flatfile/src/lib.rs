//! CSV and JSON Lines files as source and as target.
