//! No page of a list reads a whole table or sorts one, whatever is asked for, at a hundred thousand rows.

use super::PageQuery;
use crate::{cases, execution, identities, plans, runs};
use purser_model::account::Situation;
use purser_model::case::CaseState;
use purser_model::identity::LifecycleState;
use purser_model::operation::OperationState;
use purser_store::{
    AccountFilter, CaseFilter, IdentityFilter, IdentityPlace, IdentitySort, OperationFilter, PageRequest,
};
use rusqlite::Connection;
use uuid::Uuid;

const ROWS: i64 = 100_000;

/// Tables of a host that has worked with this many identities, each with an account and three operations.
fn large() -> Connection {
    let mut connection = Connection::open_in_memory().expect("memory is a database");
    crate::connection::migrate(&mut connection).expect("the tables are made");
    let numbers = format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})");
    let id = |column: &str| format!("CAST(printf('%016d', {column}) AS BLOB)");
    for sql in [
        format!(
            "INSERT INTO identity (id, source, key, state, attributes, digest, version, changed_at) {numbers} \
             SELECT {}, CASE i % 3 WHEN 0 THEN 'hr' ELSE 'ad' END, printf('E%06d', i), \
             CASE i % 50 WHEN 0 THEN 'departed' ELSE 'active' END, '{{}}', x'', 1, i FROM n",
            id("i")
        ),
        format!(
            "INSERT INTO account (id, target, class, remote_id, identity, situation, secondary_ids, attributes, pushed) {numbers} \
             SELECT {0}, CASE i % 2 WHEN 0 THEN 'crm' ELSE 'app' END, 'user', i, {0}, \
             CASE i % 99 WHEN 0 THEN 'disputed' ELSE 'linked' END, '[]', '{{}}', '{{}}' FROM n",
            id("i")
        ),
        format!(
            "INSERT INTO operation (id, identity, target, class, object, intent, state, not_before, created_at, changed_at) {numbers} \
             SELECT {}, {}, CASE i % 2 WHEN 0 THEN 'crm' ELSE 'app' END, 'user', {}, '{{}}', \
             CASE i % 99 WHEN 0 THEN 'refused' ELSE 'applied' END, 0, i, i FROM n",
            id("i"),
            id("i / 3"),
            id("i / 3")
        ),
    ] {
        connection.execute_batch(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    connection
}

/// What the database would do for a page.
fn steps(connection: &Connection, query: &PageQuery) -> Vec<String> {
    let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", query.sql)).expect("it is a query");
    let rows = explained.query_map(rusqlite::params_from_iter(&query.values), |row| row.get::<_, String>(3));
    rows.expect("a plan").map(|row| row.expect("a step")).collect()
}

/// A page is looked up, or read from an index in its order: then it ends with the limit.
fn assert_cheap(connection: &Connection, query: &PageQuery) {
    for step in steps(connection, query) {
        let looks_up = step.starts_with("SEARCH ");
        // Whatever is there is wanted, or nearly: most operations are applied.
        let nothing_filtered = !query.sql.contains(" WHERE ") || query.sql.contains("WHERE +state = ?");
        let in_order = step.starts_with("SCAN ") && step.contains(" INDEX ") && nothing_filtered;
        assert!(looks_up || in_order, "{step}: {}", query.sql);
    }
}

fn id<T>(wrap: impl Fn(Uuid) -> T) -> T {
    wrap(Uuid::from_bytes(*b"0000000000050000"))
}

/// With each of these, and without.
fn options<T: Clone>(value: T) -> [Option<T>; 2] {
    [None, Some(value)]
}

fn page<Id>(after: Option<Id>, backwards: bool) -> PageRequest<Id> {
    PageRequest { after, backwards, limit: 100 }
}

fn name<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a name")
}

fn identity_filters() -> impl Iterator<Item = IdentityFilter> {
    let states = || options(LifecycleState::Departed);
    let keys = || options("E000003".to_owned());
    let sources = options(name("hr"));
    sources.into_iter().flat_map(move |source| {
        states().into_iter().flat_map(move |state| {
            let source = source.clone();
            keys().into_iter().map(move |key| IdentityFilter {
                source: source.clone(),
                key,
                state,
                ..IdentityFilter::default()
            })
        })
    })
}

#[test]
fn identities() {
    let connection = large();
    let at = jiff::Timestamp::from_microsecond(50_000).expect("a time");
    let identity = id(purser_model::id::IdentityId);
    let places = [
        (IdentitySort::Id, IdentityPlace::Id(identity)),
        (IdentitySort::Key, IdentityPlace::Key { source: "hr".to_owned(), key: "E050000".to_owned() }),
        (IdentitySort::ChangedAt, IdentityPlace::ChangedAt(at, identity)),
    ];
    let mut looked_at = 0;
    for filter in identity_filters() {
        for (sort, place) in &places {
            for (after, backwards) in
                options(place.clone()).into_iter().flat_map(|after| [(after.clone(), false), (after, true)])
            {
                let query = identities::sorted_query(&filter, *sort, page(after, backwards));
                for step in steps(&connection, &query) {
                    // What is filtered while it is read in its order ends with the limit as well, only later.
                    let ends = step.starts_with("SEARCH ") || step.contains(" INDEX ");
                    // A key is in few sources.
                    let sorts = step.contains("TEMP B-TREE") && filter.key.is_none();
                    assert!((ends || step.contains("TEMP")) && !sorts, "{step}: {}", query.sql);
                }
                if *sort == IdentitySort::Id && filter.key.is_none() {
                    assert_cheap(&connection, &query);
                }
                looked_at += 1;
            }
        }
    }
    assert_eq!(looked_at, 8 * 3 * 4);
}

#[test]
fn accounts_operations_and_the_rest() {
    let connection = large();
    let mut looked_at = 0;
    for target in options(name("crm")) {
        for identity in options(id(purser_model::id::IdentityId)) {
            for backwards in [false, true] {
                for situation in options(Situation::Disputed) {
                    let filter =
                        AccountFilter { target: target.clone(), identity, situation, ..AccountFilter::default() };
                    for after in options(id(purser_model::id::AccountId)) {
                        let query = identities::accounts_query(&filter, page(after, backwards));
                        // One identity has few accounts, which may be sorted.
                        if identity.is_none() {
                            assert_cheap(&connection, &query);
                        }
                        looked_at += 1;
                    }
                }
                for state in [None, Some(OperationState::Refused), Some(OperationState::Applied)] {
                    let filter =
                        OperationFilter { target: target.clone(), identity, state, ..OperationFilter::default() };
                    for after in options(id(purser_model::id::OperationId)) {
                        assert_cheap(&connection, &execution::list_query(&filter, page(after, backwards)));
                        looked_at += 1;
                    }
                }
                for state in options(CaseState::Open) {
                    let filter = CaseFilter { target: target.clone(), identity, state, ..CaseFilter::default() };
                    for after in options(id(purser_model::id::CaseId)) {
                        let query = cases::list_query(&filter, page(after, backwards));
                        assert!(
                            steps(&connection, &query)
                                .iter()
                                .all(|step| step.contains(" INDEX ") || step.contains("TEMP"))
                        );
                        looked_at += 1;
                    }
                }
            }
        }
    }
    for backwards in [false, true] {
        for after in options(id(purser_model::id::RunId)) {
            assert_cheap(
                &connection,
                &runs::list_query(&purser_model::access::Reach::Everything, page(after, backwards)),
            );
        }
        for after in options(id(purser_model::id::PlanId)) {
            let steps = steps(
                &connection,
                &plans::list_query(&purser_model::access::Reach::Everything, page(after, backwards)),
            );
            assert!(steps.iter().all(|step| step.contains(" INDEX ") || step.contains("PRIMARY KEY")), "{steps:?}");
        }
    }
    assert_eq!(looked_at, 4 * 2 * (4 + 6 + 4));
}
