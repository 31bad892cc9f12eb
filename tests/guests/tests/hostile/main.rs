//! What the runtime makes of hostile files and hostile guests: one failed load or one failed call, and nothing else.

mod calls;
mod catalogue;
mod environment;
mod grants;
mod loading;
mod server;
