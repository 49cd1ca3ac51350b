import RelayCore

/// What deliveries are ordered by: those of one destination with the same text go one after another, in order of arrival.
///
/// Equal byte for byte, as in the store's tables: texts that only look alike are keys of their own.
package struct OrderKey: Hashable {
  package var destination: DestinationRowID
  package var text: String
  /// No text stands in both queues.
  package var queue = DeliveryQueue.live

  package init(destination: DestinationRowID, text: String, queue: DeliveryQueue = .live) {
    self.destination = destination
    self.text = text
    self.queue = queue
  }

  package static func == (a: OrderKey, b: OrderKey) -> Bool {
    a.destination == b.destination && a.text.utf8.elementsEqual(b.text.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(destination)
    for byte in text.utf8 { hasher.combine(byte) }
  }
}
