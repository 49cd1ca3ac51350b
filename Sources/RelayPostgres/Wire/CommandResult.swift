import CPostgres

/// libpq's result of one command, which goes with this object.
final class CommandResult {
  let handle: OpaquePointer

  init(_ handle: OpaquePointer) {
    self.handle = handle
  }

  deinit {
    PQclear(handle)
  }
}

@available(*, unavailable)
extension CommandResult: Sendable {}
