//! The frames of a machine, read from the bytes that it gave to the socket. In v1, where everybody can read them.

use crate::script::{HEADER_LEN, REGTEST, sha256d};

/// A frame of which every byte has left.
#[derive(Debug)]
pub(crate) struct Tapped {
    pub(crate) command: [u8; 12],
    pub(crate) payload: Vec<u8>,
}

/// Cuts a stream into frames, whatever pieces it comes in.
#[derive(Debug, Default)]
pub(crate) struct Tap {
    pending: Vec<u8>,
    /// Frames that were complete, and their bytes.
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
}

impl Tap {
    /// More of the stream; what is complete by now.
    pub(crate) fn hear(&mut self, bytes: &[u8]) -> Result<Vec<Tapped>, String> {
        self.pending.extend_from_slice(bytes);
        let mut frames = Vec::new();
        let mut start = 0;
        while let Some(rest) = self.pending.get(start..)
            && let Some(header) = rest.first_chunk::<HEADER_LEN>()
        {
            if header[..4] != REGTEST {
                return Err(format!("a frame begins with {:02x?}", &header[..4]));
            }
            let length = u32::from_le_bytes([header[16], header[17], header[18], header[19]]);
            let end = HEADER_LEN + length as usize;
            let Some(payload) = rest.get(HEADER_LEN..end) else {
                break;
            };
            let mut command = [0; 12];
            command.copy_from_slice(&header[4..16]);
            if header[20..24] != sha256d(payload)[..4] {
                return Err(format!("{}: wrong checksum", command.escape_ascii()));
            }
            self.frames += 1;
            self.bytes += end as u64;
            let payload = payload.to_vec();
            frames.push(Tapped { command, payload });
            start += end;
        }
        self.pending.drain(..start);
        Ok(frames)
    }
}
