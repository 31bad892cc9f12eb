//! The port that says what must be kept.
