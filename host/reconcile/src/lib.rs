//! Import, reconcile, execute, observe, record.
