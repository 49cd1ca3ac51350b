/// Requests as they stand on the wire.
enum Requests {
  static func post(
    _ body: String = "{}", path: String = "/huggy", method: String = "POST", version: String = "1.1",
    headers: [String] = []
  ) -> String {
    head(method, path, version: version, headers: ["Content-Length: \(body.utf8.count)"] + headers) + body
  }

  static func head(
    _ method: String, _ path: String, version: String = "1.1", headers: [String] = []
  ) -> String {
    (["\(method) \(path) HTTP/\(version)", "Host: relay"] + headers).joined(separator: "\r\n") + "\r\n\r\n"
  }

  static func chunk(_ text: String) -> String { "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n" }
}
