//! User agents: what software a node says it runs (BIP14).
//!
//! What a peer sends is kept whatever it is. What we send is built here and nowhere else, so it is always well formed.

use alloc::string::String;
use core::fmt;

use bytes::Bytes;
use thiserror::Error;

use super::Text;

/// The user agent of a `version` message: `/Name:Version(comment; comment)/`, base software first.
///
/// ```
/// use peer_core::message::UserAgent;
///
/// let agent = UserAgent::new("lib", "0.1.0", &[])?.append("app", "2.0", &["on a boat"])?;
/// assert_eq!(agent.to_string(), "/lib:0.1.0/app:2.0(on a boat)/");
/// # Ok::<(), peer_core::message::UserAgentError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UserAgent(Text);

/// A part of a user agent that BIP14 does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UserAgentError {
    /// A name, a version or a comment is empty.
    #[error("the {part} is empty")]
    Empty {
        /// `name`, `version` or `comment`.
        part: &'static str,
    },
    /// One of `/ : ( )`, which hold a user agent together, or a character that is not printable ASCII.
    #[error("the {part} contains {character:?}")]
    IllegalCharacter {
        /// `name`, `version` or `comment`.
        part: &'static str,
        /// The character.
        character: char,
    },
    /// The whole is longer than any node accepts.
    #[error("the user agent has {length} bytes, {max} are allowed", max = UserAgent::MAX_LEN)]
    TooLong {
        /// Length in bytes that it would have.
        length: usize,
    },
}

impl UserAgent {
    /// Largest length in bytes (Core's `MAX_SUBVERSION_LENGTH`).
    pub const MAX_LEN: usize = 256;

    /// The user agent `/name:version/`, or `/name:version(comments)/` with comments joined by `; `.
    ///
    /// # Errors
    ///
    /// See [`UserAgentError`].
    pub fn new(name: &str, version: &str, comments: &[&str]) -> Result<Self, UserAgentError> {
        Self(Text::from("/")).append(name, version, comments)
    }

    /// This user agent with one more entry at the end, for software built on top of it. A user agent that does not end
    /// in `/` gets one first.
    ///
    /// # Errors
    ///
    /// See [`UserAgentError`].
    pub fn append(
        &self,
        name: &str,
        version: &str,
        comments: &[&str],
    ) -> Result<Self, UserAgentError> {
        check("name", name)?;
        check("version", version)?;
        for comment in comments {
            check("comment", comment)?;
        }
        let mut text = String::from_utf8_lossy(self.as_bytes()).into_owned();
        if !text.ends_with('/') {
            text.push('/');
        }
        text.push_str(name);
        text.push(':');
        text.push_str(version);
        if !comments.is_empty() {
            text.push('(');
            text.push_str(&comments.join("; "));
            text.push(')');
        }
        text.push('/');
        if text.len() > Self::MAX_LEN {
            return Err(UserAgentError::TooLong { length: text.len() });
        }
        Ok(Self(Text::from(text)))
    }

    /// Any bytes, as a peer may send them; for our own user agent see [`new`](Self::new).
    #[must_use]
    pub const fn from_bytes(bytes: Bytes) -> Self {
        Self(Text::new(bytes))
    }

    /// The bytes as they stand on the wire, which need not be text if they come from a peer.
    #[must_use]
    pub const fn as_bytes(&self) -> &Bytes {
        self.0.as_bytes()
    }
}

fn check(part: &'static str, text: &str) -> Result<(), UserAgentError> {
    if text.is_empty() {
        return Err(UserAgentError::Empty { part });
    }
    let legal = |c: char| matches!(c, ' '..='~') && !matches!(c, '/' | ':' | '(' | ')');
    match text.chars().find(|c| !legal(*c)) {
        None => Ok(()),
        Some(character) => Err(UserAgentError::IllegalCharacter { part, character }),
    }
}

/// Safe to show: see [`Text`].
impl fmt::Display for UserAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    /// The examples of BIP14.
    #[test]
    fn examples() {
        let satoshi = UserAgent::new("Satoshi", "5.64", &[]).unwrap();
        assert_eq!(satoshi.to_string(), "/Satoshi:5.64/");
        let qt = satoshi.append("bitcoin-qt", "0.4", &[]).unwrap();
        assert_eq!(qt.to_string(), "/Satoshi:5.64/bitcoin-qt:0.4/");
        let comments = UserAgent::new("BitcoinJ", "0.2", &["iPad", "U", "CPU OS 3_2_1"]).unwrap();
        let android = comments.append("AndroidBuild", "0.8", &[]).unwrap();
        assert_eq!(
            android.to_string(),
            "/BitcoinJ:0.2(iPad; U; CPU OS 3_2_1)/AndroidBuild:0.8/"
        );
    }

    #[test]
    fn illegal_characters() {
        for character in ['/', ':', '(', ')', '\n', '\0', '\x7f', 'é'] {
            let text = ["a", "b"].join(&character.to_string());
            let refused = |part| Err(UserAgentError::IllegalCharacter { part, character });
            assert_eq!(UserAgent::new(&text, "1", &[]), refused("name"));
            assert_eq!(UserAgent::new("a", &text, &[]), refused("version"));
            assert_eq!(UserAgent::new("a", "1", &["ok", &text]), refused("comment"));
        }
        let empty = |part| Err(UserAgentError::Empty { part });
        assert_eq!(UserAgent::new("", "1", &[]), empty("name"));
        assert_eq!(UserAgent::new("a", "", &[]), empty("version"));
        assert_eq!(UserAgent::new("a", "1", &[""]), empty("comment"));
    }

    #[test]
    fn at_most_256_bytes() {
        let at_limit = UserAgent::new(&"n".repeat(252), "1", &[]).unwrap();
        assert_eq!(at_limit.as_bytes().len(), 256);
        let above = UserAgent::new(&"n".repeat(253), "1", &[]);
        assert_eq!(above, Err(UserAgentError::TooLong { length: 257 }));
        assert!(at_limit.append("a", "1", &[]).is_err());
    }
}
