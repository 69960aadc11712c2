//! What happens, in lines for people, through the `tracing` crate. The only room that names it.
//!
//! | target | level | lines |
//! |---|---|---|
//! | `peer_core::life` | debug | created, the remote's `version`, negotiated, disconnected |
//! | `peer_core::misbehavior` | debug | what the remote did wrong, or did not do right |
//! | `peer_core::message` | debug | one line about each message, `<-` received and `->` queued to be sent |
//! | `peer_core::message` | trace | the same message, parsed |
//! | `peer_core::payload` | trace | hexdump of its payload, and of payloads that do not decode |
//!
//! The machine tells [`Log`] what happens; `Log` decides whether it becomes a line (one `tracing` event):
//!
//! 1. Is anybody listening? If not nothing is counted and nothing is formatted.
//! 2. May the remote provoke one more line this minute ([`Budget`])? Lines of life need not ask: there are four at most
//!    in a connection. Nor do messages that the application sends.
//!
//! Without the feature `tracing` a `Log` is nothing and does nothing. With it, it must not do anything *else*: it
//! reads no clock but the machine's, and nothing in the machine may depend on what it answers, which is never anything.

#[cfg(feature = "tracing")]
mod budget;
#[cfg(feature = "tracing")]
mod hexdump;
#[cfg(not(feature = "tracing"))]
mod silent;
#[cfg(feature = "tracing")]
mod spoken;

#[cfg(feature = "tracing")]
use self::budget::Budget;
#[cfg(not(feature = "tracing"))]
pub(crate) use self::silent::Log;
#[cfg(feature = "tracing")]
pub(crate) use self::spoken::Log;
