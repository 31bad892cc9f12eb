//! Licences, directory roles and app roles of Entra ID, and what else the tenant refuses or brings back.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod tenant;

use purser_entra::{Config, LicenceVariant};
use purser_peers::graph::Sku;
use purser_sdk::{
    AttributeAction, AttributeChange, CheckLevel, Connector, DeleteEdit, Edit, ErrorClass, Object, Outcome,
    SearchRequest, SetActiveEdit, Severity, Tail, UpdateEdit,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tenant::{Tenant, entitled, grant, id, user};

const E3: &str = "05e9a617-0261-4cee-bb44-138d3ef5d965";
const F1: &str = "44575883-256e-4a79-9da4-ebe9acabe2b2";
const TEAMS: &str = "57ff2da0-773e-42df-b2af-ffb7a2317929";
const EXCHANGE: &str = "efb87545-963c-4e0d-99df-69c6916d9eb0";
const READER: &str = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b";
const HR: &str = "eeeeeeee-0000-4000-8000-000000000001";
const CLERK: &str = "eeeeeeee-0000-4000-8000-000000000002";

fn config() -> Config {
    let variant =
        LicenceVariant { name: "E3 without Teams".into(), sku: "SPE_E3".into(), without: vec!["teams1".into()] };
    Config {
        consistency_lag_ms: 0,
        licences: true,
        licence_variants: vec![variant],
        directory_roles: true,
        app_roles: vec!["HR portal".into()],
        application_id: Some(purser_peers::graph::CLIENT.into()),
        ..Config::default()
    }
}

fn started() -> Tenant {
    started_with(config())
}

fn started_with(config: Config) -> Tenant {
    let tenant = Tenant::with(config);
    tenant.graph.directory(|directory| {
        let plans =
            BTreeMap::from([(TEAMS.into(), "TEAMS1".into()), (EXCHANGE.into(), "EXCHANGE_S_ENTERPRISE".into())]);
        directory.skus.insert(E3.into(), Sku { name: "SPE_E3".into(), seats: 2, plans });
        directory.skus.insert(F1.into(), Sku { name: "M365_F1".into(), seats: 9, plans: BTreeMap::new() });
        directory.roles.insert(READER.into(), "Global Reader".into());
        let roles = BTreeMap::from([(CLERK.into(), "Clerk".into())]);
        directory.applications.insert(HR.into(), ("HR portal".into(), roles));
    });
    tenant
}

/// Users that may get licences.
fn located(tenant: &Tenant, count: usize) -> Vec<String> {
    let users = tenant.users(count);
    let place = || AttributeChange { attribute: "usageLocation".into(), action: AttributeAction::Replace("DE".into()) };
    let update = |id: &String| UpdateEdit { id: id.clone(), version: None, changes: vec![place()] };
    let edits = users.iter().map(|id| ("user", Edit::Update(update(id)))).collect();
    assert!(tenant.apply(edits).iter().all(Result::is_ok));
    users
}

fn all(tenant: &Tenant, class: &str) -> Vec<Object> {
    let page = tenant.connector.search(&SearchRequest::all(class, 100)).unwrap();
    assert_eq!(page.tail, Tail::Complete);
    page.objects
}

#[test]
fn licences_are_listed_whole_and_with_plans_left_out() {
    let tenant = started();
    let listed = all(&tenant, "licence");
    let shown: Vec<(&str, &Value)> =
        listed.iter().map(|licence| (licence.id.as_str(), &licence.attributes["name"])).collect();
    let variant = format!("{E3}/E3 without Teams");
    assert_eq!(shown, [(E3, &json!("SPE_E3")), (&variant, &json!("E3 without Teams")), (F1, &json!("M365_F1"))]);
    assert_eq!(listed[1].attributes["plans"], json!(["EXCHANGE_S_ENTERPRISE"]));
    assert_eq!(tenant.connector.get("licence", &variant).unwrap(), listed[1]);
    tenant.is_as_described();
}

#[test]
fn a_licence_is_given_with_its_plans_and_taken_away() {
    let tenant = started();
    let users = located(&tenant, 1);
    let variant = format!("{E3}/E3 without Teams");
    let (whole, part) = (entitled(&users[0], "licence", E3), entitled(&users[0], "licence", &variant));
    let held = || tenant.connector.get("user", &users[0]).unwrap().attributes.get("licences").cloned();
    assert_eq!(tenant.one(Edit::Grant(part.clone())), Ok(Outcome::Done(None)));
    assert_eq!(held(), Some(json!([variant])));
    assert_eq!(tenant.one(Edit::Revoke(whole.clone())), Ok(Outcome::Unchanged(None)), "it is held in another form");
    assert_eq!(tenant.one(Edit::Grant(whole.clone())), Ok(Outcome::Done(None)));
    assert_eq!(held(), Some(json!([E3])), "the plans were exchanged");
    assert_eq!(tenant.one(Edit::Revoke(part)), Ok(Outcome::Unchanged(None)));
    assert_eq!(tenant.one(Edit::Revoke(whole.clone())), Ok(Outcome::Done(None)));
    assert_eq!(tenant.one(Edit::Revoke(whole)), Ok(Outcome::Unchanged(None)));
    assert_eq!(held(), None);
    tenant.is_as_described();
}

#[test]
fn a_licence_needs_a_place_of_use_and_a_free_seat() {
    let tenant = started();
    let users = located(&tenant, 3);
    let nowhere = id(&tenant.apply(vec![("user", user(9))])[0]);
    let refused = tenant.one(Edit::Grant(entitled(&nowhere, "licence", E3))).unwrap_err();
    assert_eq!(refused.class, ErrorClass::InvalidValue(Some("usageLocation".into())));
    let grants = users.iter().map(|user| ("user", Edit::Grant(entitled(user, "licence", E3)))).collect();
    let answers = tenant.apply(grants);
    assert_eq!(answers[..2], [Ok(Outcome::Done(None)), Ok(Outcome::Done(None))]);
    assert_eq!(answers[2].as_ref().unwrap_err().class, ErrorClass::QuotaOrLicenceExhausted);
    tenant.is_as_described();
}

#[test]
fn a_licence_of_a_group_is_shown_and_stays() {
    let tenant = started();
    let (users, group) = (located(&tenant, 1), tenant.group("office"));
    tenant.one(Edit::Grant(grant(&users[0], &group))).unwrap();
    tenant.graph.directory(|directory| directory.group_licences.insert(group.clone(), BTreeSet::from([F1.into()])));
    let shown = tenant.connector.get("user", &users[0]).unwrap().attributes;
    assert_eq!((shown.get("licences"), &shown["inheritedLicences"]), (None, &json!([F1])));
    let refused = tenant.one(Edit::Revoke(entitled(&users[0], "licence", F1))).unwrap_err();
    assert_eq!(refused.class, ErrorClass::Unsupported);
    assert!(refused.message.contains(&group), "{}", refused.message);
    let removal = json!({"addLicenses": [], "removeLicenses": [F1]});
    let (status, ..) = tenant.graph.ask("POST", &format!("/users/{}/assignLicense", users[0]), removal);
    assert_eq!(status, 400, "the tenant refuses it too");
    tenant.is_as_described();
}

#[test]
fn a_variant_that_the_organisation_has_not_is_a_mistake_of_the_configuration() {
    let mut config = config();
    config.licence_variants[0].without = vec!["SWAY".into()];
    let tenant = Tenant::with(config);
    tenant.graph.directory(|directory| {
        directory.skus.insert(E3.into(), Sku { name: "SPE_E3".into(), seats: 2, plans: BTreeMap::new() })
    });
    let refused = tenant.connector.search(&SearchRequest::all("user", 10)).unwrap_err();
    assert_eq!(refused.class, ErrorClass::InvalidConfig);
    assert!(refused.message.contains("SWAY"), "{}", refused.message);
}

#[test]
fn roles_come_and_go_once() {
    let tenant = started();
    let users = tenant.users(2);
    let app_role = format!("{HR}/{CLERK}");
    for (class, role, name) in [
        ("directory-role", READER, ("displayName", "Global Reader")),
        ("app-role", &app_role, ("name", "HR portal/Clerk")),
    ] {
        let edit = || entitled(&users[0], class, role);
        assert_eq!(tenant.one(Edit::Grant(edit())), Ok(Outcome::Done(None)), "{class}");
        assert_eq!(tenant.one(Edit::Grant(edit())), Ok(Outcome::Unchanged(None)), "{class}");
        let [shown] = all(&tenant, class).try_into().unwrap();
        assert_eq!((shown.id.as_str(), &shown.attributes[name.0]), (role, &json!(name.1)));
        assert_eq!(shown.attributes["members"], json!([users[0]]));
        assert_eq!(tenant.connector.get(class, role).unwrap(), shown);
        assert_eq!(tenant.one(Edit::Revoke(entitled(&users[1], class, role))), Ok(Outcome::Unchanged(None)));
        assert_eq!(tenant.one(Edit::Revoke(edit())), Ok(Outcome::Done(None)));
        assert_eq!(tenant.one(Edit::Revoke(edit())), Ok(Outcome::Unchanged(None)));
        assert!(!tenant.connector.get(class, role).unwrap().attributes.contains_key("members"));
    }
    tenant.is_as_described();
}

#[test]
fn many_roles_come_page_by_page() {
    let tenant = started();
    tenant.graph.directory(|directory| {
        directory.roles = (0..45).map(|number| (format!("role-{number:02}"), format!("Role {number}"))).collect();
    });
    let (mut request, mut listed, mut pages) = (SearchRequest::all("directory-role", 500), Vec::new(), 0);
    loop {
        let page = tenant.connector.search(&request).unwrap();
        pages += 1;
        listed.extend(page.objects.into_iter().map(|role| role.id));
        match page.tail {
            Tail::More(cursor) => request.cursor = Some(cursor),
            tail => break assert_eq!(tail, Tail::Complete),
        }
    }
    assert_eq!((pages, listed.len()), (3, 45));
}

#[test]
fn who_comes_back_gets_the_same_account() {
    let tenant = started();
    let (users, group) = (tenant.users(3), tenant.group("everyone"));
    tenant.one(Edit::Grant(grant(&users[1], &group))).unwrap();
    let delete = |id: &str| tenant.one(Edit::Delete(DeleteEdit { id: id.into(), version: None }));
    assert_eq!(delete(&users[1]), Ok(Outcome::Done(None)));
    tenant.graph.directory(|directory| directory.passwords.clear());
    let back = tenant.apply(vec![("user", user(1)), ("user", user(7))]);
    assert_eq!(id(&back[0]), users[1]);
    assert!(!users.contains(&id(&back[1])), "nobody else is brought back");
    let Ok(Outcome::Done(Some(account))) = &back[0] else { panic!("{back:?}") };
    assert_eq!((account.active, &account.attributes["userPrincipalName"]), (Some(true), &json!("p1@contoso.example")));
    tenant.graph.directory(|directory| {
        assert_eq!(directory.passwords[&users[1]], "Secret-word-1");
        assert!(directory.deleted.is_empty() && directory.members[&group].contains(&users[1]));
    });
    delete(&users[2]).unwrap();
    tenant.graph.directory(|directory| directory.page = 1);
    tenant
        .graph
        .directory(|directory| directory.deleted.get_mut(&users[2]).unwrap().1.insert("employeeId".into(), json!("X")));
    assert_ne!(id(&tenant.apply(vec![("user", user(2))])[0]), users[2], "another person had that name");
    tenant.is_as_described();
}

#[test]
fn purged_accounts_are_gone() {
    let tenant = Tenant::with(Config { purge: true, ..config() });
    let users = tenant.users(1);
    let delete = || tenant.one(Edit::Delete(DeleteEdit { id: users[0].clone(), version: None }));
    assert_eq!(delete(), Ok(Outcome::Done(None)));
    tenant.graph.directory(|directory| assert!(directory.deleted.is_empty()));
    assert_eq!(delete(), Ok(Outcome::Unchanged(None)));
    assert_ne!(id(&tenant.apply(vec![("user", user(0))])[0]), users[0]);
    tenant.is_as_described();
}

#[test]
fn a_purge_that_was_refused_is_made_up_for() {
    let tenant = Tenant::with(Config { purge: true, ..config() });
    let users = tenant.users(1);
    let delete = || tenant.one(Edit::Delete(DeleteEdit { id: users[0].clone(), version: None }));
    let lacking = |name: Option<&str>| {
        tenant
            .graph
            .directory(|directory| directory.missing_permissions = name.map(str::to_owned).into_iter().collect());
    };
    lacking(Some("User.DeleteRestore.All"));
    assert!(matches!(delete().unwrap_err().class, ErrorClass::PartiallyApplied(_)));
    lacking(None);
    assert_eq!(delete(), Ok(Outcome::Unchanged(None)));
    tenant.graph.directory(|directory| assert!(directory.deleted.is_empty()));
}

#[test]
fn exactly_the_missing_permissions_are_named() {
    let tenant = started();
    assert_eq!(tenant.connector.check(CheckLevel::Permissions), []);
    for missing in [
        "User.ReadWrite.All",
        "Group.ReadWrite.All",
        "User.EnableDisableAccount.All",
        "User.RevokeSessions.All",
        "User-PasswordProfile.ReadWrite.All",
        "User.DeleteRestore.All",
        "LicenseAssignment.ReadWrite.All",
        "Organization.Read.All",
        "RoleManagement.ReadWrite.Directory",
        "AppRoleAssignment.ReadWrite.All",
        "Application.Read.All",
    ] {
        tenant.graph.directory(|directory| directory.missing_permissions = BTreeSet::from([missing.to_owned()]));
        let [finding] = tenant.connector.check(CheckLevel::Permissions).try_into().unwrap();
        let remedy = finding.remedy.unwrap();
        assert!(finding.severity == Severity::Error && remedy.contains(&format!("add {missing},")), "{remedy}");
    }
    tenant.is_as_described();
}

#[test]
fn without_its_own_id_the_check_reads_and_says_what_it_cannot_know() {
    let tenant = Tenant::start();
    let [open] = tenant.connector.check(CheckLevel::Permissions).try_into().unwrap();
    assert!(open.severity == Severity::Info && open.message.contains("User.RevokeSessions.All"), "{open:?}");
    tenant.graph.directory(|directory| directory.missing_permissions.insert("Group.ReadWrite.All".to_owned()));
    let findings = tenant.connector.check(CheckLevel::Permissions);
    assert!(
        findings.len() == 2 && findings[0].remedy.as_deref().unwrap().contains("Group.ReadWrite.All"),
        "{findings:?}"
    );
}

#[test]
fn a_write_without_permission_names_it() {
    let tenant = started();
    let users = located(&tenant, 1);
    tenant.graph.directory(|directory| {
        directory.missing_permissions.insert("LicenseAssignment.ReadWrite.All".to_owned());
    });
    let refused = tenant.one(Edit::Grant(entitled(&users[0], "licence", F1))).unwrap_err();
    assert_eq!(refused.class, ErrorClass::PermissionDenied(Some("LicenseAssignment.ReadWrite.All".into())));
}

#[test]
fn groups_that_others_fill_are_refused_with_the_reason() {
    let tenant = started();
    let users = tenant.users(1);
    for (properties, reason) in [
        (json!({"groupTypes": ["DynamicMembership"], "mailEnabled": false}), "dynamic membership"),
        (json!({"groupTypes": ["Unified", "DynamicMembership"], "mailEnabled": true}), "dynamic membership"),
        (json!({"groupTypes": [], "mailEnabled": true}), "Exchange"),
        (json!({"groupTypes": [], "mailEnabled": false, "onPremisesSyncEnabled": true}), "Active Directory"),
    ] {
        let group = tenant.group("filled");
        tenant.graph.directory(|directory| {
            directory.groups.get_mut(&group).unwrap().extend(properties.as_object().cloned().unwrap());
        });
        for edit in [Edit::Grant(grant(&users[0], &group)), Edit::Revoke(grant(&users[0], &group))] {
            let refused = tenant.one(edit).unwrap_err();
            assert!(refused.class == ErrorClass::Unsupported && refused.message.contains(reason), "{refused:?}");
        }
    }
    let types = json!({"groupTypes": ["Unified"], "mailEnabled": true});
    let unified = tenant.group("team");
    tenant.graph.directory(|directory| {
        directory.groups.get_mut(&unified).unwrap().extend(types.as_object().cloned().unwrap());
    });
    assert_eq!(tenant.one(Edit::Grant(grant(&users[0], &unified))), Ok(Outcome::Done(None)), "it is a plain one");
    tenant.is_as_described();
}

#[test]
fn what_was_made_a_moment_ago_is_waited_for_and_what_is_gone_is_not() {
    let tenant = started_with(Config { consistency_lag_ms: 1000, ..config() });
    let group = tenant.group("everyone");
    tenant.graph.directory(|directory| directory.lag = 1);
    let users = tenant.users(4);
    let edits = [
        Edit::Grant(grant(&users[0], &group)),
        Edit::Grant(entitled(&users[1], "directory-role", READER)),
        Edit::Grant(entitled(&users[2], "app-role", &format!("{HR}/{CLERK}"))),
        Edit::SetActive(SetActiveEdit { id: users[3].clone(), version: None, active: false }),
    ];
    for edit in edits {
        let early = tenant.one(edit.clone()).unwrap_err();
        assert_eq!(early.class, ErrorClass::Unavailable { after_ms: Some(2000) }, "{early:?}");
        assert_eq!(tenant.one(edit), Ok(Outcome::Done(None)));
    }
    let absent = entitled(&users[1], "directory-role", "no-role");
    assert_eq!(tenant.one(Edit::Grant(absent)).unwrap_err().class, ErrorClass::NotFound);
    tenant.one(Edit::Delete(DeleteEdit { id: users[0].clone(), version: None })).unwrap();
    let disable = SetActiveEdit { id: users[0].clone(), version: None, active: false };
    assert_eq!(tenant.one(Edit::SetActive(disable)).unwrap_err().class, ErrorClass::NotFound);
}

#[test]
fn in_a_batch_each_item_ends_on_its_own() {
    let tenant = started();
    let (users, group) = (tenant.users(6), tenant.group("everyone"));
    tenant.one(Edit::Grant(grant(&users[0], &group))).unwrap();
    tenant.graph.directory(|directory| {
        directory.items = 0;
        directory.throttle_every = 4;
    });
    let absent = "00000000-0000-4000-8000-00000000ffff";
    let ids = [&users[0], &users[1], absent, &users[3], &users[4]];
    let answers = tenant.apply(ids.iter().map(|id| ("user", Edit::Grant(grant(id, &group)))).collect());
    assert_eq!(answers[..2], [Ok(Outcome::Unchanged(None)), Ok(Outcome::Done(None))]);
    assert_eq!(answers[2].as_ref().unwrap_err().class, ErrorClass::NotFound);
    assert!(matches!(answers[3].as_ref().unwrap_err().class, ErrorClass::RateLimited { after_ms: Some(50), .. }));
    assert_eq!(answers[4], Ok(Outcome::Done(None)));
    tenant.graph.directory(|directory| assert_eq!(directory.members[&group].len(), 3));
}
