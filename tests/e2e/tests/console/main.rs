//! The console in a browser, over a host that serves: people sign in, look, decide, configure and set work going.

mod access;
mod backups;
mod barriers;
mod cases;
mod connectors;
mod declarations;
mod held_back;
mod interruptions;
mod person;
mod plans;
mod quarantine;
mod sign_in;
mod webhooks;
