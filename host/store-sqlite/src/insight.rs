//! Reports: reading only, and every list by an index or page by page.

use crate::SqliteStore;
use crate::failure::Result;
use crate::rows::{Key, collect, from_word, micros, optional_time, time, within};
use crate::seen::marks;
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::access::Reach;
use purser_model::id::{AccountId, IdentityId, RunId, TargetName};
use purser_store::{
    Drift, EntitlementHolders, FailureCause, Insight, Latency, MeasuredFrom, Orphan, OrphanReason, PageRequest, Period,
    ReportedAccount, Sighting, StoreError, UsableAccount,
};
use rusqlite::{Connection, Row};
use std::collections::BTreeSet;

#[async_trait]
impl Insight for SqliteStore {
    async fn orphans(
        &self,
        reach: &Reach,
        now: Timestamp,
        page: PageRequest<AccountId>,
    ) -> std::result::Result<Vec<Orphan>, StoreError> {
        let reach = reach.clone();
        self.connections.read(move |connection| orphans(connection, &reach, now, page)).await
    }

    async fn usable_accounts(
        &self,
        reach: &Reach,
        page: PageRequest<AccountId>,
    ) -> std::result::Result<Vec<UsableAccount>, StoreError> {
        let reach = reach.clone();
        self.connections.read(move |connection| usable_accounts(connection, &reach, page)).await
    }

    async fn entitlement_holders(
        &self,
        reach: &Reach,
        page: PageRequest<AccountId>,
    ) -> std::result::Result<Vec<EntitlementHolders>, StoreError> {
        let reach = reach.clone();
        self.connections.read(move |connection| entitlement_holders(connection, &reach, page)).await
    }

    async fn named_entitlements(
        &self,
        reach: &Reach,
    ) -> std::result::Result<BTreeSet<(TargetName, String)>, StoreError> {
        let reach = reach.clone();
        self.connections.read(move |connection| named_entitlements(connection, &reach)).await
    }

    async fn latencies(
        &self,
        target: Option<&TargetName>,
        period: Period,
    ) -> std::result::Result<Vec<Latency>, StoreError> {
        let target = target.cloned();
        self.connections.read(move |connection| latencies(connection, target.as_ref(), period)).await
    }

    async fn failures(
        &self,
        target: Option<&TargetName>,
        period: Period,
    ) -> std::result::Result<Vec<FailureCause>, StoreError> {
        let target = target.cloned();
        self.connections.read(move |connection| failures(connection, target.as_ref(), period)).await
    }

    async fn drift(
        &self,
        target: Option<&TargetName>,
        reach: &Reach,
        page: PageRequest<RunId>,
    ) -> std::result::Result<Vec<Drift>, StoreError> {
        let (target, reach) = (target.cloned(), reach.clone());
        self.connections.read(move |connection| drift(connection, target.as_ref(), &reach, page)).await
    }

    async fn sightings(&self, identity: IdentityId) -> std::result::Result<Vec<Sighting>, StoreError> {
        self.connections.read(move |connection| sightings(connection, identity)).await
    }
}

const REPORTED: &str = "account.id, account.target, account.class, account.remote_id, \
     (SELECT min(value) FROM account_key WHERE account_key.account = account.number), \
     owner.source || '/' || owner.key, account.situation, account.active";

fn reported(row: &Row<'_>) -> Result<ReportedAccount> {
    Ok(ReportedAccount {
        account: row.get::<_, Key>(0)?.into(),
        target: from_word("account", &row.get::<_, String>(1)?)?,
        class: row.get(2)?,
        remote_id: row.get(3)?,
        known_as: row.get(4)?,
        owner: row.get(5)?,
        situation: from_word("account", &row.get::<_, String>(6)?)?,
        active: row.get(7)?,
    })
}

fn orphans(
    connection: &Connection,
    reach: &Reach,
    now: Timestamp,
    page: PageRequest<AccountId>,
) -> Result<Vec<Orphan>> {
    let mut query = connection.prepare_cached(&orphans_sql())?;
    let found = query.query((page.after.map(Key::from), within(reach), micros(now), page.limit))?;
    collect(found, |row| {
        let account = reported(row)?;
        let why = if account.owner.is_some() { OrphanReason::OwnerDeparted } else { OrphanReason::NobodyOwns };
        Ok(Orphan { account, why })
    })
}

fn orphans_sql() -> String {
    format!(
        "SELECT {REPORTED} FROM account LEFT JOIN identity AS owner ON owner.id = account.identity \
         WHERE account.id > coalesce(?1, x'') AND account.remote_id IS NOT NULL \
         AND (?2 IS NULL OR account.target IN (SELECT value FROM json_each(?2))) \
         AND account.situation <> 'protected' \
         AND (owner.id IS NULL OR ((owner.state = 'departed' OR owner.valid_until <= ?3) AND account.active IS NOT 0)) \
         ORDER BY account.id LIMIT ?4"
    )
}

fn usable_accounts(connection: &Connection, reach: &Reach, page: PageRequest<AccountId>) -> Result<Vec<UsableAccount>> {
    let mut query = connection.prepare_cached(&usable_sql())?;
    collect(query.query((page.after.map(Key::from), within(reach), page.limit))?, |row| {
        Ok(UsableAccount { account: reported(row)?, attributes: row.get(8)? })
    })
}

fn usable_sql() -> String {
    format!(
        "SELECT {REPORTED}, account.attributes FROM account LEFT JOIN identity AS owner ON owner.id = account.identity \
         WHERE account.id > coalesce(?1, x'') AND (?2 IS NULL OR account.target IN (SELECT value FROM json_each(?2))) \
         AND account.remote_id IS NOT NULL \
         AND account.active IS NOT 0 ORDER BY account.id LIMIT ?3"
    )
}

const HOLDERS: &str = "SELECT id, target, class, remote_id, name, \
     (SELECT count(*) FROM holding WHERE holding.target = entitlement.target \
         AND holding.class = entitlement.class AND holding.entitlement = entitlement.remote_id), \
     (SELECT min(account) FROM holding WHERE holding.target = entitlement.target \
         AND holding.class = entitlement.class AND holding.entitlement = entitlement.remote_id) \
     FROM entitlement WHERE id > coalesce(?1, x'') \
     AND (?2 IS NULL OR target IN (SELECT value FROM json_each(?2))) ORDER BY id LIMIT ?3";

fn entitlement_holders(
    connection: &Connection,
    reach: &Reach,
    page: PageRequest<AccountId>,
) -> Result<Vec<EntitlementHolders>> {
    let mut query = connection.prepare_cached(HOLDERS)?;
    collect(query.query((page.after.map(Key::from), within(reach), page.limit))?, |row| {
        let holders = row.get(5)?;
        let first: Option<String> = row.get(6)?;
        Ok(EntitlementHolders {
            entitlement: row.get::<_, Key>(0)?.into(),
            target: from_word("entitlement", &row.get::<_, String>(1)?)?,
            class: row.get(2)?,
            remote_id: row.get(3)?,
            name: row.get(4)?,
            holders,
            only_holder: first.filter(|_| holders == 1),
        })
    })
}

fn named_entitlements(connection: &Connection, reach: &Reach) -> Result<BTreeSet<(TargetName, String)>> {
    let mut query = connection.prepare_cached(
        "SELECT DISTINCT target, name FROM entitlement WHERE name IS NOT NULL \
         AND (?1 IS NULL OR target IN (SELECT value FROM json_each(?1)))",
    )?;
    let found = query.query([within(reach)])?;
    let names = collect(found, |row| Ok((from_word("entitlement", &row.get::<_, String>(0)?)?, row.get(1)?)))?;
    Ok(names.into_iter().collect())
}

// Each operation counts from its intent, and once more from the change that asked for it where one did. The rank of a
// percentile is rounded up: nearest rank.
const LATENCIES: &str = "WITH ended AS MATERIALIZED (\
         SELECT target, changed_at, created_at, requested_at FROM operation \
         WHERE state IN ('applied', 'already-so') AND changed_at >= ?1 AND changed_at < ?2 AND (?3 IS NULL OR target = ?3)), \
     took AS (\
         SELECT target, 'intent' AS measured, max(changed_at - created_at, 0) AS micros FROM ended \
         UNION ALL \
         SELECT target, 'change', max(changed_at - requested_at, 0) FROM ended WHERE requested_at IS NOT NULL), \
     ranked AS (\
         SELECT target, measured, micros, row_number() OVER (PARTITION BY target, measured ORDER BY micros) AS rank, \
                count(*) OVER (PARTITION BY target, measured) AS total FROM took) \
     SELECT target, measured, total, max(micros) FILTER (WHERE rank = (total * 50 + 99) / 100), \
            max(micros) FILTER (WHERE rank = (total * 95 + 99) / 100), \
            max(micros) FILTER (WHERE rank = (total * 99 + 99) / 100), max(micros) \
     FROM ranked GROUP BY target, measured ORDER BY target, measured";

fn latencies(connection: &Connection, target: Option<&TargetName>, period: Period) -> Result<Vec<Latency>> {
    let mut query = connection.prepare_cached(LATENCIES)?;
    let found = query.query((micros(period.since), micros(period.until), target.map(TargetName::as_str)))?;
    collect(found, |row| {
        Ok(Latency {
            target: from_word("operation", &row.get::<_, String>(0)?)?,
            measured_from: from_word::<MeasuredFrom>("operation", &row.get::<_, String>(1)?)?,
            operations: row.get(2)?,
            p50_us: row.get(3)?,
            p95_us: row.get(4)?,
            p99_us: row.get(5)?,
            max_us: row.get(6)?,
        })
    })
}

// With exactly one `max()`, SQLite takes the bare columns from the row that has the maximum: the newest operation.
const FAILURES: &str = "SELECT target, error_class, count(*), count(*) FILTER (WHERE state = 'refused'), \
            count(*) FILTER (WHERE state IN ('waiting', 'in-flight', 'unknown')), \
            count(*) FILTER (WHERE state IN ('applied', 'already-so')), count(*) FILTER (WHERE state = 'superseded'), \
            max(number), id, detail, changed_at \
     FROM operation WHERE error_class IS NOT NULL AND changed_at >= ?1 AND changed_at < ?2 \
     AND (?3 IS NULL OR target = ?3) GROUP BY target, error_class ORDER BY 3 DESC, target, error_class";

fn failures(connection: &Connection, target: Option<&TargetName>, period: Period) -> Result<Vec<FailureCause>> {
    let mut query = connection.prepare_cached(FAILURES)?;
    let found = query.query((micros(period.since), micros(period.until), target.map(TargetName::as_str)))?;
    collect(found, |row| {
        Ok(FailureCause {
            target: from_word("operation", &row.get::<_, String>(0)?)?,
            error_class: row.get(1)?,
            operations: row.get(2)?,
            refused: row.get(3)?,
            open: row.get(4)?,
            recovered: row.get(5)?,
            superseded: row.get(6)?,
            example: row.get::<_, Key>(8)?.into(),
            example_detail: row.get(9)?,
            example_at: time(row.get(10)?)?,
        })
    })
}

const DRIFT: &str = "SELECT this.id, this.subject, this.state, this.started_at, this.ended_at, \
            coalesce(json_extract(this.counts, '$.listed'), 0), coalesce(json_extract(this.counts, '$.changed'), 0), \
            coalesce(json_extract(this.counts, '$.gone'), 0), \
            (SELECT count(*) FROM operation WHERE operation.target = this.subject AND requested_at IS NULL \
                 AND created_at >= this.started_at AND created_at < coalesce(\
                     (SELECT next.started_at FROM run AS next WHERE next.kind = this.kind \
                          AND next.subject = this.subject AND next.number > this.number ORDER BY next.number LIMIT 1), \
                     9223372036854775807) \
                 AND operation.state IN ('applied', 'already-so')) \
     FROM run AS this WHERE this.kind = 'reconciliation' AND (?2 IS NULL OR this.subject = ?2) \
     AND (?4 IS NULL OR this.subject IN (SELECT value FROM json_each(?4))) \
     AND (?1 IS NULL OR this.number < (SELECT number FROM run WHERE id = ?1)) ORDER BY this.number DESC LIMIT ?3";

fn drift(
    connection: &Connection,
    target: Option<&TargetName>,
    reach: &Reach,
    page: PageRequest<RunId>,
) -> Result<Vec<Drift>> {
    let mut query = connection.prepare_cached(DRIFT)?;
    collect(
        query.query((page.after.map(Key::from), target.map(TargetName::as_str), page.limit, within(reach)))?,
        |row| {
            Ok(Drift {
                run: row.get::<_, Key>(0)?.into(),
                target: from_word("run", &row.get::<_, String>(1)?)?,
                state: from_word("run", &row.get::<_, String>(2)?)?,
                started_at: time(row.get(3)?)?,
                ended_at: optional_time(row.get(4)?)?,
                listed: row.get(5)?,
                changed: row.get(6)?,
                gone: row.get(7)?,
                repaired: row.get(8)?,
            })
        },
    )
}

fn sightings(connection: &Connection, identity: IdentityId) -> Result<Vec<Sighting>> {
    let mut query =
        connection.prepare_cached("SELECT id, number, target FROM account WHERE identity = ?1 ORDER BY target, id")?;
    collect(query.query([Key::from(identity)])?, |row| {
        let listed_at = listed_at(connection, row.get(1)?, &row.get::<_, String>(2)?)?;
        Ok(Sighting { account: row.get::<_, Key>(0)?.into(), listed_at })
    })
}

/// When the latest listing of the target began that saw this account.
fn listed_at(connection: &Connection, account: i64, target: &str) -> Result<Option<Timestamp>> {
    let mut query = connection.prepare_cached(
        "SELECT run.started_at, seen.bits FROM seen JOIN run ON run.number = seen.run \
         WHERE seen.objects = 'account' AND seen.chunk = ?1 AND run.subject = ?2 ORDER BY run.number DESC",
    )?;
    let mut rows = query.query((marks::chunk(account), target))?;
    while let Some(row) = rows.next()? {
        if marks::is_set(&row.get::<_, Vec<u8>>(1)?, account) {
            return time(row.get(0)?).map(Some);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How SQLite goes about a query, as one text.
    fn way(connection: &Connection, sql: &str) -> String {
        let mut query = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps: Vec<String> = query.raw_query().mapped(|row| row.get(3)).collect::<rusqlite::Result<_>>().unwrap();
        steps.join("\n")
    }

    #[test]
    fn reports_read_by_index() {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::connection::migrate(&mut connection).unwrap();
        let ways = [
            (orphans_sql(), "SEARCH account USING INDEX sqlite_autoindex_account_1 (id>?)"),
            (usable_sql(), "SEARCH account USING INDEX sqlite_autoindex_account_1 (id>?)"),
            (HOLDERS.to_owned(), "SEARCH holding USING COVERING INDEX holding_entitlement"),
            (LATENCIES.to_owned(), "SEARCH operation USING INDEX operation_ended_well (changed_at>? AND changed_at<?)"),
            (FAILURES.to_owned(), "SEARCH operation USING INDEX operation_failed (changed_at>? AND changed_at<?)"),
            (DRIFT.to_owned(), "SEARCH operation USING INDEX operation_repair (target=? AND created_at>?"),
        ];
        for (sql, step) in ways {
            let way = way(&connection, &sql);
            assert!(way.contains(step), "{sql}\n{way}");
        }
    }
}
