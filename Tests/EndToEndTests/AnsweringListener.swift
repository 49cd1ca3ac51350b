/// A socket of loopback that answers small requests by hand: a connection brings one.
final class AnsweringListener: Sendable {
  private let listener: RequestListener

  var port: Int { listener.port }

  /// - Parameter answer: Of a request, its head and its body: the status, and a body of JSON. On the listener's thread.
  init(_ answer: @escaping @Sendable (_ head: String, _ body: String) -> (status: Int, body: String)) throws {
    listener = try RequestListener(readingItself: { connection in
      guard let (head, body) = RequestListener.request(on: connection) else {
        return RequestListener.hangUp(connection)
      }
      let reply = answer(head, body)
      RequestListener.answer(
        connection, "\(reply.status) Status\r\nContent-Type: application/json", body: reply.body)
    })
  }

  func stop() { listener.stop() }
}
