//! Keeps the state in one SQLite file.
