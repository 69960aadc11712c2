//! Callbacks: [`MessageListener`] and the one function that feeds it.
//!
//! For applications that would rather be called than take events. It is a way of reading an
//! [`Event`] and nothing more: a listener hears what the event says, cannot change it, and is no
//! part of the machine. The methods for messages follow from the rows of the message table.

mod registry;

use bytes::Bytes;

pub use self::registry::{BoxedListener, ListenerId, Listeners, Round};
use crate::error::{DisconnectReason, SendError};
use crate::event::{Event, RawFrame};
use crate::message::*;
use crate::misbehavior::Misbehavior;
use crate::request::Unanswered;
use crate::transport::outbox::Ticket;
use crate::wire::{AddrList, AddrV2List, BlockView, TxView};

/// The trait, and the dispatch of a message, from the rows of the table.
macro_rules! listener {
    (|$limits:ident, $network:ident| $(
        $(#[$doc:meta])*
        $variant:ident $(($($payload:tt)+))?,
        $command:literal, $method:ident, $short_id:tt, $since:tt, $phase:ident, $largest:expr;
    )*) => {
        /// What to do when something happens: a method for every message, and one for every other
        /// event. All of them do nothing unless they are written.
        ///
        /// [`dispatch`] calls, for each event, [`on_event`](Self::on_event) and then what the
        /// event is about. For a message that is [`on_message`](Self::on_message), which knows its
        /// length on the wire, and then exactly one of the methods for messages.
        ///
        /// A listener is called where events are polled, and whoever polls waits for it: it should
        /// be brief.
        ///
        /// ```
        /// use peer_core::message::Ping;
        /// use peer_core::wire::TxView;
        /// use peer_core::{Event, MessageListener, PeerMachine, dispatch};
        ///
        /// #[derive(Default)]
        /// struct Counter {
        ///     transactions: usize,
        ///     pings: usize,
        /// }
        ///
        /// impl MessageListener for Counter {
        ///     fn on_tx(&mut self, _: &TxView) {
        ///         self.transactions += 1;
        ///     }
        ///     fn on_ping(&mut self, _: &Ping) {
        ///         self.pings += 1;
        ///     }
        /// }
        ///
        /// fn count(peer: &mut PeerMachine, counter: &mut Counter) {
        ///     while let Some(event) = peer.poll_event() {
        ///         dispatch(&event, counter);
        ///     }
        /// }
        /// ```
        #[expect(unused_variables, reason = "to be written by others")]
        pub trait MessageListener {
            /// Hears every event, before the method that it is for. What later versions of this
            /// crate tell and no method of today is for comes here.
            fn on_event(&mut self, event: &Event) {}

            /// Hears every [`Event::Message`], known or not, before the method that the message is
            /// for. `wire_len` is the bytes that its frame took on the wire.
            fn on_message(&mut self, message: &Message, wire_len: u32) {}

            $(
                $(#[$doc])*
                #[doc = concat!(" \n Called for `", $command, "`", when!($method))]
                fn $method(&mut self, $( message: &body!($($payload)+) )?) {}
            )*

            /// A message that is not in the table, as it came.
            fn on_unknown(&mut self, command: &CommandName, payload: &Bytes) {}

            /// A v2 handshake waits to be admitted ([`Event::V2Admission`]).
            fn on_v2_admission(&mut self) {}

            /// A frame was received; called before the method that its message is for. Raw, and so
            /// also for frames that do not decode, and for commands that nobody knows. Only with
            /// [`Config::raw_events`](crate::Config).
            fn on_read(&mut self, frame: &RawFrame) {}

            /// A frame was handed to the socket's window, ours or the application's. Only with
            /// [`Config::raw_events`](crate::Config).
            fn on_write(&mut self, frame: &RawFrame) {}

            /// The remote sent something malformed or pointless ([`Event::Misbehavior`]).
            fn on_misbehavior(&mut self, misbehavior: &Misbehavior) {}

            /// A request was not answered in time, and that was forgiven ([`Event::Unanswered`]).
            fn on_unanswered(&mut self, unanswered: &Unanswered) {}

            /// Everything up to this ticket has been taken by the socket ([`Event::Sent`]).
            fn on_sent(&mut self, through: Ticket) {}

            /// A message was accepted and will not be sent ([`Event::Unsent`]).
            fn on_unsent(&mut self, ticket: Ticket, error: &SendError) {}

            /// There is room again for messages to be sent ([`Event::Writable`]).
            fn on_writable(&mut self) {}

            /// The connection ended; comes exactly once and last.
            fn on_disconnected(&mut self, reason: &DisconnectReason) {}
        }

        fn dispatch_message(message: &Message, listener: &mut (impl MessageListener + ?Sized)) {
            match message {
                $( Message::$variant { $( 0: name!(body: $($payload)+), )? } => {
                    listener.$method($( name!(body: $($payload)+) )?);
                } )*
                Message::Unknown { command, payload } => listener.on_unknown(command, payload),
            }
        }
    };
}

/// What a listener is given of a payload: boxes are the table's own affair.
macro_rules! body {
    (Box<$body:ty>) => {
        $body
    };
    ($body:ty) => {
        $body
    };
}

/// Which event tells of a message.
macro_rules! when {
    (on_version) => {
        ", when [`Event::Version`] tells of it. With [`Config::review_version`](crate::Config) the \
         machine now waits for a verdict; otherwise it has answered already."
    };
    (on_verack) => {
        ", when [`Event::Negotiated`] tells of it: both sides have sent theirs, and the connection \
         is up."
    };
    ($message:ident) => {
        "."
    };
}

message_table!(listener);

/// Calls the methods of `listener` that `event` is for: [`on_event`](MessageListener::on_event)
/// first, then what it is about.
pub fn dispatch(event: &Event, listener: &mut (impl MessageListener + ?Sized)) {
    listener.on_event(event);
    match event {
        Event::Version(version) => listener.on_version(version),
        Event::Negotiated => listener.on_verack(),
        Event::V2Admission => listener.on_v2_admission(),
        Event::Message { message, wire_len } => {
            listener.on_message(message, *wire_len);
            dispatch_message(message, listener);
        }
        Event::Sent { through } => listener.on_sent(*through),
        Event::Unsent { ticket, error } => listener.on_unsent(*ticket, error),
        Event::Writable => listener.on_writable(),
        Event::Misbehavior(misbehavior) => listener.on_misbehavior(misbehavior),
        Event::Unanswered(unanswered) => listener.on_unanswered(unanswered),
        Event::Read(frame) => listener.on_read(frame),
        Event::Wrote(frame) => listener.on_write(frame),
        Event::Disconnected { reason, .. } => listener.on_disconnected(reason),
    }
}
