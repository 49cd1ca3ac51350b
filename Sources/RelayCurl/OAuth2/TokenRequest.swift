import RelayCore

/// One request to a token server, with libcurl, on the caller's thread.
enum TokenRequest {
  /// From the name's look-up to the answer's last byte.
  static let timeout = Duration.seconds(10)
  static let connectTimeout = Duration.seconds(5)

  /// - Parameter own: Where the relay listens: nothing is asked there.
  /// - Returns: What is found is always the server's own: redirects are not followed, and whoever answers is checked, whatever the
  ///   destination's `tls.verify` says.
  @Sendable static func send(_ source: TokenSource, own: OwnListeners) -> Result<AccessToken, TokenFailure> {
    let client = source.client
    let host = HostPort(url: client.tokenURL.reveal)?.host ?? "the token server"
    func failure(_ words: String) -> Result<AccessToken, TokenFailure> {
      .failure(TokenFailure(words: "no access token from \(host): \(words)"))
    }
    let trust = source.authorityFile.map { Trust.file($0, contents: source.authorities) }
    let http = BlockingClient(maxAnswerBytes: AccessToken.longestAnswer, trust: trust, own: own)
    do throws(TransportFailure) {
      let answer = try http.send(
        method: "POST", url: client.tokenURL.reveal, headers: client.requestHeaders,
        body: client.requestBody, timeout: timeout, connectTimeout: connectTimeout,
        network: source.network)
      switch AccessToken.read(status: answer.status, body: answer.body, for: client) {
      case .success(let token): return .success(token)
      case .failure(let refusal): return failure(refusal.words)
      }
    } catch {
      return failure(error.description)
    }
  }
}
