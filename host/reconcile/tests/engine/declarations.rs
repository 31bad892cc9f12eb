//! New declarations: tried without touching anything, and taken up by waking exactly whom they touch.

use crate::stage::{DECLARATIONS, Halfway, Only, Stage};
use purser_declare::DeclarationText;
use purser_model::identity::LifecycleState;
use purser_model::plan::PlanItem;
use purser_model::seal::PlanKey;
use purser_plan::Rules;
use purser_reconcile::{ApplyOptions, Engine, NoProgress, PLAN_LIFE, Settings, TakenUp};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A stage whose declarations change.
struct Company {
    stage: Stage,
    text: String,
}

fn rules(text: &str) -> Arc<Rules> {
    let file = DeclarationText { path: PathBuf::from("all.toml"), text: text.to_owned() };
    Arc::new(purser_declare::load_texts(vec![file], Path::new("/declarations")).unwrap().rules)
}

impl Company {
    /// Four people with their accounts: an engineer, two sellers, and somebody without a title.
    async fn new() -> Self {
        let text = DECLARATIONS.replace("LEAVING", "\"disable\"").replace("UNLINKED", "show");
        let mut company = Self { stage: Stage::new("disable", "show"), text };
        company.start();
        company.person("1", json!({"department": "Engineering", "title": "Engineer"})).await;
        company.person("2", json!({"department": "Sales", "title": "Seller"})).await;
        company.person("3", json!({"department": "Sales", "title": "Head"})).await;
        company.person("4", json!({"department": "Finance"})).await;
        company.take_up(None).await;
        company.stage.settle().await;
        company
    }

    async fn person(&self, key: &str, mut attributes: serde_json::Value) {
        attributes["userName"] = json!(format!("p{key}"));
        self.stage.person(key, attributes).await;
    }

    /// The declarations with this change.
    fn with(&self, from: &str, to: &str) -> String {
        assert!(self.text.contains(from), "{from}");
        self.text.replace(from, to)
    }

    /// The host is started with the declarations as they are now.
    fn start(&mut self) {
        self.stage.engine = Engine::new(
            self.stage.engine.store().clone(),
            rules(&self.text),
            Arc::new(Only(self.stage.application.clone())),
            self.stage.clock.clone(),
            Arc::new(Halfway),
            Settings::default(),
        );
    }

    fn redeclare(&mut self, from: &str, to: &str) {
        self.text = self.with(from, to);
        self.start();
    }

    async fn take_up(&self, former: Option<Arc<Rules>>) -> TakenUp {
        self.stage.engine.take_up(former, self.text.clone(), &NoProgress).await.unwrap()
    }

    /// Changes the declarations, starts the host with them, and says whom that woke.
    async fn woken_by(&mut self, from: &str, to: &str) -> Vec<String> {
        let former = self.stage.engine.rules().clone();
        self.redeclare(from, to);
        let taken_up = self.take_up(Some(former)).await;
        let store = self.stage.engine.store();
        let mut woken = Vec::new();
        for wake in store.wakes(100).await.unwrap() {
            woken.push(store.identity(wake.identity).await.unwrap().key);
        }
        woken.sort();
        assert_eq!((taken_up.identities, taken_up.woken), (4, woken.len() as u64));
        woken
    }
}

#[tokio::test]
async fn a_mapping_wakes_whose_value_is_another() {
    let mut company = Company::new().await;
    let chief = "title = \"identity.title == 'Head' ? 'Chief' : identity.title\"";
    assert_eq!(company.woken_by("title = \"identity.title\"", chief).await, ["3"]);
    company.stage.settle().await;
    assert_eq!(company.stage.application.person("p3").1.attributes["title"], "Chief");
    let events = company.stage.engine.store().events(0, 10_000).await.unwrap();
    let last = events.iter().rfind(|event| event.kind == "declarations-changed").unwrap();
    assert_eq!(last.detail, "1 identities woken");
}

#[tokio::test]
async fn a_rule_wakes_who_gains_and_who_loses() {
    let mut company = Company::new().await;
    let woken = company.woken_by("identity.department == 'Engineering'", "identity.department == 'Finance'").await;
    assert_eq!(woken, ["1", "4"]);
    company.stage.settle().await;
    assert_eq!(company.stage.application.members("Engineers"), ["p4"]);
}

#[tokio::test]
async fn a_member_wakes_that_member() {
    let mut company = Company::new().await;
    let woken = company.woken_by("[role.engineer]\n", "[role.engineer]\nmembers = [\"hr/2\"]\n").await;
    assert_eq!(woken, ["2"]);
}

#[tokio::test]
async fn a_policy_wakes_whom_it_concerns_and_a_comment_nobody() {
    let mut company = Company::new().await;
    company.stage.accept("2", LifecycleState::Departed, json!({"userName": "p2"})).await;
    company.stage.settle().await;
    assert_eq!(company.woken_by("leaving = \"disable\"", "leaving = \"delete\"").await, ["2"]);
    company.stage.settle().await;
    assert_eq!(company.woken_by("[source.hr]", "# people\n[source.hr]").await, Vec::<String>::new());
}

#[tokio::test]
async fn without_the_former_declarations_everybody_is_woken() {
    let company = Company::new().await;
    assert_eq!(company.take_up(None).await.woken, 4);
}

fn labels(items: &[PlanItem]) -> Vec<&str> {
    items.iter().map(|item| item.label.as_str()).collect()
}

#[tokio::test]
async fn what_if_says_what_would_change_and_touches_nothing() {
    let mut company = Company::new().await;
    // Something is to be done anyway.
    company.person("4", json!({"mail": "new@y", "department": "Finance"})).await;
    let events = company.stage.engine.store().events(0, 10_000).await.unwrap();
    let (from, to) = ("identity.department == 'Engineering'", "identity.department == 'Sales'");
    let sessions = Arc::new(Only(company.stage.application.clone()));
    let what_if = company.stage.engine.what_if(rules(&company.with(from, to)), sessions);
    let report = what_if.plan(&NoProgress).await.unwrap();
    let mut new = labels(&report.items);
    new.sort_unstable();
    assert_eq!(new, ["p1", "p2", "p3"]);
    assert_eq!(labels(&report.same), ["p4"]);
    assert!(report.withdrawn.is_empty() && report.left_out.is_empty());
    assert_eq!(company.stage.engine.store().events(0, 10_000).await.unwrap(), events, "nothing happened");
    assert_eq!(company.stage.engine.store().wakes(10).await.unwrap().len(), 1, "only who changed");

    let key = PlanKey::new("secret");
    let plan = what_if.keep_plan(&report.items, &key, PLAN_LIFE).await.unwrap();
    let options = ApplyOptions { other_declarations: true, ..ApplyOptions::default() };
    let refused = company.stage.engine.apply(plan.id, &key, options, &NoProgress).await.unwrap_err();
    assert!(refused.to_string().contains("only tried"), "{refused}");
    company.redeclare(from, to);
    company.stage.engine.apply(plan.id, &key, ApplyOptions::default(), &NoProgress).await.unwrap();
    let mut engineers = company.stage.application.members("Engineers");
    engineers.sort();
    assert_eq!(engineers, ["p2", "p3"]);
    assert_eq!(
        company.stage.application.person("p4").1.attributes.get("mail"),
        None,
        "what the plan does not hold is not done"
    );
}

#[tokio::test]
async fn a_plan_of_other_declarations_is_refused_unless_that_is_wanted() {
    let mut company = Company::new().await;
    company.person("4", json!({"mail": "new@y", "department": "Finance"})).await;
    let key = PlanKey::new("secret");
    let report = company.stage.engine.plan_everyone(None, &NoProgress).await.unwrap();
    let plan = company.stage.engine.keep_plan(&report.items, &key, PLAN_LIFE).await.unwrap();
    company.redeclare("identity.department == 'Engineering'", "false");
    let refused = company.stage.engine.apply(plan.id, &key, ApplyOptions::default(), &NoProgress).await.unwrap_err();
    assert!(refused.to_string().contains("--stale-ok"), "{refused}");
    let options = ApplyOptions { other_declarations: true, ..ApplyOptions::default() };
    company.stage.engine.apply(plan.id, &key, options, &NoProgress).await.unwrap();
    assert_eq!(company.stage.application.person("p4").1.attributes["mail"], "new@y");
}

#[test]
fn the_digest_of_declarations_sees_meaning_and_not_comments() {
    let digest = |text: &str| rules(text).configuration().digest();
    let text = DECLARATIONS.replace("LEAVING", "\"disable\"").replace("UNLINKED", "show");
    assert_eq!(digest(&text), digest(&text.replace("[source.hr]", "# people\n[source.hr]")));
    assert_ne!(digest(&text), digest(&text.replace("'Engineering'", "'Sales'")));
}
