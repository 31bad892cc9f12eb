//! How accounts were last seen, in few bytes each.

use crate::failure::Result;
use crate::rows::{collect, digest};
use purser_model::fingerprint::Fingerprint;
use purser_model::object::Digest;
use purser_store::ClassOfTarget;
use rusqlite::{Connection, OptionalExtension};

/// The numbers of those accounts that are known to be as they are seen now, each in its place.
pub(crate) fn numbers(
    connection: &Connection,
    class: &ClassOfTarget,
    seen: &[(String, Digest)],
) -> Result<Vec<Option<i64>>> {
    let of = |(id, digest): &(String, Digest)| Fingerprint::of(&class.target, &class.class, id, digest);
    let mut sought: Vec<(Fingerprint, usize)> = seen.iter().map(of).zip(0..).collect();
    // In the order of the table, whichever order the target lists them in.
    sought.sort_unstable();
    let mut query = connection.prepare_cached("SELECT number FROM fingerprint WHERE name = ?1 AND seen = ?2")?;
    let mut found = vec![None; seen.len()];
    for (fingerprint, place) in sought {
        found[place] = query.query_row((fingerprint.name, fingerprint.seen), |row| row.get(0)).optional()?;
    }
    Ok(found)
}

/// Keeps that an account was seen like this; what was kept of it before is gone with the change of its row.
pub(crate) fn keep(connection: &Connection, number: i64, fingerprint: Fingerprint) -> Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO fingerprint (name, number, seen) VALUES (?1, ?2, ?3)")?
        .execute((fingerprint.name, number, fingerprint.seen))?;
    Ok(())
}

/// Accounts that were seen before there were fingerprints get theirs.
pub(crate) fn keep_of_all(connection: &Connection) -> Result<()> {
    const AT_ONCE: usize = 10_000;
    let mut after = i64::MIN;
    loop {
        let mut query = connection.prepare_cached(
            "SELECT number, target, class, remote_id, digest FROM account \
             WHERE number > ?1 AND remote_id IS NOT NULL AND digest IS NOT NULL ORDER BY number LIMIT ?2",
        )?;
        let accounts = collect(query.query((after, AT_ONCE))?, |row| {
            let (target, class, id): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok((row.get::<_, i64>(0)?, target, class, id, digest(row.get(4)?)?))
        })?;
        let Some((last, ..)) = accounts.last() else { return Ok(()) };
        after = *last;
        for (number, target, class, id, digest) in &accounts {
            let (Ok(target), Some(digest)) = (target.parse(), digest) else { continue };
            let fingerprint = Fingerprint::of(&target, class, id, digest);
            keep(connection, *number, fingerprint)?;
            connection
                .prepare_cached("UPDATE account SET fingerprint = ?2 WHERE number = ?1")?
                .execute((number, fingerprint.name))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_model::manifest::ClassKind;

    fn store() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::connection::migrate(&mut connection).unwrap();
        connection
    }

    fn class() -> ClassOfTarget {
        ClassOfTarget { target: "app".parse().unwrap(), class: "account".into(), kind: ClassKind::Account }
    }

    fn account(connection: &Connection, number: i64, id: &str, digest: Digest) {
        connection
            .execute(
                "INSERT INTO account (number, id, target, class, situation, remote_id, digest, secondary_ids, attributes, pushed) \
                 VALUES (?1, ?2, 'app', 'account', 'unmatched', ?3, ?4, '[]', '{}', '{}')",
                (number, number.to_be_bytes(), id, digest.0),
            )
            .unwrap();
    }

    #[test]
    fn what_is_as_it_was_is_found_in_its_place_and_nothing_else() {
        let connection = store();
        let digest = Digest::of("{}");
        for (number, id) in [(7, "b"), (8, "a")] {
            account(&connection, number, id, digest);
        }
        keep_of_all(&connection).unwrap();
        let seen = |id: &str, digest| (id.to_owned(), digest);
        let asked = [seen("a", digest), seen("c", digest), seen("b", Digest::of("{1}")), seen("b", digest)];
        assert_eq!(numbers(&connection, &class(), &asked).unwrap(), [Some(8), None, None, Some(7)]);
        let other = ClassOfTarget { target: "crm".parse().unwrap(), ..class() };
        assert_eq!(numbers(&connection, &other, &asked[..1]).unwrap(), [None]);
    }

    #[test]
    fn what_is_not_known_any_more_is_not_found() {
        for change in ["UPDATE account SET digest = NULL", "UPDATE account SET remote_id = NULL", "DELETE FROM account"]
        {
            let connection = store();
            account(&connection, 7, "a", Digest::of("{}"));
            keep_of_all(&connection).unwrap();
            connection.execute(change, []).unwrap();
            assert_eq!(numbers(&connection, &class(), &[("a".into(), Digest::of("{}"))]).unwrap(), [None], "{change}");
        }
    }

    #[test]
    fn of_two_with_the_same_name_the_later_is_found_and_the_other_is_not_taken_for_it() {
        let connection = store();
        let digest = Digest::of("{}");
        account(&connection, 7, "a", digest);
        account(&connection, 8, "b", digest);
        keep_of_all(&connection).unwrap();
        let of = |id| Fingerprint::of(&class().target, "account", id, &digest);
        connection.execute("UPDATE account SET fingerprint = ?1 WHERE number = 8", [of("a").name]).unwrap();
        keep(&connection, 8, Fingerprint { name: of("a").name, ..of("b") }).unwrap();
        assert_eq!(numbers(&connection, &class(), &[("a".into(), digest)]).unwrap(), [None], "it is looked at closely");
        connection.execute("UPDATE account SET digest = NULL WHERE number = 7", []).unwrap();
        let left: i64 = connection
            .query_row("SELECT number FROM fingerprint WHERE name = ?1", [of("a").name], |row| row.get(0))
            .unwrap();
        assert_eq!(left, 8, "the later's is not taken away with the earlier");
    }
}
