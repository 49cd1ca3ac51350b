/// What a sender is answered, before it becomes HTTP.
package struct IngestReply: Sendable, Equatable {
  package struct Header: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package var status: Int
  package var contentType: String
  package var body: [UInt8]
  /// Beyond `content-type` and `content-length`: `allow`, `retry-after`, `x-content-type-options`, `accept-encoding`.
  package var headers: [Header]

  package init(
    status: Int, contentType: String = "application/json", body: [UInt8], headers: [Header] = []
  ) {
    self.status = status
    self.contentType = contentType
    self.body = body
    self.headers = headers
  }
}
