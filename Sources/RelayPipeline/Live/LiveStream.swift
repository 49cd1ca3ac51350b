import RelayCore

/// The stream of what happens, as operators ask for it.
package protocol StreamOperations: AnyObject, Sendable {
  var stream: LiveStream { get }
}

/// Lets readers in, and asks the store for them.
package final class LiveStream: Sendable {
  private let feed: LiveFeed
  private let asked: PatientStore?

  init(feed: LiveFeed, asked: PatientStore) {
    self.feed = feed
    self.asked = asked
  }

  /// Without a store: readers are told only what happens from now on.
  package init(feed: LiveFeed) {
    self.feed = feed
    asked = nil
  }

  /// - Returns: nil: there are as many readers as there may be, or the relay stops.
  package func join(_ subscription: LiveSubscription) -> LiveReader? {
    guard let asked else { return feed.join(subscription) }
    return feed.join(subscription) { request in
      try await asked.look { lookup async throws(StoreError) in try await lookup.events(request) }
    }
  }

  /// What a reader that was not let in is told: when to come again, and why.
  package func refusal() -> [UInt8] {
    if feed.isStopped { return StreamText.comeAgain(after: wait(.seconds(5), .seconds(2))) }
    return StreamText.comeAgain(after: wait(.seconds(15), .seconds(10)))
      + StreamText.message(
        "overloaded",
        #"{"kind":"overloaded","message":"there are \#(feed.limits.readers) readers already; come again later"}"#
      )
  }

  private func wait(_ base: Duration, _ jitter: Duration) -> Duration { base + jitter * feed.jitter() }

  /// Tells each reader what has happened so far, and ends all streams. Blocks for a moment.
  package func stop() { feed.stop() }
}
