//! Finds what refers to itself over others.

use std::collections::{BTreeMap, BTreeSet};

/// The first circle of a graph, from a name back to the same: `a -> b -> a`.
pub(crate) fn first_circle(graph: &BTreeMap<&str, Vec<&str>>) -> Option<Vec<String>> {
    let mut finished = BTreeSet::new();
    graph.keys().find_map(|start| walk(graph, start, &mut Vec::new(), &mut finished))
}

fn walk<'g>(
    graph: &BTreeMap<&'g str, Vec<&'g str>>,
    name: &'g str,
    path: &mut Vec<&'g str>,
    finished: &mut BTreeSet<&'g str>,
) -> Option<Vec<String>> {
    if let Some(begin) = path.iter().position(|known| *known == name) {
        return Some(path[begin..].iter().chain([&name]).map(|name| (*name).to_owned()).collect());
    }
    if finished.contains(name) {
        return None;
    }
    path.push(name);
    let found = graph.get(name).into_iter().flatten().find_map(|next| walk(graph, next, path, finished));
    path.pop();
    finished.insert(name);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_named_from_its_first_member_to_itself() {
        let graph = BTreeMap::from([("a", vec!["b", "c"]), ("b", vec!["c"]), ("c", vec!["d"]), ("d", vec!["b", "x"])]);
        assert_eq!(first_circle(&graph).unwrap(), ["b", "c", "d", "b"]);
        assert_eq!(first_circle(&BTreeMap::from([("a", vec!["a"])])).unwrap(), ["a", "a"]);
        assert_eq!(first_circle(&BTreeMap::from([("a", vec!["b", "c"]), ("b", vec!["c"])])), None);
    }
}
