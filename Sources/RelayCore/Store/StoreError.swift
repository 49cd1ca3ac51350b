/// Why the store could not do it.
package struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Code: String, Sendable {
    /// No room: on the disk, or within the limit.
    case full
    /// Reading or writing failed.
    case failing
    /// It has not answered in time: it may yet be done, or not.
    case hanging
    /// Its files were removed, moved or replaced while it ran: it can do nothing until the next start.
    case lost
    /// It is closing or closed.
    case closed
    /// Another process holds it.
    case inUse
    /// Its schema is newer than this binary.
    case newerSchema
    /// A log lies beside it that another file has left.
    case foreignLog
    /// There is no way to its server, or that takes no connections yet, while it is being opened: some time later it may.
    case unreachable
    /// A store of this kind can't do it, however it is.
    case unsupported
    /// It can't be opened: a missing folder, a permission, not a database.
    case cannotOpen
  }

  package var code: Code
  /// For people: what is wrong, and what to do.
  package var message: String

  package init(code: Code, message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}
