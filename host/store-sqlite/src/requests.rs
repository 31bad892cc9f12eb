//! Requests with names, and their answers.

use crate::SqliteStore;
use crate::failure::Result;
use crate::rows::{from_json, json, micros};
use crate::transaction::Transaction;
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::object::Digest;
use purser_store::{
    ANSWERS_KEPT, KeptAnswer, MOST_ANSWER_BYTES, MOST_ANSWERS, Repeatable, RequestBegun, RequestKey, Store, StoreError,
};
use rusqlite::OptionalExtension;
use std::sync::Arc;

#[async_trait]
impl Repeatable for SqliteStore {
    fn answering(&self, request: RequestKey) -> Arc<dyn Store> {
        let connections = self.connections.with(|author| author.request = Some(request));
        Arc::new(Self { connections, ids: self.ids.clone() })
    }

    async fn begin_request(
        &self,
        request: &RequestKey,
        fingerprint: Digest,
        now: Timestamp,
    ) -> std::result::Result<RequestBegun, StoreError> {
        let request = request.clone();
        self.connections.write(move |tx| begin(tx, &request, fingerprint, now)).await
    }

    async fn end_request(
        &self,
        request: &RequestKey,
        answer: KeptAnswer,
        failed: bool,
    ) -> std::result::Result<(), StoreError> {
        let request = request.clone();
        self.connections.write(move |tx| end(tx, &request, &answer, failed)).await
    }

    async fn settle_requests(&self) -> std::result::Result<u64, StoreError> {
        self.connections.write(settle).await
    }
}

fn begin(tx: &Transaction<'_>, request: &RequestKey, fingerprint: Digest, now: Timestamp) -> Result<RequestBegun> {
    let oldest = now.checked_sub(ANSWERS_KEPT).unwrap_or(Timestamp::MIN);
    tx.prepare_cached("DELETE FROM request WHERE begun_at < ?1 AND state <> 'under-way'")?.execute([micros(oldest)])?;
    let known = tx
        .prepare_cached(
            "SELECT fingerprint = ?3, state, status, headers, body FROM request WHERE caller = ?1 AND key = ?2",
        )?
        .query_row((request.caller.as_str(), &request.key, fingerprint.0), |row| {
            Ok((row.get::<_, bool>(0)?, row.get::<_, String>(1)?, (row.get(2)?, row.get(3)?, row.get(4)?)))
        })
        .optional()?;
    match known {
        Some((false, ..)) => Ok(RequestBegun::AnotherRequest),
        Some((true, state, answer)) => found(&state, answer),
        None => {
            tx.prepare_cached("INSERT INTO request (caller, key, fingerprint, begun_at) VALUES (?1, ?2, ?3, ?4)")?
                .execute((request.caller.as_str(), &request.key, fingerprint.0, micros(now)))?;
            make_room(tx, request)?;
            Ok(RequestBegun::New)
        }
    }
}

fn found(state: &str, answer: (Option<u16>, Option<String>, Option<Vec<u8>>)) -> Result<RequestBegun> {
    let (status, headers, body) = answer;
    Ok(match (state, status) {
        ("answered", Some(status)) => {
            let headers = headers.map_or_else(|| Ok(Vec::new()), |text| from_json("request", &text))?;
            RequestBegun::Answered(KeptAnswer { status, headers, body })
        }
        ("under-way", _) => RequestBegun::UnderWay,
        _ => RequestBegun::EndUnknown,
    })
}

/// Drops the oldest answers of a caller who has too many, or too large ones.
fn make_room(tx: &Transaction<'_>, request: &RequestKey) -> Result<()> {
    loop {
        let (answers, bytes): (u64, u64) = tx
            .prepare_cached(
                "SELECT count(*), coalesce(sum(size), 0) FROM request WHERE caller = ?1 AND state <> 'under-way'",
            )?
            .query_row([request.caller.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if answers <= MOST_ANSWERS && bytes <= MOST_ANSWER_BYTES {
            return Ok(());
        }
        tx.prepare_cached(
            "DELETE FROM request WHERE rowid IN (SELECT rowid FROM request \
             WHERE caller = ?1 AND state <> 'under-way' ORDER BY begun_at LIMIT 100)",
        )?
        .execute([request.caller.as_str()])?;
    }
}

fn end(tx: &Transaction<'_>, request: &RequestKey, answer: &KeptAnswer, failed: bool) -> Result<()> {
    let name = (request.caller.as_str(), &request.key);
    if failed
        && tx.prepare_cached("DELETE FROM request WHERE caller = ?1 AND key = ?2 AND changed = 0")?.execute(name)? > 0
    {
        return Ok(());
    }
    tx.prepare_cached(
        "UPDATE request SET state = 'answered', status = ?3, headers = ?4, body = ?5, size = coalesce(length(?5), 0) \
         WHERE caller = ?1 AND key = ?2",
    )?
    .execute((name.0, name.1, answer.status, json("request", &answer.headers)?, &answer.body))?;
    Ok(())
}

fn settle(tx: &Transaction<'_>) -> Result<u64> {
    tx.execute("DELETE FROM request WHERE state = 'under-way' AND changed = 0", [])?;
    Ok(tx.execute("UPDATE request SET state = 'unknown' WHERE state = 'under-way'", [])? as u64)
}

/// Notes that a request has changed something, in the transaction in which it does.
pub(crate) fn note_change(tx: &Transaction<'_>, request: &RequestKey) -> Result<()> {
    tx.prepare_cached("UPDATE request SET changed = 1 WHERE caller = ?1 AND key = ?2 AND changed = 0")?
        .execute((request.caller.as_str(), &request.key))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transaction::Author;
    use rusqlite::Connection;

    #[test]
    fn of_very_many_answers_the_oldest_go() {
        let mut connection = Connection::open_in_memory().expect("memory is a database");
        crate::connection::migrate(&mut connection).expect("the tables are made");
        let rows = format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MOST_ANSWERS}) \
             INSERT INTO request (caller, key, fingerprint, begun_at, state, status) \
             SELECT 'vera', i, x'', i, 'answered', 200 FROM n"
        );
        connection.execute_batch(&rows).expect("the rows are written");
        let author = Author::default();
        let tx = Transaction::new(&connection, &author, None);
        let named = |key: &str| RequestKey { caller: "vera".parse().expect("a name"), key: key.to_owned() };
        let now = Timestamp::from_microsecond(1_000_000).expect("a time");
        let new = |key: &str| begin(&tx, &named(key), Digest([0; 32]), now).expect("it begins");
        let kept = || -> u64 {
            let sql = "SELECT count(*) FROM request WHERE state = 'answered'";
            tx.query_row(sql, [], |row| row.get(0)).expect("a number")
        };
        assert_eq!((new("a"), kept()), (RequestBegun::New, MOST_ANSWERS));
        end(&tx, &named("a"), &KeptAnswer { status: 200, headers: Vec::new(), body: Some(vec![1]) }, false)
            .expect("it ends");
        assert_eq!((new("b"), kept()), (RequestBegun::New, MOST_ANSWERS - 99));
        assert_eq!(new("1"), RequestBegun::New, "the oldest are gone");
        assert_eq!(new("101"), RequestBegun::AnotherRequest, "the others are there");
        assert!(matches!(new("a"), RequestBegun::Answered(_)));
    }
}
