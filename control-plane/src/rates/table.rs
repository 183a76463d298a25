use std::collections::HashMap;

/// A bounded map that forgets what was not used for long. It keeps two generations: what is used moves to the young
/// one; when that is full, it becomes the old one, and the former old one is forgotten.
#[derive(Debug)]
pub(super) struct Table<V> {
    young: HashMap<String, V>,
    old: HashMap<String, V>,
    half: usize,
}

impl<V: Clone> Table<V> {
    /// Holds at most `most` entries, and surely the half of them that were used last.
    pub(super) fn new(most: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half: (most / 2).max(1) }
    }

    pub(super) fn get(&mut self, key: &str) -> Option<V> {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let value = self.old.remove(key)?;
        self.insert(key, value.clone());
        Some(value)
    }

    pub(super) fn insert(&mut self, key: &str, value: V) {
        if self.young.len() >= self.half && !self.young.contains_key(key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key.to_owned(), value);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_keeps_what_is_in_use() {
        let mut table = Table::new(100);
        table.insert("kept", 7);
        for n in 0..10_000 {
            table.insert(&format!("passing {n}"), n);
            assert!(table.len() <= 101, "{} after {n}", table.len());
            assert_eq!(table.get("kept"), Some(7), "used all the time, after {n}");
        }
        assert_eq!(table.get("passing 3"), None, "forgotten long ago");
        assert_eq!(table.get("passing 9999"), Some(9999));
    }
}
