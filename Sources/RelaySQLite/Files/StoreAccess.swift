import Glibc

/// Who may use what the store makes: its owner alone, or its group as well, where the folder above is set up so.
///
/// A platform that starts containers under any user (with the group 0, or a volume's) gives the next start another
/// user, which must be able to go on with the same files. A folder that everybody may write to, such as /tmp, says
/// nothing of that kind.
struct StoreAccess {
  let isForGroup: Bool

  init(folderMode: mode_t) {
    isForGroup = folderMode & S_IWGRP != 0 && folderMode & S_IWOTH == 0
  }

  /// For what is made in that folder.
  init(in folder: String) {
    var status = stat()
    self.init(folderMode: stat(folder, &status) == 0 ? status.st_mode : 0)
  }

  var fileMode: mode_t { isForGroup ? 0o660 : 0o600 }
  var folderMode: mode_t { isForGroup ? 0o770 : 0o700 }

  /// As `mkdir(2)`.
  func makeFolder(_ path: String) -> Int32 {
    guard mkdir(path, folderMode) == 0 else { return -1 }
    var status = stat()
    // The umask was not asked whether the group may write; the bit that hands the group on stays.
    if isForGroup && stat(path, &status) == 0 { chmod(path, status.st_mode & S_ISGID | folderMode) }
    return 0
  }

  /// As `open(2)`; makes the file if it is missing. One that is there keeps its mode.
  func openFile(_ path: String, _ flags: Int32) -> Int32 {
    let made = open(path, flags | O_CREAT | O_EXCL, fileMode)
    guard made < 0 else {
      if isForGroup { fchmod(made, fileMode) }
      return made
    }
    return errno == EEXIST ? open(path, flags | O_CREAT, fileMode) : made
  }
}
