/// `batch`: how many events one request to a destination may hold.
///
/// What receivers take of bodies and header lines is in docs/batches.md.
package struct BatchPolicy: Sendable, Hashable {
  package static let eventBounds = 1...100
  /// Of the whole body, in bytes: with the envelope around the events, and the commas between them.
  package static let byteBounds = 1_024...16 << 20
  package static let waitBounds = Duration.zero ... .seconds(60)

  package var maxEvents = 50
  package var maxBytes = 96 << 10
  /// How long a fresh event waits for others at most; zero: a request takes what is due, and waits for nothing.
  package var maxWait = Duration.zero

  package init() {}

  package init(maxEvents: Int, maxBytes: Int = 96 << 10, maxWait: Duration = .zero) {
    self.maxEvents = maxEvents
    self.maxBytes = maxBytes
    self.maxWait = maxWait
  }
}
