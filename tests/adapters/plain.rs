//! A remote without the library: a blocking socket that says exactly what a scenario wants.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use peer_tests::script::{Frame, VersionPayload};
use socket2::SockRef;

use crate::watch::PATIENCE;

/// One end of a TCP connection.
#[derive(Debug)]
pub(crate) struct Plain {
    stream: TcpStream,
    /// Received; heard up to `start`.
    received: Vec<u8>,
    start: usize,
}

impl Plain {
    /// Dials.
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::new(TcpStream::connect(address).expect("somebody listens"))
    }

    /// Waits to be dialled.
    pub(crate) fn accept(listener: &TcpListener) -> Self {
        Self::new(listener.accept().unwrap().0)
    }

    /// Speaks over `stream`.
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            received: Vec::new(),
            start: 0,
        }
    }

    /// The address of this end.
    pub(crate) fn address(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    /// Another hand on the same socket, which has heard nothing.
    pub(crate) fn again(&self) -> Self {
        Self::new(self.stream.try_clone().unwrap())
    }

    /// Says `bytes`, all of them.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the other end listens");
    }

    /// Says one frame.
    pub(crate) fn tell(&mut self, frame: &Frame) {
        self.say(&frame.to_bytes());
    }

    /// Says as much of `bytes` as the other end takes, until it takes nothing for `patience` or hangs up; how much.
    pub(crate) fn say_what_is_taken(&mut self, bytes: &[u8], patience: Duration) -> usize {
        self.stream.set_write_timeout(Some(patience)).unwrap();
        let mut taken = 0;
        while taken < bytes.len() {
            match self.stream.write(&bytes[taken..]) {
                Ok(n) => taken += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.stream.set_write_timeout(Some(PATIENCE)).unwrap();
        taken
    }

    /// The first `len` bytes that come, whatever they are. They are not heard again.
    pub(crate) fn hear_bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.stream.read_exact(&mut bytes).expect("so many come");
        bytes
    }

    /// The next frame; `None` at the end of the stream, however it ends.
    pub(crate) fn hear(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, len)) = Frame::cut(&self.received[self.start..]) {
                self.start += len;
                return Some(frame);
            }
            self.received.drain(..self.start);
            self.start = 0;
            let mut buffer = [0; 65_536];
            match self.stream.read(&mut buffer) {
                Ok(0) => return None,
                Ok(n) => self.received.extend_from_slice(&buffer[..n]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    panic!("the other end says nothing")
                }
                Err(_) => return None,
            }
        }
    }

    /// The next frame of this name; others are passed over.
    pub(crate) fn hear_named(&mut self, name: &str) -> Frame {
        loop {
            let frame = self.hear();
            let frame = frame.unwrap_or_else(|| panic!("no {name} before the end"));
            if frame.name() == name {
                return frame;
            }
        }
    }

    /// Everything up to the end of the stream; then closes, which is what a parting socket at the other end waits for.
    pub(crate) fn hear_all(mut self) -> Vec<Frame> {
        core::iter::from_fn(|| self.hear()).collect()
    }

    /// Reads up to the end of the stream and keeps nothing.
    pub(crate) fn hear_and_forget(&mut self) {
        let mut bin = [0; 65_536];
        while self.stream.read(&mut bin).is_ok_and(|n| n > 0) {}
    }

    /// Shakes hands as a node of today, whoever dialled.
    pub(crate) fn shake_hands(&mut self) {
        self.tell(&VersionPayload::default().frame());
        self.hear_named("verack");
        self.tell(&Frame::empty("verack"));
    }

    /// Whether the connection lives: a ping is answered.
    pub(crate) fn is_answered(&mut self, nonce: u64) -> bool {
        self.tell(&Frame::ping(nonce));
        self.hear_named("pong").nonce() == Some(nonce)
    }

    /// Closes the writing half: end of stream at the other end.
    pub(crate) fn stop_talking(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// The same where the other end may have hung up already.
    pub(crate) fn end_of_talk(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Closes both halves under whoever else has a hand on the socket.
    pub(crate) fn hang_up(&self) {
        // The other end may have done so before.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Closes with a reset.
    pub(crate) fn reset(self) {
        SockRef::from(&self.stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
    }
}
