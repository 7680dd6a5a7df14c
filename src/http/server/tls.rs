//! TLS on a listener: a certificate and its key from files, read again when the files change.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read, or not as PEM.
    #[error("{} cannot be read as PEM: {why}", path.display())]
    Unread {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: pem::Error,
    },
    /// A file is not there.
    #[error("{} cannot be read: {why}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: io::Error,
    },
    /// The two do not belong together.
    #[error("{} and {} are not a certificate and its key: {why}", cert.display(), key.display())]
    Unfit {
        /// The file of the certificate.
        cert: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why not.
        why: rustls::Error,
    },
}

/// A certificate and its key, as they are in their files.
pub struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    kept: Mutex<Kept>,
}

/// What was read last, and of which files.
struct Kept {
    seen: [Seen; 2],
    config: Arc<ServerConfig>,
}

/// By what a file is known to be another one, also where a link leads to another.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

impl Certificate {
    /// The certificate, with the chain that vouches for it, in one file and its key in another.
    ///
    /// # Errors
    /// [`CertificateError`] says which file, and why.
    pub fn read(cert: &Path, key: &Path) -> Result<Self, CertificateError> {
        // Looked at before it is read, so that a change in between is read again.
        let seen = seen(cert, key)?;
        let kept = Mutex::new(Kept { seen, config: config(cert, key)? });
        Ok(Self { cert: cert.to_owned(), key: key.to_owned(), kept })
    }

    /// What accepts the next connection. Where the files have changed and cannot be used, the ones
    /// before stay in use.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match seen(&self.cert, &self.key) {
            Ok(seen) if seen == kept.seen => {}
            Ok(seen) => {
                kept.seen = seen;
                match config(&self.cert, &self.key) {
                    Ok(config) => {
                        kept.config = config;
                        info!(certificate = %self.cert.display(), "loaded the new certificate");
                    }
                    Err(error) => {
                        warn!(
                            %error,
                            "the new certificate is invalid, the old one is kept: {error}"
                        );
                    }
                }
            }
            // Files are replaced by taking the old away first: it is looked for again.
            Err(_) => {}
        }
        TlsAcceptor::from(Arc::clone(&kept.config))
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate({})", self.cert.display())
    }
}

fn seen(cert: &Path, key: &Path) -> Result<[Seen; 2], CertificateError> {
    let of = |path: &Path| match path.metadata() {
        Ok(file) => Ok(Seen::of(&file)),
        Err(why) => Err(CertificateError::Missing { path: path.to_owned(), why }),
    };
    Ok([of(cert)?, of(key)?])
}

impl Seen {
    fn of(file: &Metadata) -> Self {
        Self { inode: file.ino(), bytes: file.size(), changed: (file.mtime(), file.mtime_nsec()) }
    }
}

fn config(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, CertificateError> {
    let unread = |path: &Path| {
        let path = path.to_owned();
        move |why| CertificateError::Unread { path, why }
    };
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unread(cert))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(unread(key))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports every safe version of TLS")
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|why| CertificateError::Unfit { cert: cert.into(), key: key.into(), why })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
