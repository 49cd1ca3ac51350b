import RelayCore
import RelayPipeline

/// `GET /api/v1/status`.
public struct StatusAnswer: Decodable, Sendable, Equatable {
  public struct Store: Decodable, Sendable, Equatable {
    public var kind: String
    public var bytes: Int
    public var limitBytes: Int
    /// Why no envelopes are taken.
    public var refusal: String?
    /// Of the log beside it.
    public var logBytes: Int?
    /// Who keeps that log from being written over.
    public var reader: Reader?
    /// The store can't be read: what is shown of it is as old as this.
    public var unreadSeconds: Double?
  }

  /// A reader from outside.
  public struct Reader: Decodable, Sendable, Equatable {
    public var name: String
    public var seconds: Double
  }

  public struct Route: Decodable, Sendable, Equatable {
    public var name: String
    public var matched: Int
    public var dropped: Int
  }

  public struct Config: Decodable, Sendable, Equatable {
    public var hash: String
    public var loadedAt: Timestamp
    /// Of the last reload, if it changed nothing.
    public var reloadErrors: [String]
  }

  public var version: String
  public var uptimeSeconds: Double
  public var store: Store
  public var destinations: [DestinationAnswer]
  public var routes: [Route]
  public var config: Config
  /// How far the relay's clock is ahead of its destinations'; nil: none has told the time.
  public var clockOffsetSeconds: Double?

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
