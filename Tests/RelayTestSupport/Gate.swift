import RelayCore
import RelayThreads
import Testing

/// Keeps a store's thread in a completion until it is opened: what is asked of the store meanwhile waits
/// together, and so goes into one batch.
package final class Gate: Sendable {
  private enum State: Sendable {
    case free, held, opened
  }

  private let state = Monitor(State.free)

  package init() {}

  /// Returns once the store's thread is held.
  package func hold(_ store: any DeliveryStore) {
    store.destinations { _ in
      self.state.update { $0 = .held }
      _ = self.state.wait { $0 == .opened ? true : nil }
    }
    guard state.wait(timeout: .seconds(60), until: { $0 == .held ? true : nil }) == nil else { return }
    Issue.record("the store's thread has not come to the gate within a minute")
  }

  package func open() {
    state.update { $0 = .opened }
  }
}
