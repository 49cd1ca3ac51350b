import RelayCore

/// An answer of the admin API, before it becomes HTTP.
struct AdminResponse: Equatable {
  struct Header: Equatable {
    var name: String
    var value: String

    init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  var status: Int
  var contentType: String
  var body: [UInt8]
  var headers: [Header]
  /// Sent piece by piece instead of `body`.
  private(set) var copy: (any StoreCopy)?

  init(status: Int, contentType: String, body: [UInt8], headers: [Header] = []) {
    self.status = status
    self.contentType = contentType
    self.body = body
    self.headers = headers
  }

  init(copy: any StoreCopy) {
    self.init(status: 200, contentType: copy.format.contentType, body: [])
    self.copy = copy
  }

  static func == (a: AdminResponse, b: AdminResponse) -> Bool {
    (a.status, a.contentType, a.body) == (b.status, b.contentType, b.body) && a.headers == b.headers
      && a.copy === b.copy
  }

  static func json(_ value: some JSONWritable, status: Int = 200) -> AdminResponse {
    var output = JSONOutput()
    value.write(to: &output)
    return AdminResponse(status: status, contentType: "application/json", body: output.bytes)
  }

  /// `{"error":{"code":…,"message":…}}`, with `"errors"` where there are several.
  init(_ error: APIError) {
    var output = JSONOutput()
    output.object { output in
      output.key("error")
      output.object { output in
        output.field("code", error.code)
        output.field("message", error.message)
      }
      if let errors = error.errors { output.field("errors", errors) }
    }
    self.init(
      status: error.status, contentType: "application/json", body: output.bytes, headers: error.headers)
  }
}
