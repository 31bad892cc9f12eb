//! Pages, rendered from answers as the API gives them.

use super::*;
use serde_json::json;

fn frame(may: &[&str]) -> Frame {
    Frame {
        name: "vera".to_owned(),
        role: "viewer".to_owned(),
        may: may.iter().map(|&one| one.to_owned()).collect(),
        form_token: "the-form-token".to_owned(),
        said: None,
    }
}

fn a_plan() -> (serde_json::Value, serde_json::Value) {
    let plan = json!({"id": "p1", "created_at": "2026-01-02T03:04:05.678Z", "items": 1, "operations": {"update": 1},
        "states": {"open": 1}, "seal": {"expires_at": "2026-01-03T03:04:05Z"}, "applied_at": null});
    let line = json!({"position": 1, "state": "open", "identity": "i1", "label": "<script>anna</script>", "target": "crm", "link": "keep",
        "operations": [{"kind": "update", "reason": "it differs", "before": {"mail": "old@x"},
            "changes": [{"attribute": "mail", "action": "replace", "value": "new@x"}, {"attribute": "fax", "action": "clear"}]}]});
    (plan, json!({"items": [line], "next": null}))
}

#[test]
fn what_people_wrote_is_never_markup() {
    let (plan, lines) = a_plan();
    let page = super::plan(&frame(&["read"]), &plan, &lines).unwrap();
    assert!(page.contains("&lt;script&gt;anna") && !page.contains("<script>anna"));
}

#[test]
fn a_plan_reads_as_a_diff() {
    let (plan, lines) = a_plan();
    let page = super::plan(&frame(&["read"]), &plan, &lines).unwrap();
    for (class, value) in [("removed", "old@x"), ("added", "new@x"), ("removed", "(none)")] {
        let line = page.split("<p class=").find(|part| part.contains(value)).unwrap_or_default();
        assert!(line.starts_with(&format!("\"{class}\"")), "{value}: {line}");
    }
    assert!(page.contains("2026-01-02 03:04:05 UTC"));
}

#[test]
fn only_who_may_decide_is_asked_to() {
    let (plan, lines) = a_plan();
    let page = |may: &[&str]| super::plan(&frame(may), &plan, &lines).unwrap();
    let (decision, application) = ("/plans/p1/decision", "/plans/p1/application");
    let viewer = page(&["read"]);
    assert!(!viewer.contains(decision) && !viewer.contains(application) && !viewer.contains("type=\"checkbox\""));
    let approver = page(&["read", "approve"]);
    assert!(approver.contains(decision) && !approver.contains(application));
    let operator = page(&["read", "operate"]);
    assert!(!operator.contains(decision) && operator.contains(application));
}

#[test]
fn every_form_that_changes_something_sends_the_token_along() {
    let (plan, lines) = a_plan();
    let all = frame(&["read", "operate", "approve", "administer"]);
    let tokens = json!({"items": [{"name": "otto", "role": "viewer", "created_at": "2026-01-02T03:04:05Z", "created_by": "cli:root",
        "expires_at": null, "last_used_at": null}]});
    let scim = json!({"items": [{"name": "okta", "source": "idp", "created_at": "2026-01-02T03:04:05Z", "created_by": "api:ada",
        "expires_at": null, "last_used_at": null}]});
    let sources = json!({"items": [{"kind": "scim", "name": "idp"}, {"kind": "read", "name": "hr"}]});
    let tokens = TokensAnswers { tokens, scim_tokens: scim, sources };
    let runs = json!({"items": [], "next": null});
    let targets = json!({"items": [{"name": "crm", "accounts": [], "queue": {"due": 0, "later": 0, "next": null, "unknown": 0}}]});
    let pages = [
        super::plan(&all, &plan, &lines).unwrap(),
        super::tokens(&all, &tokens, Some(MadeToken::OfApi("purser_x"))).unwrap(),
        person(&all, &a_person()).unwrap(),
        backups(&all, &a_backup()).unwrap(),
        super::runs(&all, &runs, &targets).unwrap(),
        plans(&all, &json!({"items": [plan], "next": "p1"})).unwrap(),
        sign_in("the-form-token", std::iter::once(("corp", "Sign in with Corp")), None),
        connectors(&all, &json!({"items": []}), &a_use("shadow")).unwrap(),
        settings(&all, &some_settings()).unwrap(),
        declarations(&all, &a_draft(json!({"foreseen": null, "mistakes": []}))).unwrap(),
        assignments(&all, &an_assignment(), None, None).unwrap(),
        webhooks(&all, &a_webhook()).unwrap(),
    ];
    for page in pages {
        let forms: Vec<_> = page.split("<form").skip(1).filter(|form| form.contains("method=\"post\"")).collect();
        assert!(!forms.is_empty());
        for form in forms {
            let form = form.split("</form>").next().unwrap_or_default();
            assert!(form.contains("name=\"form_token\" value=\"the-form-token\""), "{form}");
        }
    }
}

fn a_backup() -> serde_json::Value {
    json!({"items": [{"name": "purser-20260102T030405.000000Z.tar", "form": 1, "made_at": "2026-01-02T03:04:05Z", "purser": "0.1.0", "schema": 24,
        "counts": {"identities": 7, "accounts": 9}, "size": 5_000_000, "digest": "00"}]})
}

/// Somebody who is suspended.
fn a_person() -> PersonAnswers {
    let imposed = json!({"state": "suspended", "validity": {"until": "2026-03-01T00:00:00Z"}, "reason": "<b>on leave", "by": "api:otto",
        "at": "2026-01-02T03:04:05Z"});
    let none = json!({"items": [], "next": null});
    PersonAnswers {
        identity: json!({"id": "i1", "source": "hr", "key": "E1", "state": "active", "attributes": {}, "version": 1,
            "changed_at": "2026-01-02T03:04:05Z", "added": {"imposed": [imposed]}, "accounts": []}),
        explanation: json!({"identity": "i1", "groups": [], "roles": [], "targets": [], "at": "2026-01-02T03:04:05Z", "last_operations": []}),
        operations: none.clone(),
        audit: none,
        granting: None,
    }
}

#[test]
fn who_is_held_back_is_let_go_by_those_who_may() {
    let page = |may: &[&str]| person(&frame(may), &a_person()).unwrap();
    let shown = page(&["read", "operate"]);
    assert!(shown.contains("/identities/i1/imposing") && shown.contains("/identities/i1/lifting"));
    assert!(
        shown.contains("value=\"suspension\"") && shown.contains("&lt;b&gt;on leave") && shown.contains("2026-03-01")
    );
    let viewer = page(&["read"]);
    assert!(
        viewer.contains("on leave")
            && !viewer.contains("/identities/i1/imposing")
            && !viewer.contains("/identities/i1/lifting")
    );
    let owner = Frame { role: "owner".to_owned(), ..frame(&["read", "operate", "approve"]) };
    assert!(!person(&owner, &a_person()).unwrap().contains("/identities/i1/imposing"));
}

#[test]
fn a_client_gets_a_token_for_a_source_that_is_pushed_to() {
    let none = json!({"items": []});
    let sources = json!({"items": [{"kind": "scim", "name": "idp"}, {"kind": "read", "name": "hr"}]});
    let answers = TokensAnswers { tokens: none.clone(), scim_tokens: none, sources };
    let page = tokens(&frame(&["read", "administer"]), &answers, Some(MadeToken::OfScim("scim-text"))).unwrap();
    assert!(page.contains("value=\"idp\"") && !page.contains("value=\"hr\""));
    assert!(page.contains("<code class=\"secret\">scim-text</code>"));
    let bare = TokensAnswers { sources: json!({"items": []}), ..answers };
    assert!(!tokens(&frame(&["read", "administer"]), &bare, None).unwrap().contains("/scim-tokens"));
}

fn a_use(stage: &str) -> serde_json::Value {
    let build = |version: &str| json!({"name": "scim", "version": version, "digest": version.repeat(13)});
    let newer = json!({"build": build("1.1.0"), "stage": stage, "since": "2026-01-02T03:04:05Z", "asks": ["permission users.write"],
        "trial": {"compared": 7, "differences": [], "calls": 1, "operations": 2, "failures": 3}});
    json!({"items": [{"subject": "target crm", "revision": 1, "current": build("1.0.0"), "former": build("0.9.0"), "candidate": newer}]})
}

fn some_settings() -> SettingsAnswers {
    let limit = json!({"share": 20, "floor": 20, "count": 500});
    let secret = json!({"name": "spare", "version": 2, "set_at": "2026-01-02T03:04:05Z", "set_by": "api:ada", "key": "k", "used_by": []});
    SettingsAnswers {
        guard: json!({"targets": [{"target": "crm", "guard": {"accounts": limit, "revokes": limit}}],
            "sources": [{"source": "hr", "departures": limit}]}),
        schedules: json!({"items": [{"job": "import hr", "schedule": "0 6 * * *", "time_zone": "UTC", "last_start": null, "last_end": null,
            "result": null, "next": "2026-01-03T06:00:00Z"}]}),
        secrets: Some(json!({"items": [secret]})),
        declarations: Some(json!({"digest": "d1", "files": [{"name": "crm.toml", "text": "# <b>ours</b>"}]})),
    }
}

fn a_draft(answer: serde_json::Value) -> DeclarationsShown {
    let draft = Draft { text: "\n[target.crm]\n</textarea><b>".to_owned(), made_from: "d0".to_owned(), answer };
    let declarations = json!({"digest": "d1", "files": [{"name": "crm.toml", "text": "# ours"}]});
    DeclarationsShown { declarations, file: Some("crm.toml".to_owned()), draft: Some(draft) }
}

fn an_assignment() -> serde_json::Value {
    let origin =
        json!({"kind": "api", "id": "a1", "by": "api:otto", "at": "2026-01-02T03:04:05Z", "reason": "stands in"});
    json!({"items": [{"identity": "i1", "reference": "hr/E1", "label": "Anna", "role": "seller", "origin": origin, "from": null,
        "until": "2026-02-01T00:00:00Z", "standing": "holds", "because": null}], "next": null})
}

fn a_webhook() -> serde_json::Value {
    let kept = json!({"name": "siem", "through": 7, "since": "2026-01-02T03:04:05Z", "disabled_at": null, "disabled_because": null,
        "delivered": 3, "failed": 1, "died": 1, "last_delivered_at": null, "last_failed_at": null, "last_failure": "it answered 500",
        "waiting": 0, "dead_letters": 1});
    let declared =
        json!({"receiver": "https://siem.example", "events": [], "secret": "signing", "previous_secret": null});
    json!({"items": [{"name": "siem", "declared": declared, "kept": kept, "behind": 0, "trouble": null}]})
}

#[test]
fn what_somebody_wrote_in_a_declaration_is_kept_with_what_is_wrong_in_it() {
    let mistake = json!({"file": "crm.toml", "line": 2, "column": null, "key": "class", "message": "it is missing"});
    let page =
        declarations(&frame(&["administer"]), &a_draft(json!({"foreseen": null, "mistakes": [mistake]}))).unwrap();
    assert!(page.contains("crm.toml:2") && page.contains("it is missing"), "{page}");
    // The first line break is the browser's, the second is the text's.
    assert!(page.contains(">\n\n[target.crm]\n&lt;/textarea&gt;&lt;b&gt;</textarea>"), "{page}");
    assert!(page.contains("name=\"made_from\" value=\"d0\""), "it is still a change of those it was made from");
    let refused = json!({"title": "Not done", "detail": "other declarations are in force"});
    assert!(declarations(&frame(&[]), &a_draft(refused)).unwrap().contains("other declarations are in force"));
}

#[test]
fn what_people_assigned_is_withdrawn_by_those_who_may() {
    let page = |may: &[&str]| assignments(&frame(may), &an_assignment(), None, None).unwrap();
    assert!(page(&["read", "operate"]).contains("/assignments/a1/withdrawal"));
    assert!(!page(&["read"]).contains("/assignments/a1/withdrawal"));
}

#[test]
fn what_goes_on_is_stopped_and_what_waits_is_cancelled_by_those_who_may() {
    let a_run = |id: &str, state: &str, stop: serde_json::Value| {
        json!({"id": id, "number": 1, "kind": "import", "subject": "hr", "state": state, "counts": {}, "detail": null, "stop": stop,
            "started_at": "2026-01-02T03:04:05Z", "ended_at": null})
    };
    let asked = json!({"by": "api:<b>otto", "at": "2026-01-02T03:04:05Z"});
    let listed =
        [a_run("r1", "running", json!(null)), a_run("r2", "running", asked), a_run("r3", "completed", json!(null))];
    let listed = json!({"items": listed, "next": null});
    let page = |may: &[&str]| runs(&frame(may), &listed, &json!({"items": []})).unwrap();
    let operator = page(&["read", "operate"]);
    assert!(
        operator.contains("/runs/r1/stop")
            && !operator.contains("/runs/r2/stop")
            && !operator.contains("/runs/r3/stop")
    );
    assert!(operator.contains("api:&lt;b&gt;otto wants that"));
    assert!(!page(&["read"]).contains("/stop"));

    let an_operation = |id: &str, state: &str, since: serde_json::Value| {
        json!({"id": id, "identity": null, "target": "crm", "intent": {"kind": "disable"}, "state": state, "attempts": 1, "detail": null,
            "quarantined_since": since, "created_at": "2026-01-02T03:04:05Z", "changed_at": "2026-01-02T03:04:05Z"})
    };
    let rests = json!("2026-01-02T03:04:05Z");
    let listed = [
        an_operation("o1", "waiting", json!(null)),
        an_operation("o2", "waiting", rests),
        an_operation("o3", "in-flight", json!(null)),
    ];
    let listed = json!({"items": listed, "next": null});
    let page = |may: &[&str]| operations(&frame(may), &listed, None, None, None).unwrap();
    let operator = page(&["read", "operate"]);
    let offers = |path: &str| operator.contains(path);
    assert!(
        offers("/operations/o1/cancellation")
            && offers("/operations/o2/cancellation")
            && offers("/operations/o2/retry")
    );
    assert!(!offers("/operations/o1/retry") && !offers("/operations/o3/"));
    assert!(!page(&["read"]).contains("/cancellation"));
}

#[test]
fn an_upgrade_offers_what_can_be_decided() {
    let page = |may: &[&str], stage: &str| connectors(&frame(may), &json!({"items": []}), &a_use(stage)).unwrap();
    let waiting = page(&["read", "operate"], "waiting");
    assert!(
        waiting.contains("Approve")
            && waiting.contains("permission users.write")
            && waiting.contains("/targets/crm/upgrade")
    );
    assert!(!waiting.contains("multipart/form-data"), "only admins drop files in");
    assert!(page(&["read", "operate"], "canary").contains("One stage on"));
    assert!(!page(&["read"], "waiting").contains("/targets/crm/upgrade"));
    assert!(page(&["read", "administer"], "waiting").contains("multipart/form-data"));
}

#[test]
fn settings_show_declarations_as_they_are_and_secrets_by_name() {
    let page = settings(&frame(&["read", "administer"]), &some_settings()).unwrap();
    assert!(page.contains("&lt;b&gt;ours") && page.contains("spare") && page.contains("/secrets/spare/removal"));
    let bare = SettingsAnswers { secrets: None, declarations: None, ..some_settings() };
    let page = settings(&frame(&["read"]), &bare).unwrap();
    assert!(page.contains("import hr") && !page.contains("Secrets") && !page.contains("/targets/crm/guard"));
}

#[test]
fn nothing_stands_in_a_page_that_its_policy_forbids() {
    let (plan, lines) = a_plan();
    let page = super::plan(&frame(&["read", "operate", "approve"]), &plan, &lines).unwrap();
    assert!(!page.contains("style=") && !page.contains("<style") && !page.contains(" onclick"));
    let scripts: Vec<_> = page.split("<script").skip(1).collect();
    assert!(scripts.len() == 1 && scripts[0].starts_with(" src=\"/assets/console.js\" defer></script>"), "{scripts:?}");
    for asset in ASSETS {
        let loads = asset.content.matches("://").count() - asset.content.matches("xmlns=\"http://").count();
        assert_eq!(loads, 0, "{} loads from elsewhere", asset.name);
    }
}

#[test]
fn an_answer_that_is_not_the_apis_is_said_to_be_so() {
    let error = plans(&frame(&["read"]), &json!({"error": "no"})).unwrap_err();
    assert!(error.to_string().contains("the console cannot read an answer"));
}
