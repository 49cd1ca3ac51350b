import RelayPipeline
import Testing

@testable import RelayIngest

/// Requests one after another on one connection, whose receiver answers each with its body.
struct Talk {
  struct Reply: Equatable {
    var status: Int
    /// nil: it doesn't matter.
    var body: String?
  }

  let exchanges: [Exchange]
  let bytes: [UInt8]

  init(_ exchanges: [Exchange]) {
    self.exchanges = exchanges
    bytes = exchanges.flatMap { Array($0.request.utf8) }
  }

  /// - Parameter places: Where the pieces begin in which it is all sent.
  func expectReplies(cutAt places: [Int], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let receiver = RecordingReceiver(answersAtOnce: nil)
    let connection = try EmbeddedConnection(receiver: receiver)
    var answered = 0
    var output = ""
    for (start, end) in zip([0] + places, places + [bytes.count]) {
      connection.send(Array(bytes[start..<end]))
      while answered < receiver.received.count {
        let received = receiver.received[answered]
        received.complete(IngestReply(status: 200, body: received.body))
        answered += 1
      }
      output += try connection.output()
    }
    let expected = exchanges.map(\.reply)
    let replies = replies(in: output, like: expected)
    #expect(replies == expected, "cut at \(places)", sourceLocation: sourceLocation)
    #expect(
      receiver.bodies == exchanges.compactMap(\.body), "cut at \(places)", sourceLocation: sourceLocation)
    #expect(connection.isIdle && !connection.isClosed, sourceLocation: sourceLocation)
    #expect(connection.budget.chargedBytes == 0, sourceLocation: sourceLocation)
  }

  private func replies(in output: String, like expected: [Reply]) -> [Reply] {
    output.replacing("HTTP/1.1 100 Continue\r\n\r\n", with: "").split(separator: "HTTP/1.1 ").enumerated()
      .map { index, reply in
        let matters = expected.indices.contains(index) && expected[index].body != nil
        let body = reply.firstRange(of: "\r\n\r\n").map { String(reply[$0.upperBound...]) }
        return Reply(status: Int(reply.prefix(3)) ?? 0, body: matters ? body : nil)
      }
  }
}
