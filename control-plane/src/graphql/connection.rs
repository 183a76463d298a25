use std::borrow::Cow;

use async_graphql::connection::{Connection, Edge, EmptyFields};
use async_graphql::parser::types::{Field, Selection};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::resolve_container_serial;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, OutputType, Positioned, ServerResult, SimpleObject, Value,
};
use tenantry_store::{Page, PageRequest};

/// A Relay connection of rows without more on its edges.
pub(crate) type List<T> = Connection<String, Row<T>, EmptyFields, EmptyFields>;

/// A row of a list. The fields of one whose values are all at hand are taken one after another: a set of tasks for
/// each row of a page would cost more than the values. Rows still wait beside each other.
pub(crate) struct Row<T>(T);

#[async_trait::async_trait]
impl<T: OutputType + ContainerType> OutputType for Row<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let is_leaf = |selection: &Positioned<Selection>| match &selection.node {
            Selection::Field(field) => field.node.selection_set.node.items.is_empty(),
            Selection::FragmentSpread(_) | Selection::InlineFragment(_) => false,
        };
        if ctx.item.node.items.iter().all(is_leaf) {
            return resolve_container_serial(ctx, &self.0).await;
        }
        self.0.resolve(ctx, field).await
    }
}

/// What a page of rows may cost: as many rows as there can be. (A page is at most 100 rows whatever is asked for, and
/// products of huge numbers would come round to small ones.)
pub(crate) fn page_cost(first: Option<u32>, of_a_row: usize) -> usize {
    (PageRequest::new(first, None).first as usize).saturating_mul(of_a_row)
}

/// A page as a connection. `cursor` names a row's place; the next page is asked for by it.
pub(crate) fn connection<R, T: OutputType + ContainerType>(
    page: Page<R>,
    request: &PageRequest,
    row: impl Fn(R) -> (String, T),
) -> List<T> {
    let mut connection = Connection::new(request.after.is_some(), page.has_next);
    connection.edges.extend(page.rows.into_iter().map(|r| {
        let (cursor, node) = row(r);
        Edge::new(cursor, Row(node))
    }));
    connection
}

/// How many rows the list has in all.
#[derive(SimpleObject)]
pub(crate) struct Total {
    /// Of the whole list, not of the page. Counted only when it is asked for.
    total_count: i64,
}

/// A Relay connection that knows how long the whole list is.
pub(crate) type CountedList<T> = Connection<String, Row<T>, Total, EmptyFields>;

/// A page as a connection with the length of the list: `None` where the request does not ask for it.
pub(crate) fn counted<R, T: OutputType + ContainerType>(
    page: Page<R>,
    (request, total): (&PageRequest, Option<i64>),
    row: impl Fn(R) -> (String, T),
) -> CountedList<T> {
    let list = connection(page, request, row);
    let total = Total { total_count: total.unwrap_or_default() };
    let mut counted = Connection::with_additional_fields(list.has_previous_page, list.has_next_page, total);
    counted.edges = list.edges;
    counted
}

/// Whether the request asks for the length of the list that this field is.
pub(crate) fn wants_total(ctx: &Context<'_>) -> bool {
    ctx.look_ahead().field("totalCount").exists()
}

/// Whether the request asks for this field of the rows of the list that the running field is.
pub(crate) fn wants_of_rows(ctx: &Context<'_>, field: &str) -> bool {
    let list = ctx.look_ahead();
    list.field("nodes").field(field).exists() || list.field("edges").field("node").field(field).exists()
}
