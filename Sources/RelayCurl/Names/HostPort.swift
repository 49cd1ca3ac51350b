import CCurl
import Glibc

/// A URL that libcurl has parsed, and need not parse again.
final class ParsedURL {
  /// Also for the easy handles that are given it.
  let pointer: OpaquePointer

  /// nil: libcurl has something against it, and will say so when it is asked to go there.
  init?(_ url: String) {
    guard let pointer = curl_url() else { fatalError("out of memory") }
    guard curl_url_set(pointer, CURLUPART_URL, url, 0) == CURLUE_OK else {
      curl_url_cleanup(pointer)
      return nil
    }
    self.pointer = pointer
  }

  deinit {
    curl_url_cleanup(pointer)
  }

  /// What the header `Host` says: no port where that is the scheme's own.
  var hostHeader: String {
    let host = part(CURLUPART_HOST) ?? ""
    return part(CURLUPART_PORT, UInt32(CURLU_NO_DEFAULT_PORT)).map { "\(host):\($0)" } ?? host
  }

  var usesTLS: Bool { part(CURLUPART_SCHEME) == "https" }

  /// It has a user's name, and so what libcurl sends has an authorization.
  var hasCredentials: Bool { part(CURLUPART_USER) != nil }

  fileprivate func part(_ part: CURLUPart, _ flags: UInt32 = 0) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard curl_url_get(pointer, part, &text, flags) == CURLUE_OK, let text else { return nil }
    defer { curl_free(text) }
    return String(cString: text)
  }
}

@available(*, unavailable)
extension ParsedURL: Sendable {}

/// Whom a URL names.
struct HostPort: Equatable {
  /// Without brackets.
  var host: String
  var port: Int

  /// nil: the URL has no such parts, and libcurl will say so.
  init?(url: ParsedURL) {
    guard let host = url.part(CURLUPART_HOST),
      let port = url.part(CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)).flatMap({ Int($0) })
    else { return nil }
    self.init(host: host, port: port)
  }

  init?(url: String) {
    guard let parsed = ParsedURL(url) else { return nil }
    self.init(url: parsed)
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
    return !isLocalhost
  }

  var isLocalhost: Bool {
    let name = host.lowercased()
    return name == "localhost" || name.hasSuffix(".localhost")
  }

  /// What `CURLOPT_RESOLVE` takes: libcurl uses it until it is told anew.
  func entry(_ addresses: [String]) -> String {
    let list = addresses.map { $0.contains(":") ? "[\($0)]" : $0 }.joined(separator: ",")
    return "\(host):\(port):\(list)"
  }
}
