//! What must not compile: every way round the gate that a hurried change might take.

#[test]
fn no_way_round_the_gate_compiles() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
