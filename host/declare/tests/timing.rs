//! Schedules, windows and rates as they are declared.

use purser_declare::load;
use purser_model::configuration::Rate;
use std::time::Duration;

#[test]
fn both_ways_of_writing_mean_the_same() {
    let directory = tempfile::tempdir().expect("a directory");
    let declarations = r#"
[source.hr]
connector = "flatfile"
class = "person"
time_zone = "Europe/Berlin"
schedule = "0 6 * * 1-5"

[target.short]
connector = "scim"
class = "User"
time_zone = "Europe/Berlin"
window = ["Mo-Fr 22:00-06:00"]
writes = "window"
reconcile = { full = "0 2 * * *", delta = "*/15 * * * *", jitter = "10m" }
rate = { calls = 600, per = "1m", concurrency = 4 }

[target.long]
connector = "scim"
class = "User"
time_zone = "Europe/Berlin"
window = [{ days = "Mo,Tu,We,Th,Fr", from = "22:00", to = "06:00" }]
writes = "window"
rate = { calls = 600, per = "1m" }
[target.long.reconcile]
time_zone = "UTC"
full = { cron = "0 2 * * *", jitter = "10m", time_zone = "Europe/Berlin" }
delta = { cron = "*/15 * * * *", jitter = "10m", time_zone = "Europe/Berlin" }
"#;
    std::fs::write(directory.path().join("a.toml"), declarations).expect("written");
    let configuration = load(directory.path()).expect("it is right").configuration;
    let target = |name: &str| &configuration.targets[&name.parse().expect("a name")];
    assert_eq!(target("short").windows, target("long").windows);
    assert_eq!(target("short").reconcile, target("long").reconcile);
    assert_eq!(target("short").rate, Some(Rate { calls: 600, per: Duration::from_mins(1), concurrency: 4 }));
    assert_eq!(target("long").rate.map(|rate| rate.concurrency), Some(1));
    let source = &configuration.sources[&"hr".parse().expect("a name")];
    let schedule = source.schedule.as_ref().expect("it is declared");
    assert_eq!((schedule.expression(), schedule.time_zone().iana_name()), ("0 6 * * 1-5", Some("Europe/Berlin")));
}
