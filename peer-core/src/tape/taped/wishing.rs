//! The application's doors of a [`TapedMachine`]. Each is recorded as the [`Command`] that it stands for.

use super::TapedMachine;
use crate::announcement::{Announced, Announcement};
use crate::command::{Command, Outcome, Pushed};
use crate::encoded::EncodedMessage;
use crate::error::{Outgoing, SendError};
use crate::machine::PeerMachine;
use crate::message::{InvVect, Locator, Message, Reject};
use crate::tape::input::Kind;
use crate::tape::value::{Out, Value};
use crate::tape::witness::Said;
use crate::transport::outbox::Ticket;
use crate::wire::{AddrEntry, BlockHash, TxEncoding};

impl TapedMachine {
    /// The command as it will stand on the tape, if something is recorded.
    fn wish(&self, command: impl FnOnce() -> Command) -> Option<Out> {
        self.is_recorded().then(|| {
            let mut out = self.out();
            command().put(&mut out);
            out
        })
    }

    /// Carries a wish out and records what it came to, which nobody asks for where nothing is recorded.
    fn fulfil<T>(
        &mut self,
        wish: Option<Out>,
        act: impl FnOnce(&mut PeerMachine) -> Result<T, SendError>,
        outcome: impl FnOnce(&T) -> Outcome,
    ) -> Result<T, SendError> {
        let result = act(&mut self.machine);
        if let Some(wish) = wish {
            self.came_to(&wish, result.as_ref().map(outcome));
        }
        result
    }

    /// The same for what always comes to something.
    fn fulfil_always(&mut self, wish: Option<Out>, act: impl FnOnce(&mut PeerMachine)) {
        act(&mut self.machine);
        if let Some(wish) = wish {
            self.came_to(&wish, Ok(Outcome::Done));
        }
    }

    fn came_to(&mut self, wish: &Out, outcome: Result<Outcome, &SendError>) {
        let is_refused = matches!(&outcome, Err(error) if !matches!(error, SendError::Full(_)));
        if wish.is_impossible && is_refused {
            // What no wire has a form for no machine takes: nothing has changed.
            return;
        }
        if self
            .tape()
            .is_some_and(|tape| tape.record(Kind::Command, wish))
        {
            self.mark(&Said::Outcome(outcome.as_ref().map_err(|error| *error)));
        }
    }

    /// [`PeerMachine::command`](crate::PeerMachine::command).
    ///
    /// # Errors
    /// The machine's.
    pub fn command(&mut self, command: Command) -> Result<Outcome, SendError> {
        let wish = self.wish(|| command.clone());
        self.fulfil(wish, |machine| machine.command(command), Outcome::clone)
    }

    /// [`PeerMachine::send`](crate::PeerMachine::send).
    ///
    /// # Errors
    /// The machine's.
    pub fn send(&mut self, message: Message) -> Result<Ticket, SendError> {
        let wish = self.wish(|| message.clone().into());
        self.fulfil(
            wish,
            |machine| machine.send(message),
            |ticket| Outcome::Queued(*ticket),
        )
    }

    /// [`PeerMachine::send_with_encoding`](crate::PeerMachine::send_with_encoding).
    ///
    /// # Errors
    /// The machine's.
    pub fn send_with_encoding(
        &mut self,
        message: Message,
        encoding: TxEncoding,
    ) -> Result<Ticket, SendError> {
        let wish = self.wish(|| Outgoing::Message(message.clone(), encoding).into());
        self.fulfil(
            wish,
            |machine| machine.send_with_encoding(message, encoding),
            |ticket| Outcome::Queued(*ticket),
        )
    }

    /// [`PeerMachine::send_encoded`](crate::PeerMachine::send_encoded).
    ///
    /// # Errors
    /// The machine's.
    pub fn send_encoded(&mut self, message: &EncodedMessage) -> Result<Ticket, SendError> {
        let wish = self.wish(|| message.clone().into());
        self.fulfil(
            wish,
            |machine| machine.send_encoded(message),
            |ticket| Outcome::Queued(*ticket),
        )
    }

    /// [`PeerMachine::send_decoy`](crate::PeerMachine::send_decoy).
    ///
    /// # Errors
    /// The machine's.
    pub fn send_decoy(&mut self, contents_len: u32) -> Result<Ticket, SendError> {
        let wish = self.wish(|| Command::SendDecoy(contents_len));
        self.fulfil(
            wish,
            |machine| machine.send_decoy(contents_len),
            |ticket| Outcome::Queued(*ticket),
        )
    }

    /// [`PeerMachine::push_addr`](crate::PeerMachine::push_addr).
    ///
    /// # Errors
    /// The machine's.
    pub fn push_addr(&mut self, addresses: &[AddrEntry]) -> Result<Pushed, SendError> {
        let wish = self.wish(|| Command::PushAddr(addresses.to_vec()));
        self.fulfil(
            wish,
            |machine| machine.push_addr(addresses),
            |pushed| Outcome::Addresses(pushed.clone()),
        )
    }

    /// [`PeerMachine::push_addrv2`](crate::PeerMachine::push_addrv2).
    ///
    /// # Errors
    /// The machine's.
    pub fn push_addrv2(&mut self, addresses: &[AddrEntry]) -> Result<Pushed, SendError> {
        let wish = self.wish(|| Command::PushAddrV2(addresses.to_vec()));
        self.fulfil(
            wish,
            |machine| machine.push_addrv2(addresses),
            |pushed| Outcome::Addresses(pushed.clone()),
        )
    }

    /// [`PeerMachine::answer_getaddr`](crate::PeerMachine::answer_getaddr).
    ///
    /// # Errors
    /// The machine's.
    pub fn answer_getaddr(&mut self, addresses: &[AddrEntry]) -> Result<Pushed, SendError> {
        let wish = self.wish(|| Command::AnswerGetAddr(addresses.to_vec()));
        self.fulfil(
            wish,
            |machine| machine.answer_getaddr(addresses),
            |pushed| Outcome::Addresses(pushed.clone()),
        )
    }

    /// [`PeerMachine::push_getblocks`](crate::PeerMachine::push_getblocks).
    ///
    /// # Errors
    /// The machine's.
    pub fn push_getblocks(&mut self, locator: Locator) -> Result<Option<Ticket>, SendError> {
        let wish = self.wish(|| Command::PushGetBlocks(locator.clone().into()));
        self.fulfil(
            wish,
            |machine| machine.push_getblocks(locator),
            |ticket| Outcome::of(*ticket),
        )
    }

    /// [`PeerMachine::push_getheaders`](crate::PeerMachine::push_getheaders).
    ///
    /// # Errors
    /// The machine's.
    pub fn push_getheaders(&mut self, locator: Locator) -> Result<Option<Ticket>, SendError> {
        let wish = self.wish(|| Command::PushGetHeaders(locator.clone().into()));
        self.fulfil(
            wish,
            |machine| machine.push_getheaders(locator),
            |ticket| Outcome::of(*ticket),
        )
    }

    /// [`PeerMachine::push_reject`](crate::PeerMachine::push_reject).
    ///
    /// # Errors
    /// The machine's.
    pub fn push_reject(&mut self, reject: Reject) -> Result<Option<Ticket>, SendError> {
        let wish = self.wish(|| Command::PushReject(reject.clone().into()));
        self.fulfil(
            wish,
            |machine| machine.push_reject(reject),
            |ticket| Outcome::of(*ticket),
        )
    }

    /// [`PeerMachine::announce`](crate::PeerMachine::announce).
    ///
    /// # Errors
    /// The machine's.
    pub fn announce(
        &mut self,
        announcement: impl Into<Announcement>,
    ) -> Result<Announced, SendError> {
        let announcement = announcement.into();
        let wish = self.wish(|| announcement.into());
        self.fulfil(
            wish,
            |machine| machine.announce(announcement),
            |announced| Outcome::Announced(*announced),
        )
    }

    /// [`PeerMachine::add_known_inventory`](crate::PeerMachine::add_known_inventory).
    pub fn add_known_inventory(&mut self, item: InvVect) {
        let wish = self.wish(|| Command::AddKnownInventory(item));
        self.fulfil_always(wish, |machine| machine.add_known_inventory(item));
    }

    /// [`PeerMachine::update_last_block_height`](crate::PeerMachine::update_last_block_height).
    pub fn update_last_block_height(&mut self, height: i32) {
        let wish = self.wish(|| Command::UpdateLastBlockHeight(height));
        self.fulfil_always(wish, |machine| machine.update_last_block_height(height));
    }

    /// [`PeerMachine::update_last_announced_block`](crate::PeerMachine::update_last_announced_block).
    pub fn update_last_announced_block(&mut self, block: BlockHash) {
        let wish = self.wish(|| Command::UpdateLastAnnouncedBlock(block));
        self.fulfil_always(wish, |machine| machine.update_last_announced_block(block));
    }

    /// [`PeerMachine::accept_version`](crate::PeerMachine::accept_version).
    pub fn accept_version(&mut self) {
        let wish = self.wish(|| Command::AcceptVersion);
        self.fulfil_always(wish, PeerMachine::accept_version);
    }

    /// [`PeerMachine::refuse_version`](crate::PeerMachine::refuse_version).
    pub fn refuse_version(&mut self, reject: Option<Reject>) {
        let wish = self.wish(|| Command::RefuseVersion(reject.clone().map(Into::into)));
        self.fulfil_always(wish, |machine| machine.refuse_version(reject));
    }

    /// [`PeerMachine::admit_v2`](crate::PeerMachine::admit_v2).
    pub fn admit_v2(&mut self) {
        let wish = self.wish(|| Command::AdmitV2);
        self.fulfil_always(wish, PeerMachine::admit_v2);
    }

    /// [`PeerMachine::refuse_v2`](crate::PeerMachine::refuse_v2).
    pub fn refuse_v2(&mut self) {
        let wish = self.wish(|| Command::RefuseV2);
        self.fulfil_always(wish, PeerMachine::refuse_v2);
    }

    /// [`PeerMachine::disconnect`](crate::PeerMachine::disconnect).
    pub fn disconnect(&mut self) {
        let wish = self.wish(|| Command::Disconnect);
        self.fulfil_always(wish, PeerMachine::disconnect);
    }

    /// [`PeerMachine::abort`](crate::PeerMachine::abort).
    pub fn abort(&mut self) {
        let wish = self.wish(|| Command::Abort);
        self.fulfil_always(wish, PeerMachine::abort);
    }
}
