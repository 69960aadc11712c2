//! Why a tape cannot be replayed, and where that shows.

/// What is wrong with a tape. Offsets count bytes from its beginning.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TapeError {
    /// It does not begin as tapes do.
    #[error("no tape begins at {offset}")]
    NotATape {
        /// Where one should.
        offset: u64,
    },
    /// A format that this version of the library does not read.
    #[error("the tape at {offset} has format {version}, known is {known}", known = super::VERSION)]
    Version {
        /// Where the tape begins.
        offset: u64,
        /// The format it says it has.
        version: u8,
    },
    /// Bytes were changed, lost or added: the block that begins here is not the one that was sealed.
    #[error("the block at {offset} is damaged")]
    Damaged {
        /// Where the block begins; everything before it is as it was written.
        offset: u64,
    },
    /// It ends too early. Everything before was replayed.
    #[error("the tape is cut off: what begins at {offset} is not complete")]
    Truncated {
        /// Where the first thing begins that is missing or incomplete.
        offset: u64,
    },
    /// A record that no recorder writes.
    #[error("the record at {offset} makes no sense: {what}")]
    Malformed {
        /// Where the record begins.
        offset: u64,
        /// The part of it that does not.
        what: &'static str,
    },
    /// The machine did not do what the recorded one did. Expected where another version of the library recorded it:
    /// [`Replayer::recorded_by`](super::Replayer::recorded_by).
    #[error(
        "record {number} at {offset} ({call}) came to something else than when it was recorded"
    )]
    Diverged {
        /// Where the record begins.
        offset: u64,
        /// How many records came before it on this tape.
        number: u64,
        /// The call that it is of.
        call: &'static str,
    },
    /// The recorder could not go on.
    #[error("the recording stopped at {offset}: {gap}")]
    Gap {
        /// Where the record that says so begins.
        offset: u64,
        /// Why.
        gap: Gap,
    },
    /// It was recorded on a network of which something cannot stand on a tape, and that
    /// [`Replayer::on`](super::Replayer::on) was not given.
    #[error(
        "the network of the record at {offset} must be given: a function or a salt of it stands on no tape"
    )]
    NetworkNeeded {
        /// Where the record begins.
        offset: u64,
    },
    /// Recorded with v2 built in and replayed without, or the other way round.
    #[error("the tape at {offset} was recorded with other features of the library")]
    Features {
        /// Where the record begins.
        offset: u64,
    },
    /// The machine would hold more memory than [`Replayer::within`](super::Replayer::within) allows.
    #[error("the record at {offset} needs more memory than replay may use")]
    TooMuchMemory {
        /// Where the record begins.
        offset: u64,
    },
}

impl TapeError {
    /// Where it shows.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        match self {
            Self::NotATape { offset }
            | Self::Version { offset, .. }
            | Self::Damaged { offset }
            | Self::Truncated { offset }
            | Self::Malformed { offset, .. }
            | Self::Diverged { offset, .. }
            | Self::Gap { offset, .. }
            | Self::NetworkNeeded { offset }
            | Self::Features { offset }
            | Self::TooMuchMemory { offset } => *offset,
        }
    }
}

/// Why a recording stops. The machine goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Gap {
    /// Nobody took what was recorded: [`MAX_UNTAKEN`](super::MAX_UNTAKEN).
    #[error("nobody took what was recorded")]
    Untaken,
    /// A record would be longer than [`MAX_RECORD`](super::MAX_RECORD).
    #[error("something too long to be recorded")]
    TooLong,
    /// A message that cannot be told by the bytes it is on the wire.
    #[error("a message that has no form on a tape")]
    Unwritable,
}
