//! How much of what Microsoft Graph allows is used: `cargo run -p purser-e2e --example graph_throughput [PEOPLE]`.
//!
//! The emulator takes 20 requests a second, as Graph takes writes of one application (3,000 in 150 seconds), in windows of
//! five seconds. It needs the environment of the end-to-end tests (`cargo xtask test` sets it).

use purser_e2e::scenario::{Company, Peer};
use purser_peers::graph::Graph;
use std::time::{Duration, Instant};

const ALLOWED: u64 = 100;
const WINDOW: Duration = Duration::from_secs(5);

fn main() {
    let people = std::env::args().nth(1).and_then(|people| people.parse().ok()).unwrap_or(300);
    let graph = Graph::start();
    let company = Company::found(people, graph.connector(), &graph.declaration());
    graph.put_secrets(&company.home);
    company.export();
    company.home.purser(&["import", "hr"]).done();
    graph.allow(ALLOWED, WINDOW);
    let began = now();
    company.home.purser(&["apply", "--patience", "600"]).done();
    let seconds = began.elapsed().as_secs_f64();
    let used = graph.used();
    let per_second = people as f64 / seconds;
    println!("{people} accounts in {seconds:.1} s: {per_second:.1} a second");
    println!("{:.2} requests for each account, {} throttled", used.passed as f64 / people as f64, used.refused);
    match used.share {
        Some(share) => println!("{:.1} % of the allowed rate used", share * 100.0),
        None => println!("it took less than a window: take more people"),
    }
}

#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn now() -> Instant {
    Instant::now()
}
