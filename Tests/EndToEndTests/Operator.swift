import Foundation
import RelayCurl
import RelayHarness

/// Operates a running relay as a person does: by the commands, and over the API.
struct Operator {
  let admin: String

  init?(_ relay: RelayProcess) {
    guard let admin = relay.adminURL() else { return nil }
    self.admin = admin
  }

  func run(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
    try Setting.run(arguments + ["--admin", admin])
  }

  func run(_ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
    try Setting.run(arguments + ["--admin", admin])
  }

  func get(_ path: String) throws -> String {
    let answer = try BlockingClient().send(
      method: "GET", url: admin + path, headers: [], body: nil, timeout: .seconds(30))
    return String(decoding: answer.body, as: UTF8.self)
  }

  struct Status: Decodable {
    struct Destination: Decodable {
      var name: String
      var paused: Bool
      var orphaned: Bool
      var circuit: String
      var pending: Int
      var replaying: Int
      var dead: Int
      var delivered: Int
    }

    struct Configuration: Decodable {
      var hash: String
    }

    enum CodingKeys: String, CodingKey {
      case destinations, config
      case uptimeSeconds = "uptime_seconds"
    }

    var destinations: [Destination]
    var config: Configuration
    var uptimeSeconds: Double
  }

  func status() throws -> Status {
    try JSONDecoder().decode(Status.self, from: Data(try get("/api/v1/status").utf8))
  }

  /// In seconds.
  func uptime() throws -> Double { try status().uptimeSeconds }

  func destination(_ name: String) throws -> Status.Destination? {
    try status().destinations.first { $0.name == name }
  }

  /// The value of a metric's series; nil: there is none.
  func metric(_ series: String) throws -> Double? {
    try get("/metrics").split(separator: "\n").first { $0.hasPrefix(series + " ") }
      .flatMap { Double($0.dropFirst(series.count + 1)) }
  }
}

/// The ids that an ingest answer gives.
func eventIDs(_ answer: BlockingResponse) throws -> [String] {
  struct Answer: Decodable {
    var events: [String]
  }
  return try JSONDecoder().decode(Answer.self, from: Data(answer.body)).events
}

/// An envelope of single events: of each its type and its fields.
func envelope(_ events: (type: String, fields: String)...) -> [UInt8] {
  let messages = events.map { #""\#($0.type)":[{\#($0.fields)}]"# }
  return Array(#"{"messages":{\#(messages.joined(separator: ","))}}"#.utf8)
}
