//! An application behind a door: while it is closed, no request is answered, and none fails.

use crate::fault_proxy::FaultProxy;
use crate::scim_company::{CAREFUL, ScimCompany};
use crate::scim_server::{ScimServer, Tenant};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A company whose people have their accounts in an application, which is behind a door from then on.
pub struct BehindADoor {
    /// The company.
    pub company: ScimCompany,
    /// The application, as its own people see it.
    pub app: Tenant,
    /// What stands in the door.
    pub proxy: FaultProxy,
    door: Arc<Mutex<()>>,
    _server: ScimServer,
}

impl BehindADoor {
    /// A company of so many.
    pub fn employed(people: u32) -> Self {
        let server = ScimServer::one_by_one();
        let app = server.tenant("door");
        let company = ScimCompany::found(people, &app.url(), CAREFUL);
        company.import_and_apply();
        company.assert_mirrored_in(&app);
        let door = Arc::new(Mutex::new(()));
        let closed = door.clone();
        let proxy = FaultProxy::watched(server.address(), move |_| drop(closed.lock()));
        company.declare_target(&app.url_through(proxy.address()), CAREFUL);
        // Longer than any test leaves the door closed.
        let declared = company.home.read("declarations/app.toml").replace("timeout = \"10s\"", "timeout = \"5m\"");
        company.home.declare("app", &declared);
        Self { company, app, proxy, door, _server: server }
    }

    /// Closes the door for as long as what is returned is there.
    pub fn close(&self) -> MutexGuard<'_, ()> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
