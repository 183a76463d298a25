use async_graphql::{Context, ErrorExtensions, Response, SimpleObject, value};
use tenantry_authz::Ctx;
use tenantry_kernel::{Error, Kind, RequestId};

/// An expected outcome that is not success: what is wrong and what to do.
#[derive(Debug, SimpleObject)]
pub(crate) struct Problem {
    /// Stable and machine-readable: INVALID, CONFLICT, QUOTA_EXCEEDED, WRONG_CREDENTIALS, …
    pub(crate) code: String,
    /// The input field at fault, where there is one.
    pub(crate) field: Option<String>,
    pub(crate) message: String,
    pub(crate) remedy: String,
}

impl Problem {
    pub(crate) fn new(code: &str, message: &str, remedy: &str) -> Self {
        Self { code: code.to_owned(), field: None, message: message.to_owned(), remedy: remedy.to_owned() }
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code().to_owned(),
            field: error.field().map(str::to_owned),
            message: error.message().to_owned(),
            remedy: error.remedy().to_owned(),
        }
    }
}

/// The request's context, put there by the transport.
pub(crate) fn request_of<'a>(ctx: &'a Context<'_>) -> &'a Ctx {
    ctx.data_unchecked::<Ctx>()
}

/// An error as GraphQL says it. Faults of ours are logged here, once.
pub(crate) fn to_graphql(error: Error, request: RequestId) -> async_graphql::Error {
    if matches!(error.kind(), Kind::Internal | Kind::Unavailable) {
        tracing::error!(request.id = %request, error = ?error, "request failed");
    }
    async_graphql::Error::new(error.message()).extend_with(|_, e| {
        e.set("code", error.code());
        e.set("remedy", error.remedy());
        e.set("requestId", request.to_string());
        if let Some(field) = error.field() {
            e.set("field", field);
        }
        if let Some(access) = error.access() {
            let granted_by = access.granted_by.iter().map(String::as_str);
            e.set(
                "access",
                value!({ "missing": access.missing.as_str(), "grantedBy": granted_by.collect::<Vec<_>>() }),
            );
        }
    })
}

/// Turns a service's answer into a resolver's.
pub(crate) trait Answer<T> {
    fn answer(self, ctx: &Context<'_>) -> async_graphql::Result<T>;
    /// As `answer`, with expected outcomes as a value.
    fn outcome(self, ctx: &Context<'_>) -> async_graphql::Result<Result<T, Problem>>;
}

impl<T> Answer<T> for tenantry_kernel::Result<T> {
    fn answer(self, ctx: &Context<'_>) -> async_graphql::Result<T> {
        self.map_err(|e| to_graphql(e, request_of(ctx).request()))
    }

    fn outcome(self, ctx: &Context<'_>) -> async_graphql::Result<Result<T, Problem>> {
        match self {
            Ok(value) => Ok(Ok(value)),
            Err(e)
                if matches!(
                    e.kind(),
                    Kind::Invalid | Kind::Conflict | Kind::QuotaExceeded | Kind::RateLimited
                ) =>
            {
                Ok(Err(Problem::from(&e)))
            }
            Err(e) => Err(to_graphql(e, request_of(ctx).request())),
        }
    }
}

/// Gives the errors that GraphQL itself raises (syntax, unknown fields, limits) a code and a remedy too.
pub(crate) fn tidy(mut response: Response, request: RequestId) -> Response {
    for error in &mut response.errors {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", "BAD_REQUEST");
            extensions.set("remedy", "Correct the GraphQL document: the message and location say where.");
        }
        if extensions.get("requestId").is_none() {
            extensions.set("requestId", request.to_string());
        }
    }
    response
}

/// An id of a wrong form names nothing.
pub(crate) fn parse_id<T: std::str::FromStr>(
    id: &async_graphql::ID,
    what: &str,
) -> tenantry_kernel::Result<T> {
    id.parse().map_err(|_| Error::not_found(what))
}
