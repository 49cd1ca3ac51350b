import RelayCore
import RelayPipeline

/// A page of `GET /api/v1/deliveries`.
package struct DeliveriesAnswer: Decodable, Sendable, Equatable {
  package var deliveries: [DeliveryAnswer]
  /// What `after` is to be for the next page; nil: there is none.
  package var next: String?

  init(_ page: DeliveryReportPage) {
    deliveries = page.deliveries.map { DeliveryAnswer($0) }
    next = page.next?.description
  }
}

extension DeliveriesAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("deliveries", deliveries)
      output.field("next", next)
    }
  }
}
