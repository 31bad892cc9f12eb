//! A host that is told to stop lets what is under way end, and hands the rest over to the next start.

use purser_e2e::environment;
use purser_e2e::fault_proxy::FaultProxy;
use purser_e2e::home::Home;
use purser_e2e::scim_company::{CAREFUL, ScimCompany};
use purser_e2e::scim_server::ScimServer;
use purser_e2e::served::{QUIET, Served, eventually};
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Accounts that were asked for, by how often.
fn made(proxy: &FaultProxy) -> u64 {
    let carried_out = proxy.traffic().carried_out;
    let made = carried_out.iter().filter(|((method, path), _)| method == "POST" && path.ends_with("/Users"));
    made.map(|(_, count)| count).sum()
}

fn unknown(company: &ScimCompany) -> u64 {
    let status = company.home.purser(&["status"]).done();
    status["queues"]["app"]["unknown"].as_u64().expect("unknown ends are counted")
}

#[test]
fn what_is_under_way_ends_and_the_rest_is_done_after_the_next_start() {
    let server = ScimServer::one_by_one();
    let app = server.tenant("stopping");
    let proxy = FaultProxy::start(server.address(), 0.0, Duration::from_millis(200), 1);
    let company = ScimCompany::found(150, &app.url_through(proxy.address()), CAREFUL);
    company.home.purser(&["import", "hr"]).done();
    let served = Served::start(&company.home, &[QUIET.as_slice(), &["--stop-within", "300"]].concat());
    eventually("some accounts are made", || made(&proxy) >= 3);
    served.process.terminate();
    let ended = served.process.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    assert!(ended.log.contains("stopped; nothing is under way"), "{}", ended.log);
    let before = made(&proxy);
    assert!(before < 150, "it did not wait for everybody: {before}");
    assert_eq!(unknown(&company), 0, "whatever was sent was recorded");

    company.declare_target(&app.url(), CAREFUL);
    company.home.purser(&["apply"]).done();
    company.assert_mirrored_in(&app);
    assert_eq!(made(&proxy), before, "and nothing went the old way again");
}

#[test]
fn who_hangs_is_waited_for_no_longer_than_said_and_nobody_is_doubled() {
    let server = ScimServer::one_by_one();
    let app = server.tenant("hanging");
    let proxy = FaultProxy::start(server.address(), 0.0, Duration::from_secs(8), 1);
    let company = ScimCompany::found(2, &app.url_through(proxy.address()), CAREFUL);
    company.home.purser(&["import", "hr"]).done();
    let served = Served::start(&company.home, &[QUIET.as_slice(), &["--stop-within", "1"]].concat());
    let in_flight = || !served.list("/v1/operations?state=in-flight&").is_empty();
    eventually("something is under way", in_flight);
    served.process.terminate();
    let ended = served.process.wait();
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    assert!(ended.log.contains("observed at the next start"), "{}", ended.log);
    // The request that nobody waited for has had its effect by then.
    drop(proxy);
    company.declare_target(&app.url(), CAREFUL);
    assert!(unknown(&company) > 0, "what was under way is unknown");
    company.home.purser(&["apply"]).done();
    company.assert_mirrored_in(&app);
}

#[test]
fn the_service_manager_is_told_of_the_start_of_life_and_of_the_stop() {
    let home = Home::new();
    home.declare("roles", "[role.employee]\nrule = \"true\"\n");
    let path = home.path("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket can be made in a temporary folder");
    socket.set_read_timeout(Some(Duration::from_mins(1))).expect("a time can be set");
    home.set_variable("NOTIFY_SOCKET", &path.to_string_lossy());
    home.set_variable("WATCHDOG_USEC", "400000");
    let next = || {
        let mut bytes = [0; 512];
        let length = socket.recv(&mut bytes).expect("something is told");
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    let served = Served::start(&home, &QUIET);
    let ready = next();
    assert!(ready.contains("READY=1") && ready.contains(&served.address.to_string()), "{ready}");
    for _ in 0..3 {
        assert!(next().contains("WATCHDOG=1"));
    }
    served.process.terminate();
    let stopping = std::iter::repeat_with(next).find(|told| !told.contains("WATCHDOG=1")).expect("it goes on");
    assert!(stopping.contains("STOPPING=1"), "{stopping}");
    assert_eq!(served.process.wait().code, Some(0));
}

/// The service's file with the program that is tested.
fn unit(folder: &Path) -> String {
    let text = include_str!("../../../host/deploy/purser.service");
    let program = environment::purser();
    let text = text.replace("/usr/bin/purser", &program.to_string_lossy());
    let file = folder.join("purser.service");
    fs::write(&file, text).expect("a file can be written in a temporary folder");
    file.to_string_lossy().into_owned()
}

#[test]
fn the_service_is_one_that_systemd_takes_and_finds_well_confined() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = unit(folder.path());
    let analysed = |arguments: &[&str]| match Command::new("systemd-analyze").args(arguments).arg(&file).output() {
        Ok(output) => Some((output.status.success(), format!("{output:?}"))),
        // Where there is no systemd, nothing can be said.
        Err(_) => None,
    };
    let Some((sound, said)) = analysed(&["verify", "--man=no"]) else { return };
    assert!(sound && !said.contains("purser.service:"), "{said}");
    // From 0 (confined) to 100 (exposed); 20 is what systemd calls OK at its best.
    let Some((confined, said)) = analysed(&["security", "--offline=true", "--threshold=20"]) else { return };
    assert!(confined, "{said}");
}
