//! What every adapter must do with real sockets: one suite, run against each of them.
//!
//! A scenario is a blocking function over an [`Adapter`](adapter::Adapter), so that it serves futures and reactors
//! alike. It speaks from outside: the hostile side is a plain socket ([`plain`]) whose bytes the library did not write.
//! What the protocol asks of a machine is not tested here again, only that an adapter brings it to the wire, whatever
//! the socket and the application do.
//!
//! - [`adapter`]: what a scenario needs of an adapter; [`on_tokio`] and its like give it;
//! - [`scene`]: an adapter that listens, and those who meet there; [`told`]: events, taken and judged;
//! - [`plain`]: a remote without the library; [`watch`]: a scenario that hangs fails by its name;
//! - [`scenarios`]: what must happen, a room for each kind of trouble.
//!
//! Another adapter is one line in `adapter_tests!` and one file beside [`on_tokio`].

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test a panic is a failure"
)]

mod adapter;
mod on_async_std;
mod on_mio;
mod on_smol;
mod on_tokio;
mod plain;
mod scenarios;
mod scene;
mod told;
mod watch;

use on_async_std::AsyncStd;
use on_mio::Mio;
use on_smol::Smol;
use on_tokio::Tokio;

/// A module for each adapter, with a test for each scenario.
macro_rules! adapter_tests {
    ($($module:ident: $adapter:ident),+ $(,)?) => {
        $(mod $module {
            use super::$adapter as Subject;

            adapter_tests! { @each
                handshake::a_remote_is_dialled,
                handshake::a_remote_dials,
                handshake::two_of_a_kind_meet,
                bulk::large_messages_both_ways,
                bulk::a_real_block_to_and_from_a_plain_socket,
                slow_application::who_takes_nothing_stops_the_remote,
                slow_application::who_takes_nothing_still_sends,
                slow_remote::byte_by_byte,
                slow_remote::in_odd_cuts,
                slow_remote::who_reads_nothing_is_left,
                broken::half_closed,
                broken::half_closed_with_a_full_queue,
                broken::cut_off_within_a_frame,
                broken::reset_after_words,
                broken::reset_while_senders_wait,
                silence::without_a_version,
                silence::within_a_version,
                silence::without_a_pong,
                silence::without_a_byte,
                silence::within_a_frame,
                crowd::thousands_of_short_connections,
                load::shut_down_in_order,
                load::shut_down_at_once,
                load::a_flood_starves_nobody,
                misuse::after_the_end,
                misuse::ended_again_and_again,
                misuse::ended_within_the_handshake,
                misuse::dropped,
                misuse::refused_messages,
                misuse::nobody_listens,
                misuse::a_configuration_that_contradicts_itself,
                transport::v2_is_agreed_on,
                transport::v1_is_spoken_with_who_dials_so,
                transport::who_knows_only_v1_is_dialled_once_more,
                transport::who_refuses_v1_as_well_is_left,
                transport::v2_alone_is_not_downgraded,
                transport::who_has_answered_is_not_dialled_again,
                transport::v1_is_refused_where_only_v2_is_accepted,
                transport::v2_is_refused_where_only_v1_is_accepted,
                transport::silence_is_no_downgrade,
                transport::v2_handshakes_are_limited,
                misbehaviour::another_network,
                misbehaviour::not_this_protocol,
                misbehaviour::wrong_checksums,
                misbehaviour::too_long_before_the_handshake,
                misbehaviour::too_long_for_a_frame,
                hostile::rows_by_default,
                hostile::rows_as_core,
                hostile::rows_as_btcd,
            }
        })+
    };
    (@each $($(#[$attribute:meta])* $room:ident::$scenario:ident),+ $(,)?) => {
        $($(#[$attribute])*
        #[test]
        fn $scenario() {
            let name = concat!(module_path!(), "::", stringify!($scenario));
            crate::watch::watch(name, crate::scenarios::$room::$scenario::<Subject>);
        })+
    };
}

adapter_tests! {
    async_std: AsyncStd,
    mio: Mio,
    smol: Smol,
    tokio: Tokio,
}
