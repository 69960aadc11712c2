//! [`Recorder`]: which connections are recorded.

use std::fmt;

use peer_adapter::TapeSink;
use peer_core::Link;

/// Chooses, and says where to.
type Choose = Box<dyn FnMut(&Link) -> Option<TapeSink> + Send>;

/// Asked for every connection that is made.
#[derive(Default)]
pub(crate) struct Recorder(Option<Choose>);

impl Recorder {
    pub(crate) fn new(choose: Choose) -> Self {
        Self(Some(choose))
    }

    /// Where the tape of a connection goes; `None` if it has none.
    pub(crate) fn sink(&mut self, link: &Link) -> Option<TapeSink> {
        self.0.as_mut().and_then(|choose| choose(link))
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Recorder").field(&self.0.is_some()).finish()
    }
}
