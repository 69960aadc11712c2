//! BIP37 and BIP111: bloom filter commands, and `mempool`, that we did not offer to serve, and those
//! that change a filter which is not there.
//!
//! Keeps whether a filter is loaded, and nothing of it; the filters themselves are the
//! application's.

use crate::error::{Annoyance, DisconnectReason, Violation};
use crate::message::{Message, MessageKind};
use crate::protocol::Cx;
use crate::strictness::Reaction;
use crate::wire::ServiceFlags;

#[derive(Debug, Default)]
pub(super) struct Bloom {
    loaded: bool,
}

/// Why a message is to be dropped and counted; `None` if it may pass.
type Judged = Result<Option<Annoyance>, DisconnectReason>;

impl Bloom {
    pub(super) fn on_message(&mut self, cx: &Cx<'_>, message: &Message) -> Judged {
        let Some(
            kind @ (MessageKind::FilterLoad
            | MessageKind::FilterAdd
            | MessageKind::FilterClear
            | MessageKind::MemPool),
        ) = message.kind()
        else {
            return Ok(None);
        };
        let served = serve(cx, kind)?;
        if served.is_some() {
            return Ok(served);
        }
        let had_filter = self.loaded;
        self.loaded = match kind {
            MessageKind::FilterLoad => true,
            MessageKind::FilterClear => false,
            _ => had_filter,
        };
        let strictness = &cx.config.strictness;
        let reaction = match kind {
            MessageKind::FilterAdd if !had_filter => strictness.filter_add_without_filter,
            MessageKind::FilterClear if !had_filter => strictness.filter_clear_without_filter,
            _ => return Ok(None),
        };
        let command = kind.command();
        react(
            reaction,
            Annoyance::NoFilter,
            Violation::NoFilter { command },
        )
    }
}

/// Whether we offered the service that a message needs.
fn serve(cx: &Cx<'_>, kind: MessageKind) -> Judged {
    let service = ServiceFlags::BLOOM;
    if cx.config.services.contains(service) {
        return Ok(None);
    }
    let strictness = &cx.config.strictness;
    // From this version on the remote knows that the service exists and that we do not offer it.
    let reaction = if cx.version() >= cx.config.network.gates.bloom_service {
        strictness.bloom_without_service
    } else {
        strictness.bloom_without_service_old
    };
    let command = kind.command();
    react(
        reaction,
        Annoyance::NotServed,
        Violation::NotServed { command, service },
    )
}

fn react(reaction: Reaction, annoyance: Annoyance, violation: Violation) -> Judged {
    match reaction {
        Reaction::Deliver => Ok(None),
        Reaction::Drop => Ok(Some(annoyance)),
        Reaction::Disconnect => Err(violation.into()),
    }
}
