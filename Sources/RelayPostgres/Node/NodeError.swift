import RelayCore

/// Why a node can't work, or goes on later.
enum NodeError: Error, Sendable, Equatable {
  /// What a person has to change: a node that starts ends with it. For one that runs it may pass (a standby becomes the primary), but for
  /// `newerSchema` and `lost`.
  case refused(StoreError)
  /// What the server said, or the way to it: another time it may go well.
  case failed(PostgresError)

  static func refused(_ code: StoreError.Code, _ message: String) -> NodeError {
    .refused(StoreError(code: code, message: message))
  }
}

extension NodeError: CustomStringConvertible {
  var description: String {
    switch self {
    case .refused(let error): error.description
    case .failed(let error): error.description
    }
  }
}

/// Calls the server for who throws `NodeError`.
func asServer<Result>(_ call: () throws(PostgresError) -> Result) throws(NodeError) -> Result {
  do throws(PostgresError) {
    return try call()
  } catch {
    throw .failed(error)
  }
}
