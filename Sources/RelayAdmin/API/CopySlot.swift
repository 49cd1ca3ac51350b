import RelayCore
import RelayThreads

/// Lets one copy of the store exist at a time: each takes as much of the disk as it is large, from when it is asked for
/// until it has been fetched or its client has gone.
final class CopySlot: Sendable {
  private struct State {
    var isMaking = false
    /// Whoever sends it holds it.
    weak var copy: (any StoreCopy)?
  }

  private let state = Locked(State())

  /// - Throws: 409, while there is another; what `make` throws.
  func fill(_ make: () async throws -> any StoreCopy) async throws -> any StoreCopy {
    let isFree = state.withLock { state in
      guard !state.isMaking, state.copy == nil else { return false }
      state.isMaking = true
      return true
    }
    guard isFree else {
      throw APIError(
        409, "backup_in_progress",
        "another copy of the store is being made or fetched; ask again when that is done")
    }
    do {
      let copy = try await make()
      state.withLock { $0 = State(copy: copy) }
      return copy
    } catch {
      state.withLock { $0 = State() }
      throw error
    }
  }
}
