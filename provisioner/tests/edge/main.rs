//! The edge over real sockets, before a peer that speaks HTTP as an instance does.
#![cfg(test)]

mod access;
mod forward;
mod state;
mod stream;
mod websocket;
mod world;
