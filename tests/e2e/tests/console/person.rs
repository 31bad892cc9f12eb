//! Somebody with a browser at the console.

use purser_e2e::browser::{Browser, pictures};
use purser_e2e::served::Served;
use serde_json::{Value, json};

/// Somebody with a browser at the console.
pub struct Person {
    pub browser: Browser,
    console: String,
}

impl Person {
    pub fn signed_in(served: &Served<'_>, token: &str) -> Self {
        let person = Self { browser: Browser::start(), console: format!("http://{}", served.address) };
        person.browser.look_as(1280, 900, "light");
        person.go("/");
        assert!(person.browser.url().ends_with("/sign-in"), "{}", person.browser.url());
        person.browser.type_into("input[name=token]", token);
        person.browser.follow("main button[type=submit]");
        assert_eq!(person.browser.text("h1"), "Overview");
        person
    }

    pub fn go(&self, path: &str) {
        self.browser.go(&format!("{}{path}", self.console));
    }

    /// What axe finds that keeps people out.
    pub fn barriers(&self) -> Vec<Value> {
        let serious = |one: &&Value| one["impact"] == "serious" || one["impact"] == "critical";
        self.browser
            .violations()
            .iter()
            .filter(serious)
            .map(|one| json!({"id": one["id"], "nodes": one["nodes"]}))
            .collect()
    }

    /// Looks at a page in every way: none may keep anybody out, or be wider than its screen.
    pub fn inspect(&self, name: &str, path: &str) {
        for (look, width, height, scheme) in
            [("light", 1280, 900, "light"), ("dark", 1280, 900, "dark"), ("phone", 390, 844, "light")]
        {
            self.browser.look_as(width, height, scheme);
            self.go(path);
            self.browser.picture(&pictures().join(format!("{name}-{look}.png")));
            let barriers = self.barriers();
            assert!(barriers.is_empty(), "{path} ({look}): {barriers:#?}");
            let wide =
                self.browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert_eq!(wide, 0, "{path} ({look}) is wider than its screen");
        }
        self.browser.look_as(1280, 900, "light");
    }
}
