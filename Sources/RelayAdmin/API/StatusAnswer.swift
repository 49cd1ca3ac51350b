import RelayCore
import RelayPipeline

/// `GET /api/v1/status`.
package struct StatusAnswer: Decodable, Sendable, Equatable {
  package struct Store: Decodable, Sendable, Equatable {
    package var kind: String
    package var bytes: Int
    package var limitBytes: Int
    /// Why no envelopes are taken.
    package var refusal: String?
    /// How large the log beside it is.
    package var logBytes: Int?
    /// Who keeps that log from being written over.
    package var reader: Reader?
    /// The store can't be read: what is shown of it is as old as this.
    package var unreadSeconds: Double?
  }

  /// A reader from outside.
  package struct Reader: Decodable, Sendable, Equatable {
    package var name: String
    package var seconds: Double
  }

  package struct Route: Decodable, Sendable, Equatable {
    package var name: String
    package var matched: Int
    package var dropped: Int
  }

  package struct Config: Decodable, Sendable, Equatable {
    package var hash: String
    package var loadedAt: Timestamp
    /// What was wrong at the last reload, if it changed nothing.
    package var reloadErrors: [String]
  }

  package var version: String
  package var uptimeSeconds: Double
  package var store: Store
  package var destinations: [DestinationAnswer]
  package var routes: [Route]
  package var config: Config
  /// How far the relay's clock is ahead of its destinations'; nil: none has told the time.
  package var clockOffsetSeconds: Double?

  init(_ status: RelayStatus) {
    version = status.version
    uptimeSeconds = status.uptime.apiSeconds
    store = Store(
      kind: status.store.kind, bytes: status.store.bytes, limitBytes: status.store.limitBytes,
      refusal: status.store.refusal, logBytes: status.store.logBytes,
      reader: status.store.reader.map { Reader(name: $0.name, seconds: $0.time.apiSeconds) },
      unreadSeconds: status.store.unreadFor?.apiSeconds)
    destinations = status.destinations.map { DestinationAnswer($0) }
    routes = status.routes.map { Route(name: $0.name, matched: $0.matched, dropped: $0.dropped) }
    config = Config(
      hash: status.configurationHash, loadedAt: status.configurationLoadedAt,
      reloadErrors: status.reloadErrors)
    clockOffsetSeconds = status.clockOffset?.apiSeconds
  }
}

extension StatusAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("version", version)
      output.field("uptime_seconds", uptimeSeconds)
      output.field("store", store)
      output.field("destinations", destinations)
      output.field("routes", routes)
      output.field("config", config)
      output.field("clock_offset_seconds", clockOffsetSeconds)
    }
  }
}

extension StatusAnswer.Store: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("kind", kind)
      output.field("bytes", bytes)
      output.field("limit_bytes", limitBytes)
      output.field("refusal", refusal)
      output.field("log_bytes", logBytes)
      output.field("reader", reader)
      output.field("unread_seconds", unreadSeconds)
    }
  }
}

extension StatusAnswer.Reader: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("name", name)
      output.field("seconds", seconds)
    }
  }
}

extension StatusAnswer.Route: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("name", name)
      output.field("matched", matched)
      output.field("dropped", dropped)
    }
  }
}

extension StatusAnswer.Config: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("hash", hash)
      output.field("loaded_at", loadedAt)
      output.field("reload_errors", reloadErrors)
    }
  }
}
