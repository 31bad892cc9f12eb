//! Every kind of mistake is reported with file, line, column and key.

use purser_declare::load;
use std::fs;

/// What `load` says about these files, one line per mistake, without the directory.
fn mistakes(files: &[(&str, &str)]) -> Vec<String> {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        fs::write(directory.path().join(name), text).expect("written");
    }
    let errors = load(directory.path()).expect_err("there are mistakes");
    let directory = format!("{}/", directory.path().display());
    errors.to_string().lines().map(|line| line.replace(&directory, "")).collect()
}

/// The mistakes of one file `a.toml`.
fn of(text: &str) -> Vec<String> {
    mistakes(&[("a.toml", text)])
}

/// A target that is right, and what is added to it.
fn crm(further: &str) -> String {
    format!("[target.crm]\nconnector = \"scim\"\nclass = \"User\"\n{further}")
}

fn endpoint(further: &str) -> String {
    crm(&format!("[target.crm.endpoint.scim]\nurl = \"https://crm.example\"\n{further}"))
}

#[track_caller]
fn assert_only(text: &str, expected: &str) {
    assert_eq!(of(text), [expected], "{text}");
}

#[test]
fn text_that_is_no_toml() {
    let said = of("[target.crm\nconnector = \"scim\"\n");
    assert!(said[0].starts_with("a.toml:1:12: no TOML: "), "{said:?}");
    let twice = of("[group.a]\n[group.a]\n");
    assert!(twice[0].starts_with("a.toml:2:8: no TOML: duplicate key"), "{twice:?}");
}

#[test]
fn roles_and_entitlements_that_go_in_circles_and_times_that_are_none() {
    assert_only(
        "[role.a]\nroles = [\"b\"]\n[role.b]\nroles = [\"a\"]\n",
        "a.toml:1:7: role.a: roles contain each other in a circle: a -> b -> a",
    );
    assert_only(
        "[role.a]\nroles = [\"b\"]\n",
        "a.toml:2:10: role.a.roles[0]: [role.b] is not declared; known here: `a`",
    );
    assert_only(
        "[role.a]\nexcludes = [\"a\"]\n",
        "a.toml:1:7: role.a: a role cannot exclude itself: nobody could have it",
    );
    assert_only(
        "[role.a]\nfrom = 2026-12-01\nuntil = 2026-11-30\n",
        "a.toml:3:9: role.a.until: it ends before it begins",
    );
    assert_only(
        "[role.a]\nfrom = \"tomorrow\"\n",
        "a.toml:2:8: role.a.from: `tomorrow` is no moment: write a day such as 2026-12-01, or a time with its offset such as \
         2026-12-01T08:00:00+01:00",
    );
    assert_only(
        "[role.a]\npriority = \"high\"\n",
        "a.toml:2:12: role.a.priority: this is a text; write a whole number of at most 64 bits",
    );
}

#[test]
fn bytes_that_are_no_utf8() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("a.toml"), b"# \xc3\xbc\n# \xff\n").expect("written");
    let said = load(directory.path()).expect_err("not UTF-8").to_string();
    assert!(said.ends_with("a.toml:2:3: this is not UTF-8: save the file as UTF-8"), "{said}");
}

#[test]
fn a_directory_without_declarations_or_without_a_directory() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("notes.txt"), "[").expect("written");
    fs::write(directory.path().join(".hidden.toml"), "[").expect("written");
    let said = load(directory.path()).expect_err("nothing there").to_string();
    assert!(said.ends_with(": no declaration is here: put files that end in .toml into this directory"), "{said}");
    let said = load(&directory.path().join("none")).expect_err("no directory").to_string();
    assert!(said.contains("none: cannot be read: "), "{said}");
}

#[test]
fn unknown_keys_with_the_nearest_known_one() {
    assert_only(&crm("leavin = \"keep\"\n"), "a.toml:4:1: target.crm.leavin: unknown key; did you mean `leaving`?");
    assert_only("[roles.x]\n", "a.toml:1:2: roles: unknown key; did you mean `role`?");
    assert_only("[group.a]\ncolour = 1\n", "a.toml:2:1: group.a.colour: unknown key; known here: `members`, `rule`");
}

#[test]
fn insight_that_cannot_be_used() {
    assert_only(
        &crm("insight = { dormant_after = \"90d\" }\n"),
        "a.toml:4:1: target.crm.insight: `last_sign_in` is missing: write for example `last_sign_in = \"lastLogin\"`",
    );
    assert_only(
        &crm("insight = { last_sign_in = \"lastLogin\", dormant_after = \"0d\" }\n"),
        "a.toml:4:57: target.crm.insight.dormant_after: `0d` is no duration: write a whole number above 0 with a unit, such \
         as `500ms`, `30s`, `2m` or `30d`",
    );
}

#[test]
fn missing_keys_with_an_example() {
    assert_eq!(
        of("[source.hr]\n"),
        [
            "a.toml:1:9: source.hr: `connector` is missing: write for example `connector = \"scim@^1\"`",
            "a.toml:1:9: source.hr: `class` is missing: write for example `class = \"person\"`",
        ]
    );
    assert_only(
        &crm("[target.crm.entitlement.staff]\nclass = \"Group\"\nvalue = \"Staff\"\n"),
        "a.toml:4:25: target.crm.entitlement.staff: `attribute` is missing: write for example `attribute = \"displayName\"`",
    );
}

#[test]
fn values_of_another_kind() {
    assert_only("[group.a]\nrule = true\n", "a.toml:2:8: group.a.rule: this is true or false; write a text in quotes");
    assert_only("[group.a]\nmembers = \"hr/1\"\n", "a.toml:2:11: group.a.members: this is a text; write a list");
    assert_only("group = 1\n", "a.toml:1:9: group: this is a number; write a table");
    assert_only(&crm("config = 2026-01-02\n"), "a.toml:4:10: target.crm.config: this is a date or time; write a table");
    assert_only(
        &crm("config = { a = [1, nan] }\n"),
        "a.toml:4:20: target.crm.config.a[1]: JSON has no such number: write a finite number of at most 64 bits",
    );
}

#[test]
fn words_that_are_not_among_the_choices() {
    assert_only(
        &crm("leaving = \"disabel\"\n"),
        "a.toml:4:11: target.crm.leaving: unknown value `disabel`; did you mean `disable`?",
    );
    assert_only(
        &crm("unlinked = \"take\"\n"),
        "a.toml:4:12: target.crm.unlinked: unknown value `take`; known here: `show`, `adopt`",
    );
    assert_only(
        &crm("[target.crm.mapping]\n\"name.x\" = { value = \"identity.x\", strength = \"firm\" }\n"),
        "a.toml:5:47: target.crm.mapping.\"name.x\".strength: unknown value `firm`; known here: `weak`, `normal`, `strong`",
    );
}

#[test]
fn names_that_are_none() {
    assert_only(
        "[group.\"a b\"]\n",
        "a.toml:1:8: group.\"a b\": `a b` is not a name: use 1 to 64 of a-z, A-Z, 0-9, `-`, `_` and `.`, beginning with a letter or digit",
    );
}

#[test]
fn connectors_that_cannot_be_named_so() {
    let said = of("[source.hr]\nconnector = \"flatfile@newest\"\nclass = \"person\"\n");
    assert!(said[0].starts_with("a.toml:2:13: source.hr.connector: `newest` is no version range ("), "{said:?}");
    assert_only(
        "[source.hr]\nconnector = \"flat file\"\nclass = \"person\"\n",
        "a.toml:2:13: source.hr.connector: `flat file` is no connector's name: write `name` or `name@range`, such as \"scim@^1\"",
    );
}

#[test]
fn a_secret_in_clear_is_refused_and_not_repeated() {
    let advice = "a secret never stands in a declaration: write { secret = \"name\" }, { env = \"NAME\" } or { file = \"path\" }, \
                  and change the secret if this file was shared";
    for (further, place) in [
        ("bearer = \"hunter2\"\n", "6:10: target.crm.endpoint.scim.bearer"),
        ("basic = { user = \"u\", password = \"hunter2\" }\n", "6:34: target.crm.endpoint.scim.basic.password"),
    ] {
        assert_only(&endpoint(further), &format!("a.toml:{place}: {advice}"));
    }
    let url = crm("[target.crm.endpoint.scim]\nurl = \"https://u:hunter2@crm.example\"\n");
    assert_only(
        &url,
        &format!(
            "a.toml:5:7: target.crm.endpoint.scim.url: the URL holds a user or password: use `basic` or `bearer`; {advice}"
        ),
    );
}

#[test]
fn endpoints_that_cannot_be_reached_so() {
    assert_only(
        &endpoint("bearer = { env = \"A\", file = \"b\" }\n"),
        "a.toml:6:1: target.crm.endpoint.scim.bearer: write one of { secret = \"name\" }, { env = \"NAME\" } and { file = \"path\" }",
    );
    assert_only(
        &endpoint("bearer = { secret = \"hunter2 is no name\" }\n"),
        "a.toml:6:21: target.crm.endpoint.scim.bearer.secret: this is no name of a secret: use 1 to 64 of a-z, A-Z, 0-9, `-`, `_` and `.`, \
         and set the secret itself with `purser secret set NAME`",
    );
    assert_only(
        &endpoint("bearer = { env = \"A\" }\nbasic = { user = \"u\", password = { env = \"B\" } }\n"),
        "a.toml:7:1: target.crm.endpoint.scim.basic: an endpoint has one way to authenticate: remove `basic` or `bearer`",
    );
    assert_only(
        &endpoint("timeout = \"30\"\n"),
        "a.toml:6:11: target.crm.endpoint.scim.timeout: `30` is no duration: write a whole number above 0 with a unit, such as `500ms`, `30s`, `2m` or `30d`",
    );
    assert_only(
        &endpoint("reading_posts = [\"/.search\", \"query\"]\n"),
        "a.toml:6:30: target.crm.endpoint.scim.reading_posts[1]: `query` is no path below the endpoint: begin it with `/`",
    );
    assert_only(
        &crm("[target.crm.endpoint.scim]\nurl = \"ftp://crm.example\"\n"),
        "a.toml:5:7: target.crm.endpoint.scim.url: the scheme `ftp` cannot be reached: write https:// or http://",
    );
}

#[test]
fn mappings_that_are_unquoted_or_overlap() {
    assert_only(
        &crm("[target.crm.mapping]\nname.familyName = \"identity.lastName\"\n"),
        "a.toml:5:1: target.crm.mapping.name: `value` is missing: write { value = \"identity.x\", strength = \"strong\" }; to reach \
         into a complex attribute put the whole name in quotes: \"name.part\" = \"identity.x\"",
    );
    assert_only(
        &crm("[target.crm.mapping]\nuserName = \"identity.a\"\nusername = \"identity.b\"\n"),
        "a.toml:6:12: target.crm.mapping.username: `userName` writes to the same attribute: keep one of the two mappings",
    );
    assert_only(
        "[source.hr]\nconnector = \"f\"\nclass = \"p\"\n[source.hr.attributes]\nname.familyName = \"record.x\"\n",
        "a.toml:5:1: source.hr.attributes.name: put the whole name in quotes: \"name.part\" = \"record.column\"",
    );
}

#[test]
fn expressions_that_do_not_compile_are_shown_where_they_stand() {
    let target = crm(
        "[[target.crm.correlation]]\nattribute = \"userName\"\nvalue = \"record.login\"\n[target.crm.mapping]\nmail = { value = '''\nperson.mail''' }\n",
    );
    let group = "[group.a]\nrule = \"shout(identity.city)\"\n";
    let source = "[source.hr]\nconnector = \"f\"\nclass = \"p\"\nlifecycle = \"identity.x\"\nattributes = { a = \"recrod.a\" }\n";
    let said = mistakes(&[("a.toml", &target), ("b.toml", group), ("c.toml", source)]);
    let places = [
        "a.toml:6:9: target.crm.correlation[0].value: unknown variable `record`",
        "a.toml:8:18: target.crm.mapping.mail.value: unknown variable `person`",
        "b.toml:2:8: group.a.rule: unknown function `shout`",
        "c.toml:4:13: source.hr.lifecycle: unknown variable `identity`",
        "c.toml:5:20: source.hr.attributes.a: unknown variable `recrod`",
    ];
    assert_eq!(said.len(), places.len(), "{said:#?}");
    for (line, place) in said.iter().zip(places) {
        assert!(line.starts_with(place), "{line}");
    }
}

#[test]
fn what_is_referred_to_must_be_declared() {
    let role = "[role.staff]\nmembers = [\"hr/1\", \"E2\"]\ngroups = [\"berlim\"]\n[[role.staff.grant]]\ntarget = \"crm\"\nentitlements = [\"enginers\"]\n[[role.staff.grant]]\ntarget = \"wiki\"\nentitlements = [\"x\"]\n[group.berlin]\n";
    let engineers =
        "[target.crm.entitlement.engineers]\nclass = \"Group\"\nattribute = \"displayName\"\nvalue = \"E\"\n";
    assert_eq!(
        mistakes(&[("a.toml", role), ("b.toml", &crm(engineers))]),
        [
            "a.toml:2:12: role.staff.members[0]: [source.hr] is not declared",
            "a.toml:2:20: role.staff.members[1]: `E2` names no identity: write `source/key`, such as \"hr/E0001\"",
            "a.toml:3:11: role.staff.groups[0]: [group.berlim] is not declared; did you mean `berlin`?",
            "a.toml:6:17: role.staff.grant[0].entitlements[0]: [target.crm.entitlement.enginers] is not declared; did you mean `engineers`?",
            "a.toml:8:10: role.staff.grant[1].target: [target.wiki] is not declared; known here: `crm`",
        ]
    );
}

#[test]
fn a_section_in_two_files_names_both_places() {
    let said = mistakes(&[("a.toml", "\n[group.berlin]\n"), ("b.toml", "[group.berlin]\n")]);
    assert_eq!(
        said,
        [
            "b.toml:1:8: group.berlin: group `berlin` is declared at a.toml:2:8 already: remove one of them or give it another name"
        ]
    );
}

#[test]
fn mistakes_of_all_files_are_reported_together_and_references_wait_for_toml() {
    let broken = "[target.crm\n";
    let role = "[role.staff]\nrule = \"person.x\"\n[[role.staff.grant]]\ntarget = \"crm\"\n";
    let said = mistakes(&[("a.toml", broken), ("b.toml", role)]);
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(said[0].starts_with("a.toml:1:12: no TOML"), "{said:?}");
    assert!(said[1].starts_with("b.toml:2:8: role.staff.rule: unknown variable `person`"), "{said:?}");
}

#[test]
fn schedules_windows_and_rates_that_cannot_be() {
    let at = "a.toml:4:";
    for (line, said) in [
        ("reconcile = { full = \"0 2 * *\" }", "22: target.crm.reconcile.full: `0 2 * *` is no schedule: write minute"),
        ("reconcile = { full = \"0 0 30 2 *\" }", "22: target.crm.reconcile.full: `0 0 30 2 *` never comes"),
        ("reconcile = { fully = \"0 2 * * *\" }", "15: target.crm.reconcile.fully: unknown key; did you mean `full`?"),
        ("reconcile = { time_zone = \"Berlin\" }", "27: target.crm.reconcile.time_zone: `Berlin` is no time zone"),
        ("window = [\"Mo-Fr\"]", "11: target.crm.window[0]: `Mo-Fr` is no window"),
        ("window = [\"Xy 22:00-06:00\"]", "11: target.crm.window[0]: `Xy` is no day"),
        ("window = [{ days = \"Mo\", from = \"8\", to = \"09:00\" }]", "33: target.crm.window[0].from: `8` is no time"),
        ("writes = \"window\"", "10: target.crm.writes: writes can wait for a window only where `window` names one"),
        ("rate = { calls = 0, per = \"1m\" }", "18: target.crm.rate.calls: write a whole number from 1 to 1000000"),
        ("rate = { calls = 1 }", "1: target.crm.rate: `per` is missing"),
        (
            "rate = { calls = 1, per = \"1m\", concurrency = 65 }",
            "47: target.crm.rate.concurrency: write a whole number",
        ),
    ] {
        let said_of_it = of(&crm(&format!("{line}\n")));
        assert_eq!(said_of_it.len(), 1, "{said_of_it:?}");
        assert!(said_of_it[0].starts_with(&format!("{at}{said}")), "{said_of_it:?}");
    }
    assert!(
        of("[source.hr]\nconnector = \"flatfile\"\nclass = \"person\"\nschedule = \"0 25 * * *\"\n")[0]
            .starts_with("a.toml:4:12: source.hr.schedule: `0 25 * * *` is no schedule: ")
    );
}

#[test]
fn numbers_that_guard_are_whole_and_in_their_bounds() {
    let target = "[target.crm.guard]\nshare = 120\ncount = -1\nrevoke = { floor = \"many\", cuont = 3 }\n\
                  [target.crm.retry]\nbase = \"2h\"\nattempts = 0\n\
                  [target.crm.quarantine]\nbase = \"1h\"\ncap = \"30s\"\nfailures = 1.5\n";
    let said = mistakes(&[("b.toml", &crm(target))]);
    let about = |key: &str, message: &str| {
        let found = said.iter().any(|line| line.contains(&format!(": {key}: {message}")));
        assert!(found, "{key}: {message} in {said:#?}");
    };
    about("target.crm.guard.share", "write a whole number from 0 to 100");
    about("target.crm.guard.count", "write a whole number from 0 to");
    about("target.crm.guard.revoke.floor", "write a whole number");
    about("target.crm.guard.revoke.cuont", "unknown key; did you mean `count`?");
    about("target.crm.retry.base", "`base` must not be longer than `cap`");
    about("target.crm.retry.attempts", "write a whole number from 1 to 1000");
    about("target.crm.quarantine.cap", "`base` must not be longer than `cap`");
    about("target.crm.quarantine.failures", "write a whole number from 1 to 1000");
    assert_eq!(said.len(), 8, "{said:#?}");
}

#[test]
fn matches_protection_and_reactions_that_cannot_be() {
    let found = "[[target.crm.correlation]]\nattribute = \"userName\"\nvalue = \"identity.userName\"\n";
    for (lines, key, said) in [
        (format!("{found}weight = 0\n"), "target.crm.correlation[0].weight", "write a whole number from 1 to 100"),
        (format!("{found}weight = 101\n"), "target.crm.correlation[0].weight", "write a whole number from 1 to 100"),
        (format!("{found}weight = 5.5\n"), "target.crm.correlation[0].weight", "write a whole number from 1 to 100"),
        (
            "match = { possible = 60, definite = 50 }\n".into(),
            "target.crm.match",
            "`possible` is 60 and above `definite`, 50",
        ),
        ("match = { sure = 50 }\n".into(), "target.crm.match.sure", "unknown key"),
        ("protected = {}\n".into(), "target.crm.protected", "it protects nothing"),
        ("protected = { rule = \"identity.admin\" }\n".into(), "target.crm.protected.rule", ""),
        ("missing = \"recreate\"\n".into(), "target.crm.missing", "unknown value `recreate`"),
        (
            "unmatched = \"delete\"\n".into(),
            "target.crm.unmatched",
            "without `correlation` no existing account is recognised",
        ),
        ("disputed = \"adopt\"\n".into(), "target.crm.disputed", "unknown value `adopt`"),
    ] {
        let mistakes = of(&crm(&lines));
        assert_eq!(mistakes.len(), 1, "{lines}: {mistakes:?}");
        assert!(mistakes[0].contains(&format!(": {key}: {said}")), "{lines}: {mistakes:?}");
    }
}

#[test]
fn connectors_that_are_named_wrong() {
    let crm = |connector: &str| format!("[target.crm]\nconnector = \"{connector}\"\nclass = \"User\"\n");
    assert_only(
        &crm("scim@blake3:0123"),
        "a.toml:2:13: target.crm.connector: `0123` is no digest: write 12 to 64 of the digits 0-9 and a-f that \
         `purser connector list` shows",
    );
    assert_only(
        &crm("scim@sha256:0123456789ab"),
        "a.toml:2:13: target.crm.connector: a build is named by its blake3 digest, as `purser connector list` shows it: \
         write \"scim@blake3:...\"",
    );
}

#[test]
fn limits_that_the_runtime_does_not_give() {
    let limits = |inner: &str| of(&crm(&format!("limits = {{ {inner} }}\n")));
    assert_eq!(
        limits("memory = \"2GiB\""),
        ["a.toml:4:21: target.crm.limits.memory: the runtime gives a call at most 1024 MiB of memory"]
    );
    assert_eq!(limits("table = 20001"), ["a.toml:4:20: target.crm.limits.table: write a whole number from 1 to 20000"]);
    assert_eq!(
        limits("instances = 65"),
        ["a.toml:4:24: target.crm.limits.instances: write a whole number from 1 to 64"]
    );
    assert_eq!(limits("page = 0"), ["a.toml:4:19: target.crm.limits.page: write a whole number from 1 to 100000"]);
    assert!(limits("log_bytes = \"many\"")[0].contains("target.crm.limits.log_bytes"));
    assert!(limits("traffic = \"-1\"")[0].contains("target.crm.limits.traffic"));
    assert!(limits("value = \"0\"")[0].contains("target.crm.limits.value"));
    let unknown = limits("speed = 1");
    assert!(unknown[0].starts_with("a.toml:4:12: target.crm.limits.speed: unknown key"), "{unknown:?}");
    assert!(limits("cpu = \"0s\"")[0].contains("target.crm.limits.cpu: `0s` is no duration"));
}

#[test]
fn upgrades_and_signatures_that_make_no_sense() {
    assert_only(
        &crm("upgrade = { mode = \"staged\", share = 0 }\n"),
        "a.toml:4:38: target.crm.upgrade.share: write a whole number from 1 to 100",
    );
    let direct = of(&crm("upgrade = { mode = \"direct\", share = 5 }\n"));
    assert!(direct[0].contains("target.crm.upgrade.share: unknown key"), "{direct:?}");
    assert_only(
        "[connectors]\nsignatures = \"require\"\n",
        "a.toml:2:14: connectors.signatures: no connector can be used where nobody's signature counts: add `publishers`",
    );
    assert_only(
        "[connectors]\npublishers = { acme = \"RWQabc\" }\n",
        "a.toml:2:23: connectors.publishers.acme: this is no public key: write the second line of the file that \
         `minisign -G` makes",
    );
    assert_eq!(
        mistakes(&[("a.toml", "[connectors]\n"), ("b.toml", "[connectors]\n")]).len(),
        1,
        "the section stands once"
    );
}
