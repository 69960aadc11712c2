//! JSON-RPC to a node on loopback: one HTTP request a call, over `std` alone.
//!
//! Not a client for anything but a node that we started ourselves: the password is public.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

/// User and password given to every node we start.
pub(super) const USER: &str = "interop";
/// `interop:interop` in Base64, as the `Authorization` header wants it.
const BASIC: &str = "aW50ZXJvcDppbnRlcm9w";

/// A node that is busy with a 4 MB block answers well within this.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// The connection to the node's RPC port failed.
    #[error("no connection to the node's RPC: {0}")]
    Io(#[from] std::io::Error),
    /// The node answered with something that is not a JSON-RPC answer; holds its first line.
    #[error("the node's answer to {method} is not JSON-RPC: {first_line}")]
    NotJson {
        /// The method called.
        method: String,
        /// First line of the HTTP answer.
        first_line: String,
    },
    /// The node refused, with its own error code and text.
    #[error("{method}: {message} ({code})")]
    Refused {
        /// The method called.
        method: String,
        /// The node's error code, negative; -28 while it is starting.
        code: i64,
        /// The node's words.
        message: String,
    },
}

/// Calls `method` at `address`, below `path`, and gives its `result`, `null` included.
pub(super) fn call(
    address: SocketAddr,
    path: &str,
    method: &str,
    params: &[Value],
) -> Result<Value, RpcError> {
    let body = json!({ "jsonrpc": "1.0", "id": 0, "method": method, "params": params }).to_string();
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Basic {BASIC}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n",
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    result(method, &answer)
}

/// Takes the result out of a whole HTTP answer.
fn result(method: &str, answer: &str) -> Result<Value, RpcError> {
    let parsed = answer
        .split_once("\r\n\r\n")
        .and_then(|(_, body)| serde_json::from_str::<Value>(body).ok());
    let Some(mut parsed) = parsed else {
        return Err(RpcError::NotJson {
            method: method.into(),
            first_line: answer.lines().next().unwrap_or_default().into(),
        });
    };
    let error = &parsed["error"];
    if error.is_null() {
        return Ok(parsed["result"].take());
    }
    Err(RpcError::Refused {
        method: method.into(),
        code: error["code"].as_i64().unwrap_or_default(),
        message: error["message"].as_str().unwrap_or_default().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_is_taken_out_of_an_answer() {
        let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"result\":7,\"error\":null,\"id\":0}\n";
        assert_eq!(result("getblockcount", answer).unwrap(), json!(7));
    }

    #[test]
    fn a_refusal_keeps_code_and_words() {
        let answer = "HTTP/1.1 500 Internal Server Error\r\n\r\n{\"result\":null,\"error\":{\"code\":-28,\"message\":\"Loading\"}}";
        let error = result("getblockcount", answer).unwrap_err();
        assert_eq!(error.to_string(), "getblockcount: Loading (-28)");
    }

    #[test]
    fn anything_else_is_named_by_its_first_line() {
        let error = result("stop", "HTTP/1.1 401 Unauthorized\r\n\r\n").unwrap_err();
        assert!(
            matches!(error, RpcError::NotJson { first_line, .. } if first_line.ends_with("401 Unauthorized"))
        );
    }
}
