//! The file: its path, its permissions, and whether this process may open it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use redb::backends::FileBackend;
use redb::{
    Builder, Database, DatabaseError, ReadableTable, RepairSession, StorageBackend, StorageError,
    TableDefinition,
};
use tracing::{debug, warn};

use super::error::OpenError;
use super::writer;

const FILE_NAME: &str = "tollgate.redb";

/// Maximum memory for cached pages, however large the file is.
const CACHE_BYTES_MAX: usize = 64 << 20;

/// One row with the schema version, so that a file of a later version is never misread.
const SCHEMA: TableDefinition<&str, u64> = TableDefinition::new("schema");
const SCHEMA_ROW: &str = "version";
const SCHEMA_VERSION: u64 = 6;

/// Whether this process opens the file for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    First,
    Again,
}

/// Reopens a file that was closed because of a fault.
pub(super) type Reopen = Box<dyn FnMut() -> Result<Database, OpenError> + Send>;

/// Opens the file in this folder, and creates both if they do not exist.
pub(super) fn open(dir: &Path) -> Result<(Database, Reopen), OpenError> {
    let path = dir.join(FILE_NAME);
    let out_of_reach = |source| OpenError::OutOfReach { path: path.clone(), source };
    make_folder(dir).map_err(out_of_reach)?;
    if !path.try_exists().map_err(out_of_reach)? {
        make_file(dir, &path)?;
    }
    open_path(&path)
}

/// Opens an existing file in this folder.
pub(super) fn open_existing(dir: &Path) -> Result<(Database, Reopen), OpenError> {
    open_path(&dir.join(FILE_NAME))
}

fn open_path(path: &Path) -> Result<(Database, Reopen), OpenError> {
    let (file, identity) = open_rw(path)?;
    let database = open_file(file, path, Opening::First)?;
    let path = path.to_owned();
    Ok((database, Box::new(move || open_same(&path, identity))))
}

/// Reopens the file. Another file at its path is another ledger, perhaps an older one, and is only
/// accepted at the start of the gateway.
fn open_same(path: &Path, identity: Identity) -> Result<Database, OpenError> {
    let (file, found) = open_rw(path)?;
    let is_empty = file.metadata().is_ok_and(|found| found.len() == 0);
    if found != identity || is_empty {
        return Err(OpenError::Replaced { place: path.display().to_string() });
    }
    open_file(file, path, Opening::Again)
}

/// The device and the inode of a file.
type Identity = (u64, u64);

fn open_rw(path: &Path) -> Result<(File, Identity), OpenError> {
    let open = || {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let found = file.metadata()?;
        Ok((file, (found.dev(), found.ino())))
    };
    open().map_err(|source| OpenError::OutOfReach { path: path.to_owned(), source })
}

fn make_folder(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let outer = dir.parent().filter(|outer| !outer.as_os_str().is_empty());
    File::open(outer.unwrap_or(Path::new(".")))?.sync_all()
}

/// Creates the file under a temporary name and renames it when it is a complete store, so that a
/// power failure leaves no unusable file. The name is durable after the folder is synced.
fn make_file(dir: &Path, path: &Path) -> Result<(), OpenError> {
    let out_of_reach = |source| OpenError::OutOfReach { path: path.to_owned(), source };
    let folder = File::open(dir).map_err(out_of_reach)?;
    folder.lock().map_err(out_of_reach)?;
    if path.try_exists().map_err(out_of_reach)? {
        return Ok(()); // Another process was quicker.
    }
    let aside = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true).mode(0o600);
    let file = options.open(&aside).map_err(out_of_reach)?;
    let made = open_file(file, &aside, Opening::First)?.close();
    made.map_err(|error| refused(error, &aside.display().to_string()))?;
    fs::rename(&aside, path).and_then(|()| folder.sync_all()).map_err(out_of_reach)
}

fn open_file(file: File, path: &Path, opening: Opening) -> Result<Database, OpenError> {
    let place = path.display().to_string();
    let backend = FileBackend::new(file).map_err(|error| refused(error, &place))?;
    open_backend(backend, &place, opening)
}

/// Opens the backend. After an unclean stop, redb verifies the checksum of every page first and
/// refuses a damaged file. Quick repair, which would trust the file, therefore stays off, and no
/// further integrity check is needed.
pub(super) fn open_backend(
    backend: impl StorageBackend,
    place: &str,
    opening: Opening,
) -> Result<Database, OpenError> {
    let mut builder = Builder::new();
    let announced = place.to_owned();
    builder.set_cache_size(CACHE_BYTES_MAX).set_repair_callback(move |session| {
        announce_repair(session, &announced, opening);
    });
    let database = builder.create_with_backend(backend).map_err(|error| refused(error, place))?;
    match schema(&database) {
        Ok(SCHEMA_VERSION) => Ok(database),
        Ok(found) => {
            Err(OpenError::OtherSchema { place: place.to_owned(), found, known: SCHEMA_VERSION })
        }
        Err(redb::Error::Io(source)) => Err(OpenError::OutOfReach { path: place.into(), source }),
        Err(error) => Err(OpenError::Damaged { place: place.to_owned(), source: Box::new(error) }),
    }
}

/// The schema of the file; a new file gets the current one.
fn schema(database: &Database) -> Result<u64, redb::Error> {
    let transaction = writer::begin(database)?;
    let found = transaction.open_table(SCHEMA)?.get(SCHEMA_ROW)?.map(|row| row.value());
    if let Some(version) = found {
        transaction.abort()?;
        return Ok(version);
    }
    transaction.open_table(SCHEMA)?.insert(SCHEMA_ROW, SCHEMA_VERSION)?;
    transaction.commit()?;
    Ok(SCHEMA_VERSION)
}

fn announce_repair(session: &mut RepairSession, place: &str, opening: Opening) {
    let percent = session.progress() * 100.0;
    let what = format!("{place} was not closed cleanly: verifying it, {percent:.0} % done");
    match opening {
        Opening::First => warn!(disk.place = place, "{what}"),
        // The disk may be full for hours.
        Opening::Again => debug!(disk.place = place, "{what}"),
    }
}

fn refused(error: DatabaseError, place: &str) -> OpenError {
    let place = place.to_owned();
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            OpenError::InUse { place }
        }
        DatabaseError::Storage(StorageError::Io(source))
            if source.kind() != io::ErrorKind::InvalidData =>
        {
            OpenError::OutOfReach { path: place.into(), source }
        }
        damaged => OpenError::Damaged { place, source: Box::new(damaged.into()) },
    }
}
