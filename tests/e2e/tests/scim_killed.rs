//! `kill -9` while a SCIM server is worked with: the next start goes on, nothing is lost, nothing is done twice.

use purser_e2e::fault_proxy::FaultProxy;
use purser_e2e::program::Running;
use purser_e2e::scim_company::{CAREFUL, ScimCompany, person};
use purser_e2e::scim_server::ScimServer;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::thread::sleep;
use std::time::Duration;

const MOMENTS: u32 = 10;
/// Each round that many people join, and as many of those who are there have a new e-mail address.
const JOINING: u32 = 25;
/// So long the server takes at least; a kill then falls between a request and its answer as often as between two.
const DELAY: Duration = Duration::from_millis(4);
const SEED: u64 = 20_261_123;

#[test]
fn a_host_killed_at_any_moment_goes_on_where_it_was() {
    let server = ScimServer::one_by_one();
    let app = server.tenant("killed");
    let proxy = FaultProxy::start(server.address(), 0.0, DELAY, SEED);
    let mut random = StdRng::seed_from_u64(SEED);
    let mut company = ScimCompany::found(JOINING, &app.url_through(proxy.address()), CAREFUL);
    company.home.purser(&["import", "hr"]).done();
    company.home.purser(&["apply"]).done();

    for round in 0..MOMENTS {
        business_goes_on(&mut company, round, &mut random);
        company.home.start(&["import", "hr"]).kill_after(Duration::from_millis(random.random_range(0..150)));
        company.home.purser(&["import", "hr"]).done();

        let writes = random.random_range(0..JOINING * 2);
        let killed = kill_after_writes(company.home.start(&["apply"]), &proxy, writes.into(), &mut random);
        assert!(killed, "round {round}: `apply` ended before {writes} writes were done");
        company.home.purser(&["apply"]).done();
        company.assert_mirrored_in(&app);

        company.home.start(&["reconcile", "app"]).kill_after(Duration::from_millis(random.random_range(0..1_000)));
        company.home.purser(&["reconcile", "app"]).done();
        company.assert_mirrored_in(&app);
        company.home.assert_in_step();
    }

    let creates = proxy.traffic().carried_out[&("POST".to_owned(), format!("{}/Users", app.base_path()))];
    assert_eq!(creates, company.people.len() as u64, "each account was made once");
}

/// People join, leave, and get new e-mail addresses and departments.
fn business_goes_on(company: &mut ScimCompany, round: u32, random: &mut StdRng) {
    let known = company.people.len();
    company.people[random.random_range(0..known)].status = "left".to_owned();
    for _ in 0..JOINING {
        let person = &mut company.people[random.random_range(0..known)];
        if person.status == "employed" {
            person.email = format!("{}.{round}@example.org", person.login);
            person.department = ["Engineering", "Sales"][random.random_range(0..2)].to_owned();
        }
    }
    let next = u32::try_from(known).expect("a company of this size") + 1;
    company.people.extend((next..next + JOINING).map(person));
    company.export();
}

/// Kills the program shortly after the server has done so many more writes. Says whether it was still at work.
fn kill_after_writes(mut running: Running, proxy: &FaultProxy, writes: u64, random: &mut StdRng) -> bool {
    let before = proxy.traffic().writes();
    while proxy.traffic().writes() < before + writes && !running.has_ended() {
        sleep(Duration::from_millis(1));
    }
    running.kill_after(Duration::from_millis(random.random_range(0..10)))
}
