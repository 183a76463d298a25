//! One budget of complexity for all operations of an HTTP request: ten that are each within the limit are not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::{ServerError, ValidationResult};

use super::MAX_COMPLEXITY;

/// What an HTTP request has spent. Each of its operations carries it.
#[derive(Clone, Default)]
pub(crate) struct Budget {
    spent: Arc<AtomicUsize>,
    /// How often the operation's fields are resolved, where the library cannot see it: `_entities`.
    times: usize,
}

impl Budget {
    /// The same budget, for an operation that is resolved for so many entities.
    pub(crate) fn times(&self, times: usize) -> Self {
        Self { spent: self.spent.clone(), times }
    }

    fn spend(&self, complexity: usize) -> Result<(), ServerError> {
        let cost = complexity.saturating_mul(self.times.max(1));
        let before = self.spent.fetch_add(cost.min(MAX_COMPLEXITY + 1), Ordering::Relaxed);
        if before.saturating_add(cost) <= MAX_COMPLEXITY {
            return Ok(());
        }
        let message = format!(
            "The request asks for too much: all its operations may count {MAX_COMPLEXITY} fields together."
        );
        Err(ServerError::new(message, None))
    }
}

pub(crate) struct BudgetCheck;

impl ExtensionFactory for BudgetCheck {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for BudgetCheck {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await?;
        if let Some(budget) = ctx.data_opt::<Budget>() {
            budget.spend(result.complexity).map_err(|error| vec![error])?;
        }
        Ok(result)
    }
}
