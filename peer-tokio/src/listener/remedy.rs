//! Which errors of `accept` are about one connection, which pass, and which do not.

use std::io;

/// What to do about an error of `accept`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// It was about one connection: take the next.
    Next,
    /// The system is short of something, or its network is down: wait.
    Pause,
    /// The socket does not listen, or nobody knows.
    None,
}

impl Remedy {
    pub(super) fn of(error: &io::Error) -> Self {
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

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
        for errno in [libc::EMFILE, libc::ENFILE, libc::ENOMEM, libc::ENOBUFS] {
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
