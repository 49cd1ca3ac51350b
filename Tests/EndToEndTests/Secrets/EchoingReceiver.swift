import Foundation
import RelayCore
import RelayThreads

/// A destination that fails, and says in every part of its answer what it was sent.
final class EchoingReceiver: Sendable {
  let address: ListenAddress
  private let listener: RequestListener
  private let requests: Monitor<[String]>

  var all: [String] { requests.update { $0 } }

  init() throws {
    let requests = Monitor<[String]>([])
    self.requests = requests
    listener = try RequestListener(readingItself: { connection in
      let request = Self.read(connection)
      let count = requests.change { requests in
        requests.append(request.head + request.body)
        return (requests.count, wakes: true)
      }
      Self.answer(connection, request, number: count)
    })
    address = ListenAddress(host: "127.0.0.1", port: listener.port)
  }

  func wait(until isEnough: ([String]) -> Bool) -> Bool {
    requests.wait(timeout: .seconds(60)) { isEnough($0) ? true : nil } ?? false
  }

  func stop() { listener.stop() }

  private static func read(_ connection: Int32) -> (head: String, body: String) {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if let end = text.firstRange(of: "\r\n\r\n") {
        let (head, body) = (String(text[..<end.lowerBound]), String(text[end.upperBound...]))
        let length = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
        let expected = length.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
        if body.utf8.count >= expected { return (head, body) }
      }
      let count = Glibc.read(connection, &buffer, buffer.count)
      guard count > 0 else { return (text, "") }
      bytes += buffer[..<count]
    }
  }

  /// Each answer shows another part of the request first, since only its beginning is kept.
  private static func answer(_ connection: Int32, _ request: (head: String, body: String), number: Int) {
    let lines = request.head.components(separatedBy: "\r\n")
    let turned = (0..<lines.count).map { lines[($0 + number) % lines.count] }
    let body = number.isMultiple(of: 3) ? request.body : turned.joined(separator: "\n")
    let told = lines.dropFirst().map { $0.split(separator: ":", maxSplits: 1).last ?? "" }
    // Whoever only looks whether somebody listens.
    guard !told.isEmpty else {
      close(connection)
      return
    }
    var head = "HTTP/1.1 500 \(told[number % told.count])\r\n"
    for (place, value) in told.enumerated() where place % 4 == number % 4 {
      head += "X-Echo-\(place):\(value)\r\n"
    }
    let bytes = Array("\(head)Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)".utf8)
    _ = write(connection, bytes, bytes.count)
    close(connection)
  }
}
