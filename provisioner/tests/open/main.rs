//! Opening an instance: browsers, the edge over real sockets, a real PostgreSQL, and peers that speak as n8n does.
#![cfg(test)]

mod browser;
mod codes;
mod ends;
mod n8n;
mod passes;
mod ways;
mod world;
