//! Says about itself what makes no sense: no schema, a page of nothing, a name with spaces.
#![cfg(target_arch = "wasm32")]

use purser_guests::contract::purser::connector::types::{Limits, Manifest};
use purser_guests::{Program, manifest, program};

struct BreaksManifest;

impl Program for BreaksManifest {
    fn describe() -> Manifest {
        Manifest {
            name: "No Name".to_owned(),
            limits: Limits { page_size: 0, batch_size: 0 },
            ..manifest(Vec::new(), Vec::new())
        }
    }
}

program!(BreaksManifest);
