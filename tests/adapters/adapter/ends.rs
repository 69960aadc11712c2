//! The connections of an adapter, so that it can part from all of them. Does not keep them open.

use std::sync::{Arc, Mutex, Weak};

use super::End;

/// Every end that was made. Clones are the same list.
#[derive(Debug)]
pub(crate) struct Ends<E> {
    list: Arc<Mutex<Vec<Weak<E>>>>,
}

impl<E: End> Ends<E> {
    /// Takes a new end up.
    pub(crate) fn add(&self, end: E) -> Arc<E> {
        let end = Arc::new(end);
        self.list.lock().unwrap().push(Arc::downgrade(&end));
        end
    }

    /// Disconnects all that are still held, and waits until they are closed.
    pub(crate) fn part_in_order(&self) {
        let list = core::mem::take(&mut *self.list.lock().unwrap());
        let ends: Vec<_> = list.iter().filter_map(Weak::upgrade).collect();
        for end in &ends {
            end.disconnect();
        }
        for end in &ends {
            end.closed();
        }
    }
}

impl<E> Default for Ends<E> {
    fn default() -> Self {
        Self {
            list: Arc::default(),
        }
    }
}

impl<E> Clone for Ends<E> {
    fn clone(&self) -> Self {
        Self {
            list: self.list.clone(),
        }
    }
}
