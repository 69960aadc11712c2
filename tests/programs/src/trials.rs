//! The programs as they are run: arguments in, lines and exit codes out. For the tests of every adapter.
//!
//! An adapter has the trials as tests of its own with [`program_tests!`](crate::program_tests), which takes the
//! examples that were built beside the test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "trials are the bodies of tests: a panic is how they fail"
)]

mod navcoin;
mod peercat;
mod process;
mod record;
mod scale;
mod sync;
mod transport;

pub use self::navcoin::*;
pub use self::peercat::*;
pub use self::process::Examples;
pub use self::record::*;
#[cfg(unix)]
pub use self::scale::*;
pub use self::sync::*;
pub use self::transport::*;

/// Makes a test of each trial.
#[macro_export]
macro_rules! program_tests {
    ($adapter:literal) => {
        $crate::program_tests! { $adapter:
            sync_downloads_the_demo_chain
            sync_downloads_the_chains_of_navcoin
            peercats_speak_navcoin
            sync_uses_the_transport_it_is_told_to
            sync_stops_where_it_is_told_to
            sync_fails_in_one_line
            sync_knows_wrong_arguments
            peercats_meet
            peercat_listener_outlives_strangers
            peercat_listener_takes_so_many_peers_and_no_more
            peercat_prints_one_object_a_line_whatever_comes
            peercat_shows_raw_bytes
            peercat_ends_with_the_class_of_the_end
            peercat_ends_when_its_reader_leaves
            peercat_ends_in_time
            peercat_knows_wrong_arguments
            peercat_announces_and_serves
            peercat_answers_a_long_question_to_its_end
            peercat_tells_the_headers_of_its_blocks
            peercat_prints_numbers_now_and_then
            peercat_records_what_is_replayed
            peercat_records_both_dials
            peercats_agree_on_v2
            peercat_listener_takes_v1_if_it_may
            peercat_dials_v1_after_v2
            peercat_dials_twice_at_most
            peercat_may_find_nobody_the_second_time
            peercat_v2_ends_with_the_class_of_the_end
        }
        #[cfg(unix)]
        $crate::program_tests! { $adapter:
            peercat_out_of_descriptors_goes_on
            scale_prints_a_table
            scale_measures_v2_too
            sync_says_how_far_it_came
            sync_ends_before_the_transport_is_settled
            peercat_ends_on_signals
            peercat_ends_at_once_when_told_again
        }
    };
    ($adapter:literal: $($name:ident)*) => {$(
        #[test]
        fn $name() {
            $crate::trials::$name(&$crate::trials::Examples::beside_this_test($adapter));
        }
    )*};
}
