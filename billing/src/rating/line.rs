use rust_decimal::Decimal;

/// What a line charges for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// A plan's monthly price, for the part of the month it runs.
    BasePrice,
    /// Executions that the base price covers.
    IncludedExecutions,
    /// Executions beyond.
    ExtraExecutions,
}

impl LineKind {
    pub fn as_str(self) -> &'static str {
        match self {
            LineKind::BasePrice => "base_price",
            LineKind::IncludedExecutions => "included_executions",
            LineKind::ExtraExecutions => "extra_executions",
        }
    }
}

/// One line: `amount_minor` is `quantity` × `unit_price_minor`, rounded half up to the minor unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceLine {
    pub kind: LineKind,
    /// A few words, such as `Starter, November 2026`.
    pub description: String,
    /// One sentence for the customer, with the numbers that make the amount.
    pub explanation: String,
    /// Months for the base price, shown to six decimals (the amount is reckoned in whole seconds); else executions.
    pub quantity: Decimal,
    /// In minor units, with decimals.
    pub unit_price_minor: Decimal,
    pub amount_minor: i64,
}
