//! `Authorization: Bearer`: the secret that a request carries.

use axum::http::{HeaderMap, header};

use super::problem::Problem;

/// The secret of a request. The scheme's case is free.
pub(super) fn secret(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(missing)?;
    if values.next().is_some() {
        return Err(Problem::unauthorized("There is more than one Authorization header; send one"));
    }
    let (scheme, secret) =
        value.to_str().ok().and_then(|v| v.split_once(' ')).ok_or_else(missing)?;
    let secret = secret.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty() {
        Ok(secret)
    } else {
        Err(missing())
    }
}

fn missing() -> Problem {
    Problem::unauthorized("Send your key in the header `Authorization: Bearer …`")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn secret_of(values: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
        }
        secret(&headers).ok().map(str::to_owned)
    }

    #[test]
    fn the_secret_follows_the_scheme_in_any_case() {
        for value in ["Bearer tg_a_b", "bearer tg_a_b", "BEARER  tg_a_b "] {
            assert_eq!(secret_of(&[value]).as_deref(), Some("tg_a_b"), "{value}");
        }
    }

    #[test]
    fn anything_else_carries_no_secret() {
        let wrong: [&[&str]; 6] = [
            &[],
            &["tg_a_b"],
            &["Basic dTpw"],
            &["Bearer"],
            &["Bearer "],
            &["Bearer a", "Bearer b"],
        ];
        for values in wrong {
            assert_eq!(secret_of(values), None, "{values:?}");
        }
    }
}
