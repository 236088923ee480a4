//! Whose turn it is where several commands would use one folder.

use std::fs::{File, TryLockError, create_dir_all};
use std::path::Path;

use crate::error::{Error, Result};

/// Waits until no other command uses the folder, and says so if it has to; dropping the file lets the next one in.
///
/// # Errors
/// If the file cannot be made or locked.
pub fn lock(folder: &Path, waiting: impl FnOnce()) -> Result<File> {
    let path = folder.with_extension("lock");
    let around = path.parent().unwrap_or(&path);
    create_dir_all(around).map_err(|e| Error::io("make the folder", around, e))?;
    let file = File::create(&path).map_err(|e| Error::io("make the file", &path, e))?;
    let locked = match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            waiting();
            file.lock()
        }
        Err(TryLockError::Error(e)) => Err(e),
        Ok(()) => Ok(()),
    };
    locked.map_err(|e| Error::io("lock the file", &path, e))?;
    Ok(file)
}
