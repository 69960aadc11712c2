//! Service bits as text.

use peer_core::wire::ServiceFlags;
use thiserror::Error;

/// A word that is neither the name of a service nor a number.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is neither a service (such as NETWORK or WITNESS) nor a number")]
pub struct UnknownService(String);

/// Reads what [`ServiceFlags`] shows, and more: names or numbers joined by `|` or `,`.
///
/// # Errors
///
/// When a word between them is neither.
pub fn parse_services(text: &str) -> Result<ServiceFlags, UnknownService> {
    let words = text.split(['|', ',']).map(str::trim);
    words
        .map(parse_word)
        .try_fold(ServiceFlags::NONE, |all, word| Ok(all | word?))
}

fn parse_word(word: &str) -> Result<ServiceFlags, UnknownService> {
    let number = match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => word.parse(),
    };
    if let Ok(bits) = number {
        return Ok(ServiceFlags(bits));
    }
    single_bits()
        .chain([ServiceFlags::NONE])
        .find(|service| service.to_string().eq_ignore_ascii_case(word))
        .ok_or_else(|| UnknownService(word.to_owned()))
}

/// The names of the services in `flags`; bits without a name in hexadecimal.
pub(super) fn names(flags: ServiceFlags) -> Vec<String> {
    single_bits()
        .filter(|service| flags.contains(*service))
        .map(|service| service.to_string())
        .collect()
}

fn single_bits() -> impl Iterator<Item = ServiceFlags> {
    (0..u64::BITS).map(|bit| ServiceFlags(1 << bit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        let both = ServiceFlags::NETWORK | ServiceFlags::WITNESS;
        for text in [
            "NETWORK|WITNESS",
            "network, witness",
            "1,8",
            "9",
            "0x9",
            "NETWORK|0x8",
        ] {
            assert_eq!(parse_services(text), Ok(both), "{text}");
        }
        assert_eq!(parse_services("NONE"), Ok(ServiceFlags::NONE));
        assert_eq!(parse_services("0"), Ok(ServiceFlags::NONE));
        let shown = ServiceFlags(0x0100_044d);
        assert_eq!(parse_services(&shown.to_string()), Ok(shown));
        for text in ["", "NETWORK|", "net", "0x", "-1", "18446744073709551616"] {
            assert!(parse_services(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bits_have_names() {
        assert_eq!(
            names(ServiceFlags(0x1000_0009)),
            ["NETWORK", "WITNESS", "0x10000000"]
        );
        assert!(names(ServiceFlags::NONE).is_empty());
        assert_eq!(names(ServiceFlags(u64::MAX)).len(), 64);
    }
}
