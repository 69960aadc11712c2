//! Of the reader itself: what counts as public, and what does not.

use peer_core::message::MessageKind;

use super::Items;

const SOURCE: &str = r#"
    pub mod open {
        pub use super::hidden::Exported;
        pub(crate) struct Crate;
        pub struct Here { pub field: u8, private: u8 }
        impl Here {
            pub const LIMIT: u8 = 1;
            pub fn method(&self) {}
            pub(crate) fn internal(&self) {}
            fn private_method(&self) {}
            #[cfg(test)]
            pub fn for_tests(&self) {}
        }
        #[cfg(test)]
        pub mod tests { pub fn helper() {} }
    }
    mod hidden {
        pub struct Exported(pub u8);
        pub struct Kept;
        pub fn free() {}
        mod deeper {
            use super::*;
            impl Exported { pub fn far_away(&self) {} }
            // Another one of that name.
            pub struct Here;
            impl Here { pub fn of_the_other(&self) {} }
        }
        impl core::fmt::Display for Exported {}
    }
    pub use hidden::free as renamed;
    pub use elsewhere::Foreign;
    pub enum Choice { One(u8), Two }
    pub trait Doing { fn doing(&self) {} }
    fn main_only() {}
    made! {
        /// Documented.
        First;
        Second;
    }
    macro_rules! made {
        ($($(#[$doc:meta])* $name:ident;)*) => {$(
            pub struct $name(u8);
            impl $name {
                pub const fn make() -> Self { Self(0) }
                pub(super) fn not_for_all() {}
                fn secret() {}
            }
            impl fmt::Display for $name { fn fmt() {} }
        )*};
    }
    macro_rules! rows { ($generate:ident) => { $generate! { |limits|
        /// Text.
        Ping(Box<Ping>), "ping", on_ping, 18, var(1) + 2;
        Verack,          "verack", on_verack, _, 0;
    } } }
    rows!(generate);
    macro_rules! generate {
        (|$limits:ident| $($variant:ident $(($payload:ty))?, $c:literal, $method:ident, $s:tt, $l:expr;)*) => {
            pub enum Kind { $( $variant, )* Unknown { command: u8 } }
            pub trait Hears { fn on_event(&self) {} $( fn $method(&self) {} )* }
        }
    }
"#;

#[test]
fn what_a_user_can_name_is_public() {
    let items = Items::of_source(SOURCE);
    for name in [
        "krate::open",
        "Here::field",
        "open::Here::LIMIT",
        "Here::method",
        "open::Exported",
        "Exported::far_away",
        "Exported: Display",
        "krate::renamed",
        "Choice::One",
        "Choice::Two",
        "Doing::doing",
        "First",
        "Second::make",
        "Second: Display",
        "Kind::Ping",
        "Kind::Verack",
        "Kind::Unknown",
        "Hears::on_event",
        "Hears::on_verack",
    ] {
        assert!(items.has(name), "{name}");
    }
}

#[test]
fn what_a_user_cannot_name_is_not() {
    let items = Items::of_source(SOURCE);
    for name in [
        "ere::method",
        "Here::made_up",
        "Here::private",
        "Here::private_method",
        "Here::internal",
        "Here::for_tests",
        "Here::of_the_other",
        "open::Crate",
        "helper",
        "tests",
        "hidden",
        "hidden::Exported",
        "Kept",
        "free",
        "Foreign",
        "main_only",
        "Exported: Debug",
        "Second::secret",
        "Second::not_for_all",
        "Kind::Pong",
        "Kind::on_ping",
        "Hears::Ping",
        "Third",
    ] {
        assert!(!items.has(name), "{name}");
    }
}

/// The rows that are read are those that the compiler reads.
#[test]
fn the_table_of_messages_is_read_as_it_is() {
    let items = Items::of_workspace();
    for kind in MessageKind::ALL {
        assert!(items.has(&format!("Message::{kind:?}")), "{kind:?}");
        assert!(items.has(&format!("MessageKind::{kind:?}")), "{kind:?}");
        let method = format!("MessageListener::on_{}", kind.command());
        assert!(items.has(&method), "{method}");
    }
    for made_up in ["Message::Pinch", "MessageListener::on_pinch"] {
        assert!(!items.has(made_up));
    }
}

/// Some of every sort, across crates.
#[test]
fn items_of_the_workspace_are_found() {
    let items = Items::of_workspace();
    for name in [
        "peer_core::PeerMachine::send",
        "peer_core::message::UserAgent::new",
        "peer_core::wire::BlockHash::from_hex",
        "peer_core::network::Network::MAINNET",
        "peer_core::Stats::user_agent",
        "peer_core::message::Inventory",
        "peer_tokio::Peer::send",
        "peer_tokio::dial",
        "peer_mio::Peer::send",
        "ServiceFlags: Display",
        "MessageListener::on_read",
        "Message::summary",
    ] {
        assert!(items.has(name), "{name}");
    }
    for name in [
        "Config::secret",
        "Stats::annoyances",
        "Inventory::on_wish",
        "peer_core::protocol",
        "peer_core::machine::PeerMachine",
        "Protocol",
        "PeerMachine::rooms",
    ] {
        assert!(!items.has(name), "{name}");
    }
}
