//! [`Backoff`]: which errors of `accept` are about one connection, which pass, and which do not.

use std::io;
use std::time::Duration;

/// What to do about errors of `accept`, so that a listener neither spins nor gives up: keep one for
/// each listener.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    /// The last pause in a row.
    last: Option<Duration>,
}

impl Backoff {
    /// A connection was accepted.
    pub fn accepted(&mut self) {
        self.last = None;
    }

    /// How long to wait before the next is tried for. `None`: not at all, the error was about one
    /// connection that died in the line. Otherwise the system is short of file descriptors or
    /// memory, or its network is down: 20 ms, and twice as long each time in a row, up to a second.
    ///
    /// # Errors
    /// The error itself if waiting does not mend it.
    pub fn after(&mut self, error: io::Error) -> io::Result<Option<Duration>> {
        match Remedy::of(&error) {
            Remedy::Next => Ok(None),
            Remedy::Pause => {
                let pause = self.last.map_or(MIN_PAUSE, |last| last.saturating_mul(2));
                self.last = Some(MAX_PAUSE.min(pause));
                Ok(self.last)
            }
            Remedy::None => Err(error),
        }
    }
}

/// What to do about an error of `accept`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remedy {
    /// It was about one connection: take the next.
    Next,
    /// The system is short of something, or its network is down: wait.
    Pause,
    /// The socket does not listen, or nobody knows.
    None,
}

impl Remedy {
    fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::TimedOut
            | io::ErrorKind::Interrupted => Self::Next,
            // Of the network: most say it of one connection, but while it is down each may.
            io::ErrorKind::NetworkDown
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::OutOfMemory => Self::Pause,
            _ if error.raw_os_error().is_some_and(passes) => Self::Pause,
            _ => Self::None,
        }
    }
}

/// What `ErrorKind` has no name for. Linux gives errors of the network that wait on a connection as
/// those of `accept`, and asks to try again (accept(2)); of those it lists `EOPNOTSUPP` is not
/// here, since it also says that the socket cannot accept at all, which would be tried for ever.
#[cfg(unix)]
fn passes(errno: i32) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if errno == libc::ENONET {
        return true;
    }
    matches!(
        errno,
        libc::EMFILE
            | libc::ENFILE
            | libc::ENOBUFS
            // The system polls as many as it can (epoll_ctl(2)).
            | libc::ENOSPC
            | libc::EPROTO
            | libc::ENOPROTOOPT
            | libc::EHOSTDOWN
            // A firewall forbade one connection, says the same page.
            | libc::EPERM
    )
}

#[cfg(not(unix))]
fn passes(code: i32) -> bool {
    const WSAEMFILE: i32 = 10_024;
    const WSAENOBUFS: i32 = 10_055;
    matches!(code, WSAEMFILE | WSAENOBUFS)
}

/// First pause after the system ran out of something.
const MIN_PAUSE: Duration = Duration::from_millis(20);

/// Longest pause before another connection is tried for.
const MAX_PAUSE: Duration = Duration::from_secs(1);

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_second_and_start_again_after_a_success() {
        let mut backoff = Backoff::default();
        let mut after = |errno| backoff.after(io::Error::from_raw_os_error(errno)).unwrap();
        let pauses = [(); 8].map(|()| after(libc::EMFILE).unwrap().as_millis());
        assert_eq!(pauses, [20, 40, 80, 160, 320, 640, 1_000, 1_000]);
        assert_eq!(after(libc::ECONNABORTED), None);
        backoff.accepted();
        let pause = backoff
            .after(io::Error::from_raw_os_error(libc::EMFILE))
            .unwrap();
        assert_eq!(pause, Some(MIN_PAUSE));
        let broken = io::Error::from_raw_os_error(libc::EBADF);
        assert_eq!(
            backoff.after(broken).unwrap_err().raw_os_error(),
            Some(libc::EBADF)
        );
    }

    fn remedy(errno: i32) -> Remedy {
        Remedy::of(&io::Error::from_raw_os_error(errno))
    }

    #[test]
    fn a_connection_that_died_is_passed_over() {
        for errno in [
            libc::ECONNABORTED,
            libc::ECONNRESET,
            libc::ETIMEDOUT,
            libc::EINTR,
        ] {
            assert_eq!(remedy(errno), Remedy::Next, "{errno}");
        }
    }

    #[test]
    fn a_shortage_passes() {
        for errno in [
            libc::EMFILE,
            libc::ENFILE,
            libc::ENOMEM,
            libc::ENOBUFS,
            libc::ENOSPC,
        ] {
            assert_eq!(remedy(errno), Remedy::Pause, "{errno}");
        }
    }

    /// As accept(2) lists them.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_network_that_is_down_comes_back() {
        for errno in [
            libc::ENETDOWN,
            libc::EPROTO,
            libc::ENOPROTOOPT,
            libc::EHOSTDOWN,
            libc::ENONET,
            libc::EHOSTUNREACH,
            libc::ENETUNREACH,
            libc::EPERM,
        ] {
            assert_eq!(remedy(errno), Remedy::Pause, "{errno}");
        }
    }

    #[test]
    fn a_socket_that_does_not_listen_is_told() {
        for errno in [
            libc::EBADF,
            libc::ENOTSOCK,
            libc::EOPNOTSUPP,
            libc::EINVAL,
            libc::EFAULT,
        ] {
            assert_eq!(remedy(errno), Remedy::None, "{errno}");
        }
        let unknown = io::Error::other("who knows");
        assert_eq!(Remedy::of(&unknown), Remedy::None);
    }
}
