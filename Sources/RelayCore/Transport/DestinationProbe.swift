/// Tries a destination out, beside all that a `Transport` has under way there: on a connection of its own, once.
package protocol DestinationProber: Sendable {
  /// Sends one request, as the transport would, and waits for its answer. Blocks its thread, for the destination's
  /// `timeout` at most.
  func send(_ request: AttemptRequest, to destination: Destination) -> ProbeReport

  /// Looks its name up, connects, and speaks TLS where its URL says so; sends no request. Blocks its thread.
  func connect(to destination: Destination, within limit: Duration) -> ProbeReport
}

/// What came of it.
package struct ProbeReport: Sendable, Equatable {
  package struct Field: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package struct Answer: Sendable, Equatable {
    package var status: Int
    /// Of the final answer, as they came: at most the first 100.
    package var headers: [Field]
    /// The first 1 KiB, and how much of it was read.
    package var body: [UInt8]
    package var bodyBytes: Int

    package init(status: Int, headers: [Field], body: [UInt8], bodyBytes: Int) {
      self.status = status
      self.headers = headers
      self.body = body
      self.bodyBytes = bodyBytes
    }
  }

  /// Since the beginning; nil: it did not come to that.
  package struct Times: Sendable, Equatable {
    package var nameLookup: Duration?
    package var connected: Duration?
    package var tlsDone: Duration?
    package var firstByte: Duration?
    package var total: Duration

    package init(
      nameLookup: Duration? = nil, connected: Duration? = nil, tlsDone: Duration? = nil,
      firstByte: Duration? = nil, total: Duration
    ) {
      self.nameLookup = nameLookup
      self.connected = connected
      self.tlsDone = tlsDone
      self.firstByte = firstByte
      self.total = total
    }
  }

  /// The certificate of the chain that ends first.
  package struct Certificate: Sendable, Equatable {
    /// As RFC 2253 writes names.
    package var subject: String
    package var end: Timestamp
    /// How many the server sent.
    package var chainLength: Int

    package init(subject: String, end: Timestamp, chainLength: Int) {
      self.subject = subject
      self.end = end
      self.chainLength = chainLength
    }
  }

  /// The request's headers as they were sent; empty: none was sent.
  package var sentHeaders: [Field]
  package var answer: Answer?
  /// Why there is no answer, or no connection.
  package var failure: TransportFailure?
  package var times: Times
  /// The address and port that it was connected to.
  package var peer: String?
  /// nil: there was no TLS, or no certificate that can be read.
  package var certificate: Certificate?
  /// What the relay shows of itself where the server asks for it, of which it is the one that ends first; nil: nothing.
  package var clientCertificate: Certificate?
  /// The access token that was sent, which the answer may repeat; nil: none was.
  package var accessToken: Secret?

  package init(
    sentHeaders: [Field] = [], answer: Answer? = nil, failure: TransportFailure? = nil, times: Times,
    peer: String? = nil, certificate: Certificate? = nil, clientCertificate: Certificate? = nil
  ) {
    self.sentHeaders = sentHeaders
    self.answer = answer
    self.failure = failure
    self.times = times
    self.peer = peer
    self.certificate = certificate
    self.clientCertificate = clientCertificate
  }

  package var isSuccess: Bool { answer.map { (200..<300).contains($0.status) } ?? false }
}
