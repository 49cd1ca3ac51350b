import RelayCore
import RelayThreads

@testable import RelayPipeline

/// Answers what it is told to, and keeps what it was to send.
final class ScriptedProber: DestinationProber {
  private let sent = Locked<[AttemptRequest]>([])
  private let report: @Sendable (AttemptRequest) -> ProbeReport

  init(_ report: @escaping @Sendable (AttemptRequest) -> ProbeReport = { _ in .answered(200) }) {
    self.report = report
  }

  var requests: [AttemptRequest] { sent.withLock { $0 } }

  func send(_ request: AttemptRequest, to destination: Destination) -> ProbeReport {
    sent.withLock { $0.append(request) }
    return report(request)
  }

  func connect(to destination: Destination, within limit: Duration) -> ProbeReport { .answered(200) }
}

extension ProbeReport {
  static func answered(
    _ status: Int, headers: [Field] = [], body: String = "", sent: [Field] = []
  ) -> ProbeReport {
    ProbeReport(
      sentHeaders: sent,
      answer: Answer(status: status, headers: headers, body: Array(body.utf8), bodyBytes: body.utf8.count),
      times: Times(total: .milliseconds(3)), peer: "127.0.0.1:9000")
  }
}

/// One envelope, of whatever type.
struct OneSample: SampleEnvelopes {
  let types = ["createdChat", "receivedMessage"]

  func envelope(with type: String, token: String, at now: Timestamp) -> [UInt8]? {
    types.contains(type)
      ? Array(
        #"{"messages":{"other":[{"id":1}],"\#(type)":[{"id":2,"company":{"id":"7"}}]},"token":"\#(token)"}"#
          .utf8)
      : nil
  }
}
