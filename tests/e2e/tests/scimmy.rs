//! The connector `scim` against SCIMMY: a SCIM server that answers PATCH with the resource, knows no versions, says where
//! resources are by path alone, and has pages of 20.

use purser_e2e::scenario::{Sizes, tell};
use purser_e2e::scimmy::Scimmy;
use purser_e2e::through::Through;

#[test]
fn a_company_in_scimmy() {
    let server = Scimmy::start();
    let scim = Through::tenant(server.tenant());
    tell(&scim, Sizes { joiners: 60, movers: 12, leavers: 8, rehires: 4, drifted: 4, adopted: 4 });
    assert!(scim.proxy.traffic().lost_writes > 0, "{:?}", scim.proxy.traffic());
}
