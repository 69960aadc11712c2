//! What must happen, a room for each kind of trouble.

pub(crate) mod broken;
pub(crate) mod bulk;
pub(crate) mod crowd;
pub(crate) mod handshake;
pub(crate) mod hostile;
pub(crate) mod load;
pub(crate) mod misbehaviour;
pub(crate) mod misuse;
pub(crate) mod silence;
pub(crate) mod slow_application;
pub(crate) mod slow_remote;
pub(crate) mod transport;
