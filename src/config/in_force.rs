//! The effective settings: every setting as TOML, with its source and with secrets masked.

use std::borrow::Cow;
use std::fmt;

use super::reading::Reading;
use super::remarks::Place;
use super::schema::{self, Form, Known};

/// Every setting with its source. Holds no secret.
#[derive(Clone, Debug)]
pub struct InForce(Vec<Line>);

#[derive(Clone, Debug)]
struct Line {
    section: Cow<'static, str>,
    name: String,
    /// `None` if it is not set.
    value: Option<String>,
    place: Place,
}

impl InForce {
    pub(super) fn of(reading: &Reading) -> Self {
        let settings = schema::known().iter().map(|known| line(known, reading));
        let routes = reading.routes.written().map(|(section, name, value, place)| Line {
            section: section.into(),
            name,
            value: Some(value),
            place: place.clone(),
        });
        Self(settings.chain(routes).collect())
    }

    /// Each setting with its key, its value if it is set, and its source.
    pub fn settings(&self) -> impl Iterator<Item = (String, Option<toml::Value>, &Place)> {
        self.0.iter().map(|Line { section, name, value, place }| {
            let read = |text: &String| toml::from_str::<toml::Table>(&format!("value = {text}"));
            let table = value.as_ref().and_then(|text| read(text).ok());
            (format!("{section}.{name}"), table.and_then(|mut table| table.remove("value")), place)
        })
    }
}

fn line(known: &'static Known, reading: &Reading) -> Line {
    let (section, name) = known.key.split_once('.').expect("a key is section.name");
    let set = |key: &str| reading.settings.get(key);
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let file = set(&format!("{}_file", known.key)).filter(|_| known.is_secret);
    let (name, value, place) = match (file, set(&known.key)) {
        (Some(file), _) => (format!("{name}_file"), Some(quoted(&file.text)), &file.place),
        (None, Some(set)) => {
            let value = match known.form {
                _ if known.is_secret => quoted("<redacted>"),
                Form::Text => quoted(&without_password(&set.text)),
                Form::Number | Form::Flag => set.text.to_string(),
            };
            (name.to_owned(), Some(value), &set.place)
        }
        (None, None) => (name.to_owned(), None, &Place::Nowhere),
    };
    Line { section: section.into(), name, value, place: place.clone() }
}

/// The text with the password in a URL hidden. The URL was parsed before, so its login ends at its
/// last `@`.
fn without_password(text: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = text.split_once("://") else { return text.into() };
    let Some((login, after)) = rest.rsplit_once('@') else { return text.into() };
    let user = login.split_once(':').map_or("", |(user, _)| user);
    format!("{scheme}://{user}:<redacted>@{after}").into()
}

impl fmt::Display for InForce {
    /// As in `timeout = "20s"  # TOLLGATE_VENDOR__TIMEOUT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last_section = "";
        for Line { section, name, value, place } in &self.0 {
            if section != last_section {
                let blank = if last_section.is_empty() { "" } else { "\n" };
                writeln!(f, "{blank}[{section}]")?;
                last_section = section;
            }
            match value {
                Some(value) => writeln!(f, "{name} = {value}  # {place}")?,
                None => writeln!(f, "#{name} = \"\"  # {place}")?,
            }
        }
        Ok(())
    }
}
