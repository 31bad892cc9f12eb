//! JSON text with sorted names: the host compares digests of it.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Value};

/// The JSON text of an object, names sorted at every depth whatever order the map keeps.
pub fn sorted(attributes: &Map<String, Value>) -> String {
    let text = serde_json::to_string(&SortedMap(attributes));
    text.expect("JSON values have text keys and finite numbers, which is all that writing them can trip over")
}

struct SortedMap<'a>(&'a Map<String, Value>);
struct SortedValue<'a>(&'a Value);

impl Serialize for SortedMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entries: Vec<(&String, &Value)> = self.0.iter().collect();
        entries.sort_unstable_by_key(|(name, _)| *name);
        let mut map = serializer.serialize_map(Some(entries.len()))?;
        for (name, value) in entries {
            map.serialize_entry(name, &SortedValue(value))?;
        }
        map.end()
    }
}

impl Serialize for SortedValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(map) => SortedMap(map).serialize(serializer),
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&SortedValue(item))?;
                }
                list.end()
            }
            scalar => scalar.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_at_every_depth() {
        let text = r#"{"b":[{"z":1,"a":null}],"a":{"d":"x","c":true}}"#;
        let Value::Object(map) = serde_json::from_str(text).unwrap() else { panic!("no object") };
        assert_eq!(sorted(&map), r#"{"a":{"c":true,"d":"x"},"b":[{"a":null,"z":1}]}"#);
    }
}
