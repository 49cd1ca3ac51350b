import RelayCore

/// The header lines of a destination's requests as they are sent, for people to look at: credentials, and what the destination's
/// own headers say, are masked. (libcurl could tell the very bytes, but would then format texts about each request.)
struct SentHeaders {
  private static let mask = "[secret]"

  /// What libcurl writes before those of the request.
  private let first: [UInt8]
  /// What the destination's settings add after them.
  private let last: [UInt8]

  /// - Parameter url: nil: it can't be parsed, and nothing is ever sent.
  init(_ destination: Destination, url: ParsedURL?) {
    var first = ["Host: \(url?.hostHeader ?? "")"]
    var own = destination.headers.map { "\($0.name): \(Self.mask)" }
    switch destination.authorization {
    case .bearer, .oauth2: own.append("authorization: Bearer \(Self.mask)")
    case .basic: first.append("Authorization: Basic \(Self.mask)")
    case nil: if url?.hasCredentials == true { first.append("Authorization: Basic \(Self.mask)") }
    }
    // What is for a proxy, the server behind a tunnel does not get.
    let proxy = url?.usesTLS == false ? destination.network.proxy(for: destination.url) : nil
    if proxy?.hasCredentials ?? false {
      first.insert("Proxy-Authorization: Basic \(Self.mask)", at: 1)
    }
    if !destination.headers.contains(where: { $0.name.lowercased() == "accept" }) {
      first.append("Accept: */*")
    }
    if proxy != nil { first.append("Proxy-Connection: Keep-Alive") }
    self.first = Array(first.joined(separator: "\n").utf8)
    last = Array(own.joined(separator: "\n").utf8)
  }

  /// - Returns: Lines with a line end (LF) between two; as many bytes as are kept.
  func text(of request: AttemptRequest) -> [UInt8] {
    var text = first
    func add(_ bytes: some Sequence<UInt8>) {
      text.append(UInt8(ascii: "\n"))
      text.append(contentsOf: bytes)
    }
    add(request.headers.bytes.lazy.filter { $0 != UInt8(ascii: "\r") })
    if !last.isEmpty { add(last) }
    add("Content-Length: \(request.body.count)".utf8)
    return Array(text.prefix(AttemptEvidence.keptRequestBytes))
  }
}
