//! Traces and logs of a host that serves: what changed can be followed to the target, and nobody's data is in them.

use purser_e2e::collector::{Collector, attribute};
use purser_e2e::fault_proxy::FaultProxy;
use purser_e2e::home::Home;
use purser_e2e::http::{Message, exchange};
use purser_e2e::scim_company::{CAREFUL, ScimCompany};
use purser_e2e::scim_server::{ScimServer, Tenant};
use purser_e2e::served::{QUIET, Served, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
const NEW_EMAIL: &str = "somebody.changed@example.org";

/// What stands for people in the company, and must be in no span and no line of the log.
fn personal(company: &ScimCompany) -> Vec<String> {
    let of =
        |person: &purser_e2e::scim_company::Person| [person.email.clone(), person.login.clone(), person.family.clone()];
    let all = company.people.iter().flat_map(of).chain([NEW_EMAIL.to_owned(), "@example.org".to_owned()]);
    all.filter(|text| !text.is_empty()).collect::<BTreeSet<_>>().into_iter().collect()
}

fn hexadecimal(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Has the source read, as a part of a caller's trace.
fn import_in_trace(served: &Served<'_>) {
    let headers = [
        ("Host", served.address.to_string()),
        ("Authorization", format!("Bearer {}", served.own_token())),
        ("Content-Type", "application/json".to_owned()),
        ("traceparent", format!("00-{TRACE}-{CALLER}-01")),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value)).into();
    let body = json!({"kind": "import", "source": "hr"}).to_string().into_bytes();
    let request = Message { first_line: "POST /v1/runs HTTP/1.1".to_owned(), headers, body };
    let answer = exchange(served.address, &request).expect("the host answers");
    assert_eq!(answer.status(), Some(200), "{}", String::from_utf8_lossy(&answer.body));
}

fn has_email(tenant: &Tenant, email: &str) -> bool {
    tenant.users().iter().any(|user| user["emails"][0]["value"] == email)
}

#[test]
fn a_changed_address_is_one_trace_from_the_call_to_the_target_and_stands_in_no_span() {
    let (server, collector) = (ScimServer::start(), Collector::start());
    let app = server.tenant("traced");
    let seen = Arc::new(Mutex::new(Vec::<String>::new()));
    let witnessed = seen.clone();
    let proxy = FaultProxy::watched(server.address(), move |message| {
        if message.method_and_target().0 != "GET" {
            let place = message.header("traceparent").unwrap_or_default().to_owned();
            witnessed.lock().expect("nobody panics here").push(place);
        }
    });
    let mut company = ScimCompany::found(3, &app.url_through(proxy.address()), CAREFUL);
    let declared = company.home.read("declarations/app.toml");
    company.home.declare("app", &declared.replace("timeout = \"10s\"", "timeout = \"10s\"\ntraceparent = true"));
    company.import_and_apply();
    assert!(seen.lock().expect("nobody panics here").iter().all(String::is_empty), "nobody takes traces yet");
    seen.lock().expect("nobody panics here").clear();

    company.home.set_variable("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.base());
    company.change(1, |person| person.email = NEW_EMAIL.to_owned());
    let served = Served::start(&company.home, &[QUIET.as_slice(), &["--log-format", "json"]].concat());
    import_in_trace(&served);
    eventually("the target has the address", || has_email(&app, NEW_EMAIL));
    eventually("nothing waits", || served.list("/v1/operations?state=in-flight&").is_empty());
    served.stop();

    let spans = collector.spans();
    let traced: Vec<_> = spans.iter().filter(|span| hexadecimal(&span.trace_id) == TRACE).collect();
    let named = |name: &str| {
        let found = traced.iter().find(|span| span.name == name);
        found.unwrap_or_else(|| panic!("no {name} in {:?}", traced.iter().map(|span| &span.name).collect::<Vec<_>>()))
    };
    let request = named("POST /v1/runs");
    assert_eq!(hexadecimal(&request.parent_span_id), CALLER);
    assert_eq!(attribute(request, "http.response.status_code"), "200");
    let sent = traced.iter().find(|span| span.name.ends_with(" scim") && attribute(span, "phase") == "Write");
    let sent = sent.expect("a request to the target");
    assert!(!attribute(sent, "operations").is_empty(), "{sent:?}");
    let applied = named("apply");
    assert_eq!(attribute(applied, "target"), "app");
    assert!(attribute(applied, "connector").starts_with("scim@"), "{applied:?}");
    assert_eq!(attribute(applied, "operations"), attribute(sent, "operations"));

    // From the request to the target up to the call, span by span.
    let mut chain = vec![sent.name.clone()];
    let mut place = *sent;
    while hexadecimal(&place.parent_span_id) != CALLER {
        place = traced.iter().find(|span| span.span_id == place.parent_span_id).expect("every span has its parent");
        chain.push(place.name.clone());
    }
    assert_eq!(chain.last().map(String::as_str), Some("POST /v1/runs"), "{chain:?}");
    assert!(chain.contains(&"work".to_owned()) && chain.contains(&"import".to_owned()), "{chain:?}");
    named("plan");
    let told = seen.lock().expect("nobody panics here").clone();
    assert!(told.contains(&format!("00-{TRACE}-{}-01", hexadecimal(&sent.span_id))), "{told:?}");

    for text in personal(&company) {
        for body in collector.bodies() {
            let found = body.windows(text.len()).any(|bytes| bytes == text.as_bytes());
            assert!(!found, "{text} stands in a span");
        }
    }
}

#[test]
fn a_log_of_json_holds_nobody_data_also_where_something_fails() {
    let server = ScimServer::start();
    let app = server.tenant("logged");
    let mut company = ScimCompany::found(6, &app.url(), CAREFUL);
    // One account is there already and is not taken over; one person has no login; HR is wrong for a while.
    let third = company.people[2].clone();
    app.create_user(&json!({"userName": third.login, "externalId": "made by hand", "active": true}));
    company.change(4, |person| person.login = String::new());
    let served =
        Served::start(&company.home, &["--import-every", "1", "--reconcile-every", "1", "--log-format", "json"]);
    eventually("the others have accounts", || app.users().len() >= 5);
    let export = company.home.read("hr/people.csv").replace(&company.people[1].email, NEW_EMAIL);
    company.home.write("hr/people.csv", &export);
    eventually("the change is there", || has_email(&app, NEW_EMAIL));
    company.home.write("hr/people.csv", format!("{export}E0001,x,y,{},z,{NEW_EMAIL},Sales,employed\n", third.family));
    eventually("the host complains of the export", || served.process.log().contains("the import failed"));
    let log = served.process.log();
    served.stop();
    assert_json_without(&log, &personal(&company));
}

/// Demands that every line is an object, and that none holds any of this.
fn assert_json_without(log: &str, texts: &[String]) {
    assert!(log.lines().count() > 5, "{log}");
    for line in log.lines() {
        let read: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(read["timestamp"].is_string() && read["level"].is_string(), "{line}");
        for text in texts {
            assert!(!line.contains(text.as_str()), "{text} stands in the log: {line}");
        }
    }
}

#[test]
fn a_host_that_cannot_send_traces_works_and_stops_all_the_same() {
    let home = Home::new();
    home.declare("roles", "[role.employee]\nrule = \"true\"\n");
    home.set_variable("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
    let served = Served::start(&home, &QUIET);
    assert_eq!(served.get("/v1/identities", Some(&served.own_token())).0, 200);
    served.stop();
    home.set_variable("OTEL_EXPORTER_OTLP_ENDPOINT", "collector");
    let refused = home.purser(&["serve", "--listen", "127.0.0.1:0"]).complaint(2);
    assert!(refused.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{refused}");
}
