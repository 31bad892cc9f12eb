//! An application behind a door: while it is closed, no request is answered, and none fails.

use crate::fault_proxy::FaultProxy;
use crate::scim_company::{CAREFUL, ScimCompany};
use crate::scim_server::{ScimServer, Tenant};
use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

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

    /// From the next start on the application is written to in three days. How it was declared before.
    pub fn close_window(&self) -> String {
        const DAYS: [&str; 7] = ["Th", "Fr", "Sa", "Su", "Mo", "Tu", "We"];
        let made = fs::metadata(self.company.home.path("token")).and_then(|file| file.modified());
        let since = made.expect("files have times").duration_since(UNIX_EPOCH).expect("it is later than 1970");
        // 1970-01-01 was a Thursday.
        let day = usize::try_from(since.as_secs() / 86_400 + 3).expect("days are few") % DAYS.len();
        let open = self.company.home.read("declarations/app.toml");
        let window = format!("[target.app]\nwindow = [\"{} 03:00-03:01\"]\nwrites = \"window\"\n", DAYS[day]);
        let closed = open.replacen("[target.app]\n", &window, 1);
        assert_ne!(closed, open, "the declaration begins the target's section");
        self.company.home.declare("app", &closed);
        open
    }
}
