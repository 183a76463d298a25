/// A page of a list, asked for by cursor. `first` is bounded to 1..=100.
#[derive(Debug, Clone)]
pub struct PageRequest {
    pub first: u32,
    pub after: Option<String>,
}

impl PageRequest {
    pub const MOST: u32 = 100;

    pub fn new(first: Option<u32>, after: Option<String>) -> Self {
        Self { first: first.unwrap_or(20).clamp(1, Self::MOST), after }
    }

    /// One row more than wanted tells whether another page follows.
    pub fn limit_plus_one(&self) -> i64 {
        i64::from(self.first) + 1
    }
}

/// One page of rows.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub has_next: bool,
}

impl<T> Page<T> {
    /// Makes a page of rows that were read with `limit_plus_one`.
    pub fn of(mut rows: Vec<T>, request: &PageRequest) -> Self {
        let wanted = request.first as usize;
        let has_next = rows.len() > wanted;
        rows.truncate(wanted);
        Self { rows, has_next }
    }
}
