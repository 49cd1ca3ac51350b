import CPostgres

/// What the server sends of its own accord: warnings, and why it ends a connection on which nothing runs. libpq writes into it while it reads.
final class NoticeBox {
  private var warnings: [ServerMessage] = []
  /// Why the server ends, or has ended, the connection.
  private(set) var farewell: ServerMessage?

  /// Those since the last call: the first hundred.
  func takeWarnings() -> [ServerMessage] {
    defer { warnings = [] }
    return warnings
  }

  /// From now on this connection's notices come here. It must live as long as the connection.
  func receive(from connection: OpaquePointer) {
    PQsetNoticeReceiver(
      connection,
      { box, result in
        guard let box, let message = ServerMessage(result) else { return }
        Unmanaged<NoticeBox>.fromOpaque(box).takeUnretainedValue().add(message)
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  private func add(_ message: ServerMessage) {
    if message.isFatal {
      farewell = message
    } else if message.severity == "WARNING", warnings.count < 100 {
      warnings.append(message)
    }
  }
}

@available(*, unavailable)
extension NoticeBox: Sendable {}
