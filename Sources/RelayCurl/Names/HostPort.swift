import CCurl
import Glibc

/// Whom a URL names.
struct HostPort: Equatable {
  /// Without brackets.
  var host: String
  var port: Int

  /// nil: the URL has no such parts, and libcurl will say so.
  init?(url: OpaquePointer) {
    guard let host = Self.part(CURLUPART_HOST, of: url),
      let port = Self.part(CURLUPART_PORT, of: url, UInt32(CURLU_DEFAULT_PORT)).flatMap({ Int($0) })
    else { return nil }
    self.init(host: host, port: port)
  }

  init?(url: String) {
    guard let handle = curl_url() else { return nil }
    defer { curl_url_cleanup(handle) }
    guard curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK else { return nil }
    self.init(url: handle)
  }

  init(host: String, port: Int) {
    self.host = host.hasPrefix("[") ? String(host.dropFirst().prefix { $0 != "]" }) : host
    self.port = port
  }

  /// Not so addresses, nor `localhost`, which libcurl knows by itself (but not with a dot behind it).
  var needsLookup: Bool {
    if host.contains(":") { return false }
    var address = in_addr()
    if inet_pton(AF_INET, host, &address) == 1 { return false }
    let name = host.lowercased()
    return name != "localhost" && !name.hasSuffix(".localhost")
  }

  /// What `CURLOPT_RESOLVE` takes: libcurl uses it until it is told anew.
  func entry(_ addresses: [String]) -> String {
    let list = addresses.map { $0.contains(":") ? "[\($0)]" : $0 }.joined(separator: ",")
    return "\(host):\(port):\(list)"
  }

  private static func part(_ part: CURLUPart, of url: OpaquePointer, _ flags: UInt32 = 0) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard curl_url_get(url, part, &text, flags) == CURLUE_OK, let text else { return nil }
    defer { curl_free(text) }
    return String(cString: text)
  }
}
