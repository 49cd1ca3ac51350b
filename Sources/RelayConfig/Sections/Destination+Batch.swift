import RelayCore
import RelayText

extension ConfigNode {
  /// `batch`: a mapping, which may be empty, or `off`.
  ///
  /// - Parameter inherited: What `defaults` say: a mapping says more than they do, key by key.
  /// - Returns: nil: a fault; .some(nil): off.
  func batchPolicy(over inherited: BatchPolicy?) -> BatchPolicy?? {
    let expected = "a mapping with max_events, max_bytes and max_wait ({} for the defaults), or off"
    return ifMapping {
      $0.section().map { .some($0.batchPolicy(over: inherited ?? BatchPolicy())) }
    } else: {
      $0.value(expected, words: ["off"], form: .words(["off"]), placeholder: BatchPolicy?.none) {
        text throws(Fault) in
        guard text == "off" else { throw Fault("is not a batch; write { max_events: 50 }, {} or off") }
        return nil
      }
    }
  }
}

extension Section {
  fileprivate func batchPolicy(over inherited: BatchPolicy) -> BatchPolicy {
    var (section, policy) = (self, inherited)
    policy.maxEvents = section.take("max_events")?.integer(BatchPolicy.eventBounds) ?? policy.maxEvents
    policy.maxBytes = section.take("max_bytes")?.size(BatchPolicy.byteBounds) ?? policy.maxBytes
    policy.maxWait = section.take("max_wait")?.duration(BatchPolicy.waitBounds) ?? policy.maxWait
    section.finish()
    return policy
  }
}

extension ReadDestination {
  /// Warns of what hardly goes with requests of several events.
  func warnAboutBatch(in reading: Reading) {
    guard let destination, destination.batch != nil, !reading.isProbing else { return }
    let place = batchLocation ?? location
    if destination.format == .huggy, destination.takesSeveral {
      reading.report(
        "many receivers that were written for the platform read only the first event of each list, and would lose the "
          + "others; see that this one loops over them, or write format: event",
        at: place, severity: .warning)
    }
    warnAboutTimes(of: destination, at: place, in: reading)
    let lines = HeaderBudget.mostLines(to: destination)
    if lines.bytes > HeaderBudget.maxBytes {
      reading.report(
        "its header lines take up to \(lines.bytes) bytes, more than the \(HeaderBudget.maxBytes) that receivers surely "
          + "take: batches would hold fewer events; shorten headers or auth, or lower max_events",
        at: place, severity: .warning)
    }
    if lines.fields > HeaderBudget.maxFields {
      reading.report(
        "its requests have up to \(lines.fields) header lines, more than the \(HeaderBudget.maxFields) that receivers "
          + "surely take; remove some of headers",
        at: place, severity: .warning)
    }
  }

  /// Warns of arrays that may hold events of several types, since an array says none of them.
  func warnAboutTypes(of routes: [Route], in reading: Reading) {
    guard let destination, destination.format == .event, destination.takesSeveral, !reading.isProbing
    else { return }
    let types = routes.filter { $0.destinationNames.contains(name) }.map { route in
      route.match.events.flatMap { $0.count == 1 ? $0[0].literal : nil }
    }
    guard types.contains(nil) || Set(types).count > 1 else { return }
    reading.report(
      "an array of events does not say their types, and the huggy-event header is there only where all have the same one; "
        + "route one type to it, or write format: huggy or cloudevents",
      at: batchLocation ?? location, severity: .warning)
  }

  private func warnAboutTimes(of destination: Destination, at place: Location, in reading: Reading) {
    guard let batch = destination.batch, destination.takesSeveral else { return }
    if let rate = destination.rate, rate.spacing * 2 > destination.burstTime {
      reading.report(
        "its rate lets fewer than two events through in \(destination.burstTime.text), so each would go alone; raise the rate, or give "
          + "the batch a max_wait in which several come through",
        at: place, severity: .warning)
    }
    if batch.maxWait >= destination.lateAfter {
      reading.report(
        "its events may wait for \(batch.maxWait.text) to go together, and count as late after \(destination.lateAfter.text): "
          + "lower max_wait, or raise late_after",
        at: place, severity: .warning)
    }
  }
}
