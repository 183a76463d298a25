//! The place of a row in a sorted list, as text that clients hand back unread.

use chrono::{DateTime, SecondsFormat};
use sea_orm::Value;
use serde::{Deserialize, Serialize};
use tenantry_kernel::{Error, InstanceId, Result};

use super::model::{FleetInstance, FleetOrder, FleetSort};

/// Longer than any that is given out: a name of 120 characters of four bytes, escaped and in hexadecimal.
const MOST: usize = 4096;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    sort: String,
    descending: bool,
    key: String,
    id: InstanceId,
}

/// The row after which a page begins: its value of what is sorted by, and its id.
pub(super) struct Place {
    pub(super) key: Value,
    pub(super) id: InstanceId,
}

/// The cursor of a row. `lower_name` is the name as PostgreSQL folds it: another's folding might sort otherwise.
pub(super) fn of(row: &FleetInstance, lower_name: &str, order: FleetOrder) -> Result<String> {
    let key = match order.sort {
        FleetSort::CreatedAt => row.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        FleetSort::Name => lower_name.to_owned(),
        FleetSort::Slug => row.slug.clone(),
        FleetSort::Region => row.region.clone(),
        FleetSort::Phase => row.phase.as_str().to_owned(),
        FleetSort::Attempts => row.attempts.to_string(),
    };
    let wire = Wire { sort: order.sort.as_str().to_owned(), descending: order.descending, key, id: row.id };
    Ok(hex::encode(serde_json::to_vec(&wire).map_err(Error::internal)?))
}

/// Reads a cursor of a list in this order.
///
/// # Errors
/// `Invalid` for what is no cursor, and for one of another order.
pub(super) fn parse(text: &str, order: FleetOrder) -> Result<Place> {
    let wire = (text.len() <= MOST)
        .then(|| hex::decode(text).ok())
        .flatten()
        .and_then(|bytes| serde_json::from_slice::<Wire>(&bytes).ok())
        .ok_or_else(unknown)?;
    if wire.sort != order.sort.as_str() || wire.descending != order.descending {
        let known = FleetSort::ALL.iter().find(|sort| sort.as_str() == wire.sort).ok_or_else(unknown)?;
        let direction = if wire.descending { "descending" } else { "ascending" };
        return Err(Error::invalid(
            "after",
            format!("This cursor is of the list sorted by {}, {direction}.", known.as_str()),
        )
        .with_remedy("Keep the order while paging, or begin at the first page: leave out `after`."));
    }
    let key = match order.sort {
        FleetSort::CreatedAt => {
            DateTime::parse_from_rfc3339(&wire.key).map_err(|_| unknown())?.to_utc().into()
        }
        FleetSort::Attempts => wire.key.parse::<i32>().map_err(|_| unknown())?.into(),
        // PostgreSQL's text has no zero byte.
        FleetSort::Name | FleetSort::Slug | FleetSort::Region | FleetSort::Phase
            if wire.key.contains('\0') =>
        {
            return Err(unknown());
        }
        FleetSort::Name | FleetSort::Slug | FleetSort::Region | FleetSort::Phase => wire.key.into(),
    };
    Ok(Place { key, id: wire.id })
}

fn unknown() -> Error {
    Error::invalid("after", "That is not a cursor of this list.")
        .with_remedy("Pass a cursor as the list gave it, or begin at the first page: leave out `after`.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "ins_01h455vb4pex5vsknk084sn02q";

    fn order(sort: FleetSort, descending: bool) -> FleetOrder {
        FleetOrder { sort, descending }
    }

    fn wire(sort: &str, key: &str) -> String {
        hex::encode(serde_json::json!({ "sort": sort, "descending": true, "key": key, "id": ID }).to_string())
    }

    #[test]
    fn what_is_no_cursor_is_refused_whatever_it_is() {
        let names = order(FleetSort::Name, true);
        let made_up = wire("COLOUR", "x");
        let zero = wire("NAME", "a\0b");
        for bad in ["", "zz", "00", ID, &"a".repeat(5000), made_up.as_str(), zero.as_str()] {
            let error = parse(bad, names).err().unwrap();
            assert_eq!(error.field(), Some("after"), "{bad}");
        }
        for (sort, key) in [(FleetSort::CreatedAt, "yesterday"), (FleetSort::Attempts, "9999999999")] {
            assert!(parse(&wire(sort.as_str(), key), order(sort, true)).is_err(), "{key}");
        }
    }

    #[test]
    fn a_cursor_of_another_order_is_refused_with_which_it_is() {
        let cursor = wire("NAME", "acme");
        assert!(parse(&cursor, order(FleetSort::Name, true)).is_ok());
        for other in [order(FleetSort::Name, false), order(FleetSort::Slug, true)] {
            let error = parse(&cursor, other).err().unwrap();
            assert!(error.message().contains("NAME, descending"), "{error:?}");
        }
    }
}
