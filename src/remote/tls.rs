//! Encryption: the trusted root certificates.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio_rustls::TlsConnector;

use super::address::{Address, Trust};

/// Why an address cannot be used on this machine.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The file of `ca=` cannot be read, or is not PEM.
    #[error("the certificates in {} cannot be read: {}", .0.display(), .1)]
    Certificates(PathBuf, rustls::pki_types::pem::Error),
    /// The file of `ca=` has no certificate, or none that is a trust anchor.
    #[error("{} has no certificate of an authority", .0.display())]
    NoCertificate(PathBuf),
}

/// Checks the certificates that an address names.
///
/// # Errors
/// If they cannot be used.
pub fn check_certificates(address: &Address) -> Result<(), Unusable> {
    connector(&address.trust).map(drop)
}

/// The TLS connector, unless connections are plain.
///
/// The provider and the root certificates are given explicitly, so that neither a process-wide
/// default nor the machine's certificates have an effect.
pub(super) fn connector(trust: &Trust) -> Result<Option<TlsConnector>, Unusable> {
    let roots = match trust {
        Trust::Plain => return Ok(None),
        Trust::PublicRoots => public_roots(),
        Trust::File(path) => roots_in(path)?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports every safe version of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Some(TlsConnector::from(Arc::new(config))))
}

fn public_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    roots
}

fn roots_in(path: &Path) -> Result<RootCertStore, Unusable> {
    let unread = |why| Unusable::Certificates(path.to_owned(), why);
    let certificates = CertificateDer::pem_file_iter(path).map_err(unread)?;
    let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(unread)?;
    let mut roots = RootCertStore::empty();
    match roots.add_parsable_certificates(certificates) {
        (1.., 0) => Ok(roots),
        _ => Err(Unusable::NoCertificate(path.to_owned())),
    }
}
