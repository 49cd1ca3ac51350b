import RelayCore
import RelayCurl
import RelayPipeline

/// Sends notices with a client that each request has to itself: as destinations are, over TLS with the system's authorities, without
/// redirects.
struct NoticeClient: NoticeSender {
  /// Where the relay listens: nothing is sent there.
  let own: OwnListeners

  private static let timeout = Duration.seconds(10)
  private static let connectTimeout = Duration.seconds(5)

  func send(_ request: NoticeRequest) -> NoticeReply {
    let client = BlockingClient(maxAnswerBytes: 1 << 20, own: own)
    do throws(TransportFailure) {
      let response = try client.send(
        method: request.method, url: request.url.reveal, headers: request.headers, body: request.body,
        timeout: Self.timeout, connectTimeout: Self.connectTimeout, network: request.network)
      return NoticeReply(status: response.status, body: response.body)
    } catch {
      return NoticeReply(status: nil, failure: error.description)
    }
  }
}
