import NIOCore

/// Makes requests of the bytes of one connection.
protocol RequestReader {
  mutating func next(_ input: inout ByteBuffer) -> ReadStep?
}

enum ReadStep {
  case request(ServedRequest)
  /// The protocol wants this sent.
  case reply([UInt8])
}

/// HTTP/1.1: a head, and a body of its length.
struct HTTP1Reader: RequestReader {
  private var head: ServedRequest?
  private var bodyLength = 0

  mutating func next(_ input: inout ByteBuffer) -> ReadStep? {
    if head == nil { readHead(&input) }
    guard var request = head, let body = input.readBytes(length: bodyLength) else { return nil }
    head = nil
    request.body = body
    return .request(request)
  }

  private mutating func readHead(_ input: inout ByteBuffer) {
    let end = Array("\r\n\r\n".utf8)
    guard let length = input.readableBytesView.firstOffset(of: end) else { return }
    let text = input.readString(length: length)!
    input.moveReaderIndex(forwardBy: end.count)
    // CR and LF together are one Character.
    let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
    var request = ServedRequest(requestLine: String(lines[0]))
    for line in lines.dropFirst() {
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      let value = line[colon...].dropFirst().drop { $0 == " " }
      request.headers.append((String(line[..<colon]), String(value)))
    }
    bodyLength = request.values(of: "content-length").first.flatMap { Int($0) } ?? 0
    head = request
  }
}

extension ByteBufferView {
  fileprivate func firstOffset(of pattern: [UInt8]) -> Int? {
    guard count >= pattern.count else { return nil }
    for offset in 0...(count - pattern.count) where self[startIndex + offset] == pattern[0] {
      let start = startIndex + offset
      if self[start..<start + pattern.count].elementsEqual(pattern) { return offset }
    }
    return nil
  }
}
