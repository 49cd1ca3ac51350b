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
      // Some only look whether somebody listens.
      guard let request = RequestListener.request(on: connection) else {
        return RequestListener.hangUp(connection)
      }
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

  /// Each answer shows another part of the request first, since only its beginning is kept.
  private static func answer(_ connection: Int32, _ request: (head: String, body: String), number: Int) {
    let lines = request.head.components(separatedBy: "\r\n")
    let turned = (0..<lines.count).map { lines[($0 + number) % lines.count] }
    let body = number.isMultiple(of: 3) ? request.body : turned.joined(separator: "\n")
    let told = lines.dropFirst().map { $0.split(separator: ":", maxSplits: 1).last ?? "" }
    var head = "500 \(told[number % told.count])"
    for (place, value) in told.enumerated() where place % 4 == number % 4 {
      head += "\r\nX-Echo-\(place):\(value)"
    }
    RequestListener.answer(connection, head, body: body)
  }
}
