//! What follows from a row of the [table](super::table): the types and the dispatch between them.
//!
//! A row with a payload becomes a tuple variant, a row without one a unit variant that is encoded as `()`. Braces fit
//! both: `Ping { 0: ping }` is `Ping(ping)`, and `Verack {}` is `Verack`.

macro_rules! messages {
    (|$limits:ident, $network:ident| $(
        $(#[$doc:meta])*
        $variant:ident $(($payload:ty))?,
        $command:literal, $method:ident, $short_id:tt, $since:tt, $phase:ident, $largest:expr;
    )*) => {
        /// A message.
        ///
        /// Lists, blocks and transactions are views over the payload they came in; cloning a message copies no
        /// payload. Large payloads that are rare are boxed.
        #[derive(Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Message {
            $( $(#[$doc])* $variant $(($payload))?, )*
            /// A message that is not in the table, as it came, or as it is to be sent.
            Unknown {
                /// Its name.
                command: CommandName,
                /// Its payload.
                payload: Bytes,
            },
        }

        /// A message of the table, without its payload.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum MessageKind {
            $( $(#[$doc])* $variant, )*
        }

        impl core::fmt::Debug for Message {
            /// Names an unknown payload by its length: it can have megabytes.
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self {
                    $( Self::$variant { $( 0: name!(body: $payload), )? } => {
                        let mut shown = f.debug_tuple(stringify!($variant));
                        $( shown.field(name!(body: $payload)); )?
                        shown.finish()
                    } )*
                    Self::Unknown { command, payload } => f
                        .debug_struct("Unknown")
                        .field("command", command)
                        .field("payload_len", &payload.len())
                        .finish(),
                }
            }
        }

        impl Message {
            /// The row of the table, or `None` for an unknown message.
            #[must_use]
            pub const fn kind(&self) -> Option<MessageKind> {
                match self {
                    $( Self::$variant { .. } => Some(MessageKind::$variant), )*
                    Self::Unknown { .. } => None,
                }
            }

            /// Name in a frame.
            #[must_use]
            pub const fn command(&self) -> CommandName {
                match self {
                    $( Self::$variant { .. } => MessageKind::$variant.command(), )*
                    Self::Unknown { command, .. } => *command,
                }
            }

            /// The message of `kind` that `payload` begins with, and the number of bytes after it.
            pub(super) fn read(
                kind: MessageKind,
                payload: Bytes,
                codec: &Codec<'_>,
            ) -> Result<(Self, usize), FieldError> {
                match kind {
                    $( MessageKind::$variant => {
                        let (_body, trailing) =
                            first!($( <$payload as Payload>::decode, )? <()>::decode)(payload, codec)?;
                        Ok((Self::$variant { $( 0: name!(_body: $payload), )? }, trailing))
                    } )*
                }
            }

            /// What knows the layout.
            pub(super) fn body(&self) -> &dyn Payload {
                match self {
                    $( Self::$variant { $( 0: name!(body: $payload), )? } => {
                        first!($( name!(body: $payload), )? &())
                    } )*
                    Self::Unknown { payload, .. } => payload,
                }
            }
        }

        impl MessageKind {
            /// All messages, in the order of the table.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )*];

            /// Name in a frame.
            #[must_use]
            pub const fn command(self) -> CommandName {
                match self {
                    $( Self::$variant => const { command($command) }, )*
                }
            }

            /// The message called `command`.
            #[must_use]
            pub fn from_command(command: &CommandName) -> Option<Self> {
                match command.as_str() {
                    $( $command => Some(Self::$variant), )*
                    _ => None,
                }
            }

            /// Short id in the encrypted transport (BIP324), if it has one.
            #[must_use]
            pub const fn short_id(self) -> Option<u8> {
                match self {
                    $( Self::$variant => optional!($short_id), )*
                }
            }

            /// When it may come.
            #[must_use]
            pub const fn phase(self) -> Phase {
                match self {
                    $( Self::$variant => Phase::$phase, )*
                }
            }

            /// First protocol version that has it, 0 if all do. It is not sent below; it is decoded in any version.
            #[must_use]
            pub const fn min_version(self, gates: &Gates) -> u32 {
                match self {
                    $( Self::$variant => gate!(gates, $since), )*
                }
            }

            /// Size in bytes of the largest payload that is valid and has no trailing bytes.
            #[must_use]
            pub fn max_payload(self, codec: &Codec<'_>) -> usize {
                let ($limits, $network) = (codec.limits, codec.network);
                let largest: usize = match self {
                    $( Self::$variant => $largest, )*
                };
                largest.min($network.max_payload as usize)
            }
        }
    };
}

/// The name of a binding that there is only if the row has a payload.
macro_rules! name {
    ($name:ident: $type:ty) => {
        $name
    };
}

/// What the row has, or else what follows.
macro_rules! first {
    ($first:expr $(, $rest:expr)*) => {
        $first
    };
}

/// A column that may be left blank.
macro_rules! optional {
    (_) => {
        None
    };
    ($value:literal) => {
        Some($value)
    };
}

/// The gate of that name; every version has what has none.
macro_rules! gate {
    ($gates:ident, _) => {
        0
    };
    ($gates:ident, $gate:ident) => {
        $gates.$gate
    };
}

pub(crate) use name;
pub(super) use {first, gate, messages, optional};
