//! What the APIs answer to whom: every operation, run as every role.
//!
//! - [`table`]: the operations. A new one gets a line there, with the right that it needs.
//! - `matrix`: runs each as each role in its own tenant; who gets through is `control-plane/operation-matrix.txt`, a
//!   committed file. After a change of the API or the policy it is made anew by
//!   `TENANTRY_UPDATE_MATRIX=1 cargo nextest run -p tenantry the_committed_matrix`.
//! - `outsiders`: runs each as each role of *another* tenant, with ids that are and ids that are not, and compares the
//!   answers; then with ids of every wrong form.
//! - `walk`: no field of either schema and no route is in neither the table nor `operations-reviewed.txt`.
//! - `support`: staff by consent, in the API as a whole.

mod fixture;
mod matrix;
mod outsiders;
mod selection;
mod statements;
mod support;
mod table;
mod walk;
