//! Running what was asked for: one after another, within one time limit.

use std::time::Duration;

use async_graphql::{ObjectType, Response, Schema, SubscriptionType};
use tenantry_authz::Ctx;

use super::answer::{Answers, Refusal, is_request_error};
use super::params::Asked;
use super::prepare::{Prepared, Rules, Way};
use crate::graphql::{Budget, tidy};

/// One API twice: as it is, and with [`Budget`] counted over several operations.
pub(super) struct Schemas<Q, M, S> {
    pub(super) plain: Schema<Q, M, S>,
    pub(super) counted: Schema<Q, M, S>,
}

// Derived, it would ask the same of a schema's types.
impl<Q, M, S> Clone for Schemas<Q, M, S> {
    fn clone(&self) -> Self {
        Self { plain: self.plain.clone(), counted: self.counted.clone() }
    }
}

/// The operations of one HTTP request: each may run, or is answered already.
pub(super) struct Work {
    ctx: Ctx,
    rules: Rules,
    each: Vec<Result<Prepared, Box<Response>>>,
    is_batch: bool,
}

impl Work {
    pub(super) fn new(rules: &Rules, ctx: &Ctx, asked: Asked) -> Self {
        let budget = Budget::default();
        let (all, way) = match asked {
            Asked::Single(one) => (vec![*one], Way::Single),
            Asked::Batch(all) => (all, Way::Batch),
        };
        let each = all.into_iter().map(|params| rules.prepare(ctx, params, (way, &budget))).collect();
        Self { ctx: ctx.clone(), rules: rules.clone(), each, is_batch: way == Way::Batch }
    }

    /// The operations that would run.
    pub(super) fn prepared(&self) -> impl Iterator<Item = &Prepared> {
        self.each.iter().filter_map(|each| each.as_ref().ok())
    }

    pub(super) fn has_mutation(&self) -> bool {
        self.prepared().any(Prepared::is_mutation)
    }

    /// Runs them in order. What the time does not allow is ended, and its transaction with it, or not begun.
    pub(super) async fn run<Q, M, S>(self, schemas: &Schemas<Q, M, S>) -> Answers
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        let Self { ctx, rules, each, is_batch } = self;
        let limit = rules.app.api.max_time;
        let over = tokio::time::sleep(limit);
        tokio::pin!(over);
        let mut answers = Vec::with_capacity(each.len());
        for one in each {
            let prepared = match one {
                Ok(prepared) => prepared,
                Err(answer) => {
                    answers.push(*answer);
                    continue;
                }
            };
            let (changes, remember, shape) = (prepared.is_mutation(), prepared.remember, prepared.shape);
            // Counting slows each field down a little: it is for what the library's own limit does not see.
            let schema = if is_batch || prepared.entities > 0 { &schemas.counted } else { &schemas.plain };
            let done = tokio::select! {
                biased;
                () = &mut over => None,
                response = schema.execute(prepared.request) => Some(response),
            };
            if changes {
                // Also one that was ended: it may have taken something away just before.
                rules.app.recent.forget();
            }
            answers.push(match done {
                Some(response) => {
                    if remember && !is_request_error(&response) {
                        rules.remembered.put(&shape.text);
                    }
                    rules.finish(&ctx, &shape, response)
                }
                None => tidy(timed_out(limit, changes), ctx.request()),
            });
        }
        match answers.pop() {
            Some(only) if !is_batch => Answers::Single(only),
            last => Answers::Batch(answers.into_iter().chain(last).collect()),
        }
    }
}

fn timed_out(limit: Duration, changes: bool) -> Response {
    let message = format!("The request took longer than {} seconds and was ended.", limit.as_secs());
    let remedy = if changes {
        "Look whether the change was made before you repeat it: it may have been, just before the end."
    } else {
        "Ask for less at once, or try again in a moment."
    };
    Refusal { code: "TIMEOUT", message: &message, remedy }.response()
}
