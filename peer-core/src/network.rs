//! To be filled by the codec.
