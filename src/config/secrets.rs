//! Secrets: their required forms. An error about a secret never shows it.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::{SecretSlice, SecretString};

use super::values::{Unfit, Value};

const ADMIN_TOKEN_CHARACTERS_MIN: usize = 16;
const SECRET_BYTES_MIN: usize = 32;

/// The vendor's key.
#[derive(Default)]
pub(super) struct ApiKey(pub(super) SecretString);

impl Value for ApiKey {
    fn read(text: &str) -> Result<Self, Unfit> {
        for_a_header(text)?;
        Ok(Self(text.into()))
    }

    fn shown(_: &str) -> String {
        String::new()
    }
}

/// The operators' token.
pub(super) struct AdminToken(pub(super) SecretString);

impl Value for AdminToken {
    fn read(text: &str) -> Result<Self, Unfit> {
        for_a_header(text)?;
        if text.len() < ADMIN_TOKEN_CHARACTERS_MIN {
            let wrong = format!("is shorter than {ADMIN_TOKEN_CHARACTERS_MIN} characters");
            return Err(Unfit::new(
                wrong,
                "use a longer one, such as `openssl rand -hex 24` prints",
            ));
        }
        Ok(Self(text.into()))
    }

    fn shown(_: &str) -> String {
        String::new()
    }
}

/// The root secret from which every key of the gateway is derived, decoded.
pub(super) struct RootSecret(pub(super) SecretSlice<u8>);

impl Value for RootSecret {
    fn read(text: &str) -> Result<Self, Unfit> {
        let remedy = "use one such as `openssl rand -hex 32` prints";
        match hex::decode(text).ok().or_else(|| from_base64(text)) {
            Some(bytes) if bytes.len() >= SECRET_BYTES_MIN && is_constant(&bytes) => {
                Err(Unfit::new("is one repeated byte", remedy))
            }
            Some(bytes) if bytes.len() >= SECRET_BYTES_MIN => Ok(Self(bytes.into())),
            Some(_) => Err(Unfit::new(format!("is shorter than {SECRET_BYTES_MIN} bytes"), remedy)),
            None => Err(Unfit::new("is neither hex nor base64", remedy)),
        }
    }

    fn shown(_: &str) -> String {
        String::new()
    }
}

/// Whether all bytes are equal, which makes the secret easy to guess.
fn is_constant(bytes: &[u8]) -> bool {
    bytes.windows(2).all(|pair| pair[0] == pair[1])
}

/// Earlier root secrets, the latest first.
pub(super) struct RetiredSecrets(pub(super) Vec<SecretSlice<u8>>);

impl Value for RetiredSecrets {
    fn read(text: &str) -> Result<Self, Unfit> {
        let items = text.split(|c: char| c == ',' || c.is_whitespace());
        let secrets = items.filter(|item| !item.is_empty()).map(RootSecret::read);
        secrets.map(|secret| Ok(secret?.0)).collect::<Result<_, _>>().map(Self)
    }

    fn shown(_: &str) -> String {
        String::new()
    }
}

/// Reads base64 in either alphabet, padded or not.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decode = |alphabet| GeneralPurpose::new(alphabet, lenient).decode(text).ok();
    decode(&STANDARD).or_else(|| decode(&URL_SAFE))
}

/// Refuses values that an `Authorization` header cannot contain.
fn for_a_header(text: &str) -> Result<(), Unfit> {
    if text.is_empty() {
        return Err(Unfit::new("is empty", "give the secret itself, or remove the setting"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let wrong = "contains a blank or a character that is not ASCII";
        return Err(Unfit::new(wrong, "give only the secret, without `Bearer`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn the_root_secret_is_32_bytes_or_more_as_hex_or_base64() {
        let bytes: [u8; 32] = std::array::from_fn(|at| 0xfb ^ u8::from(at == 7));
        let padded = base64::engine::general_purpose::STANDARD.encode(bytes);
        let url_safe = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        for text in [hex::encode(bytes), hex::encode_upper(bytes), padded, url_safe] {
            assert_eq!(RootSecret::read(&text).unwrap().0.expose_secret(), bytes, "{text}");
        }
        for text in [
            hex::encode([7; 31]),
            hex::encode([0; 32]),
            hex::encode([0xff; 64]),
            "not a secret!".repeat(9),
            String::new(),
        ] {
            assert!(RootSecret::read(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_token_must_be_long_enough_and_fit_into_a_header() {
        assert!(AdminToken::read("0123456789abcdef").is_ok());
        for text in ["", "0123456789abcde", "sixteen or more, with blanks", "ümlaut-ümlaut-ümlaut"]
        {
            assert!(AdminToken::read(text).is_err(), "{text}");
        }
        assert!(ApiKey::read("Bearer abc").is_err());
    }
}
