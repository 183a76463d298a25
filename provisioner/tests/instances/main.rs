//! Instances against a real PostgreSQL: what people may ask for, and what a worker makes of it with simulated
//! processes.

#[cfg(test)]
mod address;
#[cfg(test)]
mod create;
#[cfg(test)]
mod databases;
#[cfg(test)]
mod driver;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod grace;
#[cfg(test)]
mod ports;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod shop;
#[cfg(test)]
mod workers;
