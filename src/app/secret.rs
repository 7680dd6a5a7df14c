//! The secret that every key is derived from, where the settings give none: made at the first start
//! and kept beside the data, for the owner's eyes only.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::vault::derive::{Purpose, derive};

const SECRET_FILE: &str = "secret.hex";
const MARK_FILE: &str = "secret.mark";
const SECRET_BYTES: usize = 32;

/// Why the secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Its file cannot be read or made.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Its file holds something else.
    #[error("{} is not a secret: it should hold 64 hexadecimal digits; restore it from a backup", path.display())]
    NotASecret {
        /// The file.
        path: PathBuf,
    },
    /// Its file is gone, and the data is not.
    #[error(
        "{} is missing, and the data beside it was written with it: restore it from a backup, or \
         set it as security.secret",
        path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The data was written under another secret.
    #[error(
        "the data in {} was written under another security.secret: with this one no person would \
         be recognised and every person would be paid for again; set the secret it was written \
         under",
        dir.display()
    )]
    Another {
        /// The folder.
        dir: PathBuf,
    },
}

/// The secret that is kept in a folder, if there is one. Makes nothing.
pub(super) fn found(dir: &Path) -> Result<Option<Vec<u8>>, SecretError> {
    let path = dir.join(SECRET_FILE);
    let is_there = path.try_exists();
    let is_there = is_there.map_err(|source| SecretError::File { path: path.clone(), source })?;
    is_there.then(|| kept(&path, Data::Old)).transpose()
}

/// A secret of random bytes.
pub(super) fn random() -> Vec<u8> {
    let mut secret = vec![0; SECRET_BYTES];
    getrandom::fill(&mut secret).expect("the operating system provides random bytes");
    secret
}

/// Whether the store in the folder holds anything yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Data {
    /// Nothing on the books.
    New,
    /// Books, written under some secret.
    Old,
}

/// The secret of the data in a folder: the one given, or the one kept there, made where the data
/// is new.
pub(super) fn beside(dir: &Path, given: Option<&[u8]>, data: Data) -> Result<Vec<u8>, SecretError> {
    let secret = match given {
        Some(secret) => secret.to_vec(),
        None => kept(&dir.join(SECRET_FILE), data)?,
    };
    let mark = hex::encode(derive(&secret, Purpose::SealingKeyId));
    let path = dir.join(MARK_FILE);
    match fs::read_to_string(&path) {
        Ok(found) if found.trim() == mark => Ok(secret),
        Ok(_) if data == Data::Old => Err(SecretError::Another { dir: dir.to_owned() }),
        // A mark may have outlived its data.
        Ok(_) => write_new(&path, &mark).map(|()| secret),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            write_new(&path, &mark).map(|()| secret)
        }
        Err(source) => Err(SecretError::File { path, source }),
    }
}

fn kept(path: &Path, data: Data) -> Result<Vec<u8>, SecretError> {
    match fs::read_to_string(path) {
        Ok(text) => hex::decode(text.trim())
            .ok()
            .filter(|secret| secret.len() >= SECRET_BYTES)
            .ok_or_else(|| SecretError::NotASecret { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match data {
            Data::New => {
                let secret = random();
                write_new(path, &hex::encode(&secret))?;
                Ok(secret)
            }
            Data::Old => Err(SecretError::Missing { path: path.to_owned() }),
        },
        Err(source) => Err(SecretError::File { path: path.to_owned(), source }),
    }
}

/// Writes a file, whole or not at all, for the owner's eyes only.
fn write_new(path: &Path, text: &str) -> Result<(), SecretError> {
    let whole = || {
        let aside = path.with_extension("new");
        let mut file =
            fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        writeln!(file, "{text}")?;
        file.sync_all()?;
        fs::rename(&aside, path)?;
        path.parent().map_or(Ok(()), |dir| fs::File::open(dir)?.sync_all())
    };
    whole().map_err(|source| SecretError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_secret_is_made_once_and_for_the_owners_eyes_only() {
        let dir = tempfile::tempdir().unwrap();
        let secret = beside(dir.path(), None, Data::New).unwrap();
        assert_eq!(beside(dir.path(), None, Data::Old).unwrap(), secret);
        let mode = fs::metadata(dir.path().join(SECRET_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn data_is_never_opened_under_another_secret() {
        let dir = tempfile::tempdir().unwrap();
        beside(dir.path(), Some(&[1; 32]), Data::New).unwrap();
        let other = beside(dir.path(), Some(&[2; 32]), Data::Old);
        assert!(matches!(other, Err(SecretError::Another { .. })));
        assert_eq!(beside(dir.path(), Some(&[1; 32]), Data::Old).unwrap(), [1; 32]);
    }

    #[test]
    fn where_the_data_was_lost_its_secret_is_good_again_and_so_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let secret = beside(dir.path(), None, Data::New).unwrap();
        assert_eq!(beside(dir.path(), None, Data::New).unwrap(), secret);
        assert_eq!(beside(dir.path(), Some(&[2; 32]), Data::New).unwrap(), [2; 32]);
        assert_eq!(beside(dir.path(), Some(&[2; 32]), Data::Old).unwrap(), [2; 32]);
    }

    #[test]
    fn no_secret_is_made_for_data_that_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let missing = beside(dir.path(), None, Data::Old);
        assert!(matches!(missing, Err(SecretError::Missing { .. })));
    }

    #[test]
    fn a_damaged_secret_is_told_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(SECRET_FILE), "not hex").unwrap();
        let damaged = beside(dir.path(), None, Data::Old);
        assert!(matches!(damaged, Err(SecretError::NotASecret { .. })));
    }
}
