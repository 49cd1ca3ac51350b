import CCurl
import Glibc
import RelayCore

extension TransportFailure {
  /// Puts libcurl's result into a kind that an operator can act on. The text is libcurl's own, explained where it
  /// is a riddle.
  init(_ code: CURLcode, text: String, transfer: Transfer) {
    self.init(code, text: text, easy: transfer.easy, transfer.handshakes)
  }

  /// - Parameter easy: The handle whose request has failed.
  init(_ code: CURLcode, text: String, easy: borrowing EasyHandle, _ handshakes: Handshakes?) {
    let words = text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
    let kind = Self.kind(code, text: text, systemError: easy.systemError)
    if kind == .tls || kind == .reset, let refusal = ClientRefusal(words) {
      self.init(kind: .tls, message: Self.naming(handshakes?.host ?? "", in: refusal.message))
      return
    }
    if kind == .reset, easy.newConnections > 0, let file = handshakes?.clientFile {
      self.init(kind: kind, message: "\(words)\(ClientRefusal.withoutWords(file))")
      return
    }
    guard kind == .tls, let handshakes else {
      let brief = Self.brief(words, systemError: easy.systemError)
      self.init(kind: kind, message: Self.explained(brief))
      return
    }
    let told = handshakes.takeProblem(of: easy.id) ?? Self.explained(words)
    self.init(kind: kind, message: Self.naming(handshakes.host, in: told))
  }

  /// The server's alerts say nothing of who gave them.
  private static func naming(_ host: String, in words: String) -> String {
    guard !host.isEmpty, !words.contains(host) else { return words }
    return "\(words) (in the TLS handshake with \(host))"
  }

  /// `Failed to connect to HOST port PORT after 0 ms: Couldn't connect to server` says the kind twice: what is left is
  /// the place, and what the system said.
  static func brief(_ words: String, systemError: Int32) -> String {
    guard words.hasPrefix("Failed to connect to "),
      let match = words.wholeMatch(of: /Failed to connect to (.+) port ([0-9]+) after ([0-9]+) ms: (.+)/)
    else {
      return words
    }
    let place = "\(match.1) port \(match.2)"
    if match.4.hasPrefix("Timeout") { return "\(place), after \(match.3) ms" }
    guard systemError != 0, systemError != ECONNREFUSED else { return place }
    return "\(place): \(String(cString: strerror(systemError)))"
  }

  private static func explained(_ words: String) -> String {
    if words.hasPrefix("Received HTTP/0.9") { return "the answer is not HTTP (\(words))" }
    if let match = words.wholeMatch(of: /CONNECT tunnel failed, response ([0-9]+)/) {
      let hint = match.1 == "407" ? ": it wants a name and a password, http://USER:PASSWORD@HOST:PORT" : ""
      return "the proxy refuses the tunnel with \(match.1)\(hint)"
    }
    if words.hasSuffix("wrong version number") { return "\(words) (the server does not speak TLS there)" }
    return words
  }

  static func kind(_ code: CURLcode, text: String, systemError: Int32) -> Kind {
    // Between here and the destination: nothing of it was reached.
    if text.hasPrefix("CONNECT tunnel failed") || text.hasPrefix("Proxy CONNECT aborted") {
      return code == CURLE_OPERATION_TIMEDOUT ? .connectTimeout : .connection
    }
    return switch code {
    case CURLE_COULDNT_RESOLVE_PROXY: .nameResolution
    case CURLE_COULDNT_RESOLVE_HOST: .nameResolution
    case CURLE_COULDNT_CONNECT: systemError == ECONNREFUSED ? .connectionRefused : .connection
    case CURLE_OPERATION_TIMEDOUT: timeoutKind(text)
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
      CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_USE_SSL_FAILED, CURLE_SSL_INVALIDCERTSTATUS:
      .tls
    case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2,
      CURLE_HTTP2_STREAM:
      .reset
    default: .other
    }
  }

  /// libcurl has one code for every timeout; its text tells them apart.
  private static func timeoutKind(_ text: String) -> Kind {
    // The answer of a name server may come after the timeout, and then the words are of the answer.
    let resolving = ["Resolving timed out", "Could not resolve"]
    if resolving.contains(where: text.hasPrefix) { return .nameResolution }
    // Which of them it is for a handshake that stalls is a matter of milliseconds.
    let connecting = ["Connection time", "Failed to connect", "SSL connection timeout"]
    if connecting.contains(where: text.hasPrefix) { return .connectTimeout }
    return .timeout
  }
}
