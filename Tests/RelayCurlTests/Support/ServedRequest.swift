/// A request as a test server got it.
struct ServedRequest: Sendable {
  /// The connection's number, from 0.
  var connection = 0
  /// The request's number over all connections, from 0.
  var number = 0
  /// Of HTTP/2; its headers are not decoded.
  var stream: UInt32 = 0
  var requestLine = ""
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []

  /// All of this name, in their order.
  func values(of name: String) -> [String] {
    headers.filter { $0.name.lowercased() == name }.map(\.value)
  }
}
