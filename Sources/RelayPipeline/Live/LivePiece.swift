import RelayThreads

/// What a reader is to be sent next.
package enum LivePiece: Sendable {
  /// Nobody else's.
  case own([UInt8])
  /// A part of a text that many readers are sent.
  case shared(SharedText, Range<Int>)

  package var bytes: ArraySlice<UInt8> {
    switch self {
    case .own(let bytes): bytes[...]
    case .shared(let text, let range): text.bytes[range]
    }
  }

  var isEmpty: Bool {
    switch self {
    case .own(let bytes): bytes.isEmpty
    case .shared(_, let range): range.isEmpty
    }
  }
}

/// A text of the ring, which is made ready for sending once for all readers that keep up.
package final class SharedText: Sendable {
  private struct State {
    var form: (any Sendable)?
    var isNew = true
  }

  package let bytes: [UInt8]
  private let state = Locked(State())

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// What a server sends of it: all of the bytes, in its own way.
  ///
  /// - Parameter make: Always of the same type.
  package func form<Form: Sendable>(_ make: ([UInt8]) -> Form) -> Form {
    state.withLock { state in
      if let form = state.form as? Form { return form }
      let form = make(bytes)
      // A copy of what few are still to be sent is not worth its memory.
      if state.isNew { state.form = form }
      return form
    }
  }

  /// Others have come after it.
  func age() {
    state.withLock { $0 = State(form: nil, isNew: false) }
  }
}
