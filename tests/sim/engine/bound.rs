//! What a machine may hold at most, from its configuration, what it was given, and what it was asked to send.

use peer_core::Config;

use super::book::Book;

/// A frame that is landing may cost so much more than four times what has arrived (DESIGN rule 4).
const SLACK: usize = 64 * 1_024;

/// No entry of a queue is larger.
const ENTRY: usize = 192;

/// Bytes that do not depend on what is going on: lanes, a window of staged frames that grows by doubling, the largest
/// `inv` of a flush, garbage of a handshake, events.
const STANDING: usize = 256 * 1_024;

/// The part that follows from the configuration alone.
pub(crate) fn standing(config: &Config) -> usize {
    let limits = &config.limits;
    let known = limits.known_inventory.next_power_of_two() * 64;
    let waiting = limits.inventory_queue.min(65_534).next_power_of_two() * 192;
    let provoked = limits.provoked + limits.provoked / 32 * 2 * ENTRY;
    let tapped = if config.raw_events {
        2_048 * ENTRY + 1_000_000 + 128 * 1_024
    } else {
        0
    };
    let decoys: u32 = config.v2.decoys.iter().map(|len| len + 100).sum();
    STANDING + known + waiting + provoked + tapped + decoys as usize
}

/// The most that may be held now.
pub(crate) fn bound(standing: usize, config: &Config, fed: u64, book: &Book) -> usize {
    let fed = usize::try_from(fed).unwrap_or(usize::MAX);
    let frame = config.network.max_payload as usize;
    // A pad is exact in its last step, and holds a third of it before; a head lies beside it.
    let landing = fed.saturating_mul(4).min(frame + frame / 3) + SLACK;
    let queued = book.largest() + config.limits.send_high.min(book.queued_bytes());
    standing + landing + queued + book.open() * 2 * ENTRY + book.items_asked() * 2 * ENTRY
}
