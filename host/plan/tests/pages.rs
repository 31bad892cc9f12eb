//! Plans as pages.

mod support;

use purser_model::id::PlanId;
use purser_model::object::Digest;
use purser_model::plan::{ItemState, PlanSummary};
use purser_model::seal::{PlanSeal, PlanTerms};
use purser_plan::render::{self, Page, Row};
use serde_json::json;
use std::collections::BTreeMap;
use support::*;

fn summary() -> PlanSummary {
    let expires_at = "2026-11-26T12:00:00Z".parse().expect("a time");
    let terms = PlanTerms { expires_at, configuration: Digest([1; 32]), what_if: true };
    PlanSummary {
        id: PlanId(uuid::Uuid::from_u128(7)),
        created_at: "2026-11-25T12:00:00Z".parse().expect("a time"),
        requested_by: None,
        targets: std::collections::BTreeSet::new(),
        items: 1,
        operations: BTreeMap::new(),
        states: BTreeMap::from([(ItemState::Open, 1)]),
        seal: Some(PlanSeal { terms, digest: Digest([2; 32]), signature: Digest([3; 32]) }),
        applied_at: None,
    }
}

fn page(world: &World, remarks: &[String]) -> String {
    let plan = world.plan();
    let mut rows = Row::numbered(&plan.items);
    for row in &mut rows {
        (row.state, row.why) = (ItemState::Stale, Some("the account has changed since"));
    }
    let mut out = String::new();
    let page = Page { plan: Some(&summary()), rows: &rows, notices: &plan.notices, remarks };
    render::html(&mut out, &page, &|_, _| None).expect("memory can be written");
    out
}

#[test]
fn a_mover_as_a_page() {
    let mut world = World::settled();
    world.set_identity("team", json!("sales"));
    world.set_identity("title", json!("Account manager"));
    insta::assert_snapshot!(page(&world, &["5 items are the same without the change".to_owned()]));
}

#[test]
fn a_joiner_as_a_page() {
    insta::assert_snapshot!(page(&World::with(vec![]), &[]));
}

#[test]
fn what_people_write_is_no_markup() {
    let bad = "<script>alert('x')</script>\" onload=\"y&";
    let mut world = World::settled();
    world.set_identity("userName", json!(bad));
    world.set_identity("title", json!(bad));
    world.account().remote_id = Some(bad.to_owned());
    let mut also = stray(300);
    also.identity = Some(anna().id);
    for page in [page(&world, &[bad.to_owned()]), {
        world.snapshot.accounts.push(also);
        page(&world, &[])
    }] {
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;y&amp;"), "{page}");
        assert!(!page.contains("<script") && !page.contains("onload=\""), "{page}");
    }
}

#[test]
fn a_page_needs_nothing_from_elsewhere() {
    let page = page(&World::with(vec![]), &[]);
    for outside in ["src=", "href=", "url(", "@import", "http:", "https:"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn a_stored_plan_shows_numbers_and_states() {
    let mut world = World::settled();
    world.set_identity("title", json!("Account manager"));
    let plan = world.plan();
    let mut rows = Row::numbered(&plan.items);
    rows[0].state = ItemState::Rejected;
    insta::assert_snapshot!(render::rows(&rows, &plan.notices, &|_, _| None));
}
