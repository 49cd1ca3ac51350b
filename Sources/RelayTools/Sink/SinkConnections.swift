import NIOCore
import RelayThreads

/// The connections that one listener has accepted, to be closed with it.
final class SinkConnections: Sendable {
  private struct State {
    var isOpen = true
    var channels: [ObjectIdentifier: any Channel] = [:]
  }

  private let state = Locked(State())

  /// - Returns: False if the listener has stopped meanwhile: the connection came too late.
  func add(_ channel: any Channel) -> Bool {
    let key = ObjectIdentifier(channel)
    let isOpen = state.withLock { state in
      if state.isOpen { state.channels[key] = channel }
      return state.isOpen
    }
    guard isOpen else { return false }
    channel.closeFuture.whenComplete { [weak self] _ in
      self?.state.withLock { $0.channels[key] = nil }
    }
    return true
  }

  func closeAll() async {
    let channels = state.withLock { state in
      state.isOpen = false
      return Array(state.channels.values)
    }
    for channel in channels {
      channel.close(promise: nil)
      // Closing fails only where the peer was quicker: closed it is either way.
      try? await channel.closeFuture.get()
    }
  }
}
