import NIOCore
import RelayThreads

/// The open connections of the listener, so that they are bounded, and end with it. For any thread.
final class FileConnections: Sendable {
  private struct State {
    var open: [ObjectIdentifier: any Channel] = [:]
    var isQuiescing = false
  }

  private let limit: Int
  private let state = Monitor(State())

  init(limit: Int) {
    self.limit = limit
  }

  /// - Returns: false: there is no place for it.
  func admit(_ channel: any Channel) -> Bool {
    let id = ObjectIdentifier(channel)
    let isAdmitted = state.update { state in
      guard !state.isQuiescing, state.open.count < limit else { return false }
      state.open[id] = channel
      return true
    }
    if isAdmitted { channel.closeFuture.whenComplete { [state] _ in state.update { $0.open[id] = nil } } }
    return isAdmitted
  }

  var count: Int { state.change { ($0.open.count, wakes: false) } }

  /// Blocks until there are as many as is wanted.
  func wait(until isWanted: (Int) -> Bool) {
    _ = state.wait { isWanted($0.open.count) ? true : nil }
  }

  /// Closes those that wait for a request, lets answers end for at most `limit`, then closes what is left. From now on no
  /// further one is admitted.
  func quiesce(within limit: TimeAmount) async {
    let channels = state.update { state in
      defer { state.isQuiescing = true }
      return state.isQuiescing ? [] : Array(state.open.values)
    }
    guard let eventLoop = channels.first?.eventLoop else { return }
    for channel in channels { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    let end = eventLoop.scheduleTask(in: limit) { for channel in channels { channel.close(promise: nil) } }
    try? await EventLoopFuture.andAllComplete(channels.map(\.closeFuture), on: eventLoop).get()
    end.cancel()
  }
}
