import NIOHTTP1
import RelayCore
import RelaySystem

extension SinkRequest {
  /// A request that has just come in.
  init(_ head: HTTPRequestHead, body: [UInt8], answeredStatus: Int, secret: SigningSecret?) {
    self.init(
      receivedAt: Timestamp(microseconds: wallClockMicroseconds()),
      method: head.method.rawValue,
      path: String(head.uri.prefix { $0 != "?" }),
      allHeaders: head.headers.map { (name: $0.name, value: $0.value) },
      body: body,
      signature: .notChecked,
      answeredStatus: answeredStatus)
    signature = checkedSignature(with: secret, at: receivedAt)
    chat = ChatReader.chat(in: body, eventType: eventType)
  }
}
