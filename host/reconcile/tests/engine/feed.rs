//! A change feed of the application: the difference between what was there at a cursor and what is there now.

use crate::application::Content;
use purser_connector::Fault;
use purser_model::edit::{ConnectorError, ErrorClass};
use purser_model::object::{Change, ChangePage, ChangeTail, Object};
use std::collections::BTreeMap;

const PAGE: usize = 3;

/// What the feed remembers.
#[derive(Default)]
pub struct Feed {
    snapshots: Vec<BTreeMap<(String, String), Object>>,
    /// Cursors older than this are not known any more.
    pub oldest: usize,
    /// Ids that are said to be gone although they are there.
    pub says_gone: Vec<String>,
}

impl Feed {
    /// Forgets every cursor that was given out.
    pub fn expire(&mut self) {
        self.oldest = self.snapshots.len();
    }

    fn snapshot(&mut self, content: &Content) -> usize {
        let people = content.people.keys().map(|id| ("person", id));
        let groups = content.groups.keys().map(|id| ("group", id));
        let object = |(class, id): (&str, &String)| {
            let object = content.object(class, id).unwrap();
            ((class.to_owned(), id.clone()), object)
        };
        self.snapshots.push(people.chain(groups).map(object).collect());
        self.snapshots.len() - 1
    }

    /// A cursor is `FROM`, or `FROM:TO:ID` in the middle.
    pub fn changes(&mut self, content: &Content, class: &str, cursor: Option<&str>) -> Result<ChangePage, Fault> {
        let Some(cursor) = cursor else {
            let now = self.snapshot(content);
            return Ok(ChangePage { changes: Vec::new(), tail: ChangeTail::Current(now.to_string()) });
        };
        let mut parts = cursor.split(':');
        let from: usize = parts.next().unwrap().parse().unwrap();
        if from < self.oldest {
            let (class, message) = (ErrorClass::CursorExpired, "too old".to_owned());
            return Err(Fault::Connector(ConnectorError { class, message, native_code: None }));
        }
        let to = parts.next().map_or_else(|| self.snapshot(content), |to| to.parse().unwrap());
        let after = parts.next().unwrap_or_default().to_owned();
        let mut changes = self.between(class, from, to);
        changes.extend(self.says_gone.iter().map(|id| (id.clone(), Change::Gone(id.clone()))));
        changes.retain(|(id, _)| *id > after);
        let more = changes.len() > PAGE;
        changes.truncate(PAGE);
        let tail = match changes.last() {
            Some((last, _)) if more => ChangeTail::More(format!("{from}:{to}:{last}")),
            _ => ChangeTail::Current(to.to_string()),
        };
        Ok(ChangePage { changes: changes.into_iter().map(|(_, change)| change).collect(), tail })
    }

    fn between(&self, class: &str, from: usize, to: usize) -> Vec<(String, Change)> {
        let (before, now) = (&self.snapshots[from], &self.snapshots[to]);
        let mut changes = Vec::new();
        for ((of, id), object) in now.iter().filter(|((of, _), _)| of == class) {
            match before.get(&(of.clone(), id.clone())) {
                None => changes.push((id.clone(), Change::Present(object.clone()))),
                Some(old) if old != object => changes.push((id.clone(), Change::Touched(id.clone()))),
                Some(_) => {}
            }
        }
        let gone = before.keys().filter(|(of, id)| of == class && !now.contains_key(&(of.clone(), id.clone())));
        changes.extend(gone.map(|(_, id)| (id.clone(), Change::Gone(id.clone()))));
        changes.sort_by(|left, right| left.0.cmp(&right.0));
        changes
    }
}
