/// What one request is to hold, while it is put together: a delivery that may start, and further ones of its queue that may
/// stand in its body.
///
/// All are of one source, token and company, and both or neither of a replay. Those of one order key are a run: consecutive ones,
/// in order; in the `huggy` format, whose lists are by type, of one type.
struct Batch: Sendable {
  /// What becomes of a delivery that is offered.
  enum Answer {
    case taken
    /// It can't stand in this one; a later one may.
    case passed
    /// No more are taken.
    case full
  }

  /// In the order in which they were taken.
  private(set) var deliveries: [Delivery] = []
  /// Followers that could not be taken with those before them: they go back to the store.
  private(set) var left: [DeliveryID] = []
  private let maxEvents: Int
  private let maxBytes: Int
  private let endsRunsWithTheirType: Bool
  private let mark: Suspects.Mark?
  private var meter: BatchMeter
  private var isFull = false

  /// - Parameters:
  ///   - first: It stands in it whatever its size; its followers as far as they fit.
  ///   - limit: How many events there may be, besides what `policy` says.
  ///   - isPassed: Of followers: the run ends before such a one.
  init(
    _ first: Delivery, for destination: Destination, _ policy: BatchPolicy, limit: Int, _ suspects: Suspects,
    unless isPassed: (Delivery) -> Bool = { _ in false }
  ) {
    mark = suspects.mark(of: first.id)
    let most = mark?.size ?? (suspects.isFull ? 1 : policy.maxEvents)
    maxEvents = max(1, min(most, policy.maxEvents, limit))
    maxBytes = policy.maxBytes
    endsRunsWithTheirType = destination.format == .huggy && destination.ordering != .none
    meter = BatchMeter(for: destination)
    meter.add(first.event)
    append(first, suspects, isPassed)
  }

  /// How many of a queue are looked at for it: those that are passed cost time, too.
  var mostOffers: Int { maxEvents == 1 ? 0 : 4 * maxEvents }

  /// - Parameter isPassed: It is passed; of followers: the run ends before it.
  mutating func offer(
    _ delivery: Delivery, _ suspects: Suspects, unless isPassed: (Delivery) -> Bool = { _ in false }
  ) -> Answer {
    guard !isFull, deliveries.count < maxEvents else { return .full }
    guard !isPassed(delivery), belongs(delivery, suspects) else { return .passed }
    guard fits(delivery.event) else { return .full }
    append(delivery, suspects, isPassed)
    return .taken
  }

  /// What it has room for of a run that is taken.
  private mutating func append(
    _ delivery: Delivery, _ suspects: Suspects, _ isPassed: (Delivery) -> Bool
  ) {
    let followers = delivery.followers
    var head = delivery
    head.followers = []
    deliveries.append(head)
    var isEnded = false
    for follower in followers {
      if !isEnded, deliveries.count < maxEvents, !isPassed(follower), belongs(follower, suspects),
        !endsRunsWithTheirType || follower.event.type == delivery.event.type, fits(follower.event)
      {
        deliveries.append(follower)
      } else {
        isEnded = true
        left.append(follower.id)
      }
    }
  }

  private func belongs(_ delivery: Delivery, _ suspects: Suspects) -> Bool {
    let (event, first) = (delivery.event, deliveries.first?.event ?? delivery.event)
    guard suspects.mark(of: delivery.id)?.group == mark?.group else { return false }
    return event.company == first.company
      && (event.envelope === first.envelope
        || event.envelope.source == first.envelope.source && event.envelope.token == first.envelope.token)
  }

  /// Adds it to what is measured, where it fits.
  private mutating func fits(_ event: Event) -> Bool {
    var longer = meter
    longer.add(event)
    guard longer.bytes <= maxBytes else {
      isFull = true
      return false
    }
    meter = longer
    return true
  }
}
