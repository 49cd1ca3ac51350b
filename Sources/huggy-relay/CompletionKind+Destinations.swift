import ArgumentParser
import Foundation
import RelayAdmin
import RelayCurl

extension CompletionKind {
  /// The destinations of the relay that runs here, or where the environment says; none if it does not answer at once.
  static let destinations = CompletionKind.custom { _, _, prefix in
    let environment = ProcessInfo.processInfo.environment
    let url = environment["HUGGY_RELAY_ADMIN"] ?? "http://127.0.0.1:8081"
    let token = environment["HUGGY_RELAY_ADMIN_TOKEN"].map { ["authorization: Bearer \($0)"] } ?? []
    let answer = try? BlockingClient(maxAnswerBytes: 16 << 20).send(
      method: "GET", url: url + "/api/v1/status", headers: token, body: nil, timeout: .seconds(2),
      connectTimeout: .seconds(1))
    guard let answer, answer.status == 200,
      let status = try? AnswerDecoder.decode(StatusAnswer.self, from: answer.body)
    else { return [] }
    return status.destinations.map(\.name).filter { prefix.isEmpty || $0.hasPrefix(prefix) }
  }

  static let configurations = CompletionKind.file(extensions: ["yaml", "yml", "json"])
}
