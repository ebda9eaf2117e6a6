//! Update strategies in values.

use crate::syntax::yaml::{Data, Entry};

/// The words of Kubernetes' update strategies of Deployments, `StatefulSets` and `DaemonSets`.
const WORDS: [&str; 3] = ["RollingUpdate", "Recreate", "OnDelete"];

/// The strategy that an entry of the values names: `updateStrategy: {type: …}`, `strategy: Recreate` and the like.
pub fn update_strategy(entry: &Entry) -> Option<&str> {
    let key = entry.key.to_ascii_lowercase();
    if !key.ends_with("strategy") {
        return None;
    }
    let text: &str = match &entry.value.data {
        Data::String(text) => text,
        Data::Map(map) => map.get("type")?.value.as_str()?,
        _ => return None,
    };
    WORDS.contains(&text).then_some(text)
}
