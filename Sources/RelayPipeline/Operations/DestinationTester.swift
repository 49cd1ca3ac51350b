import Logging
import RelayCore
import RelayJSON
import RelayText
import RelayThreads

/// Sends one request to a destination beside its lane, on a thread of its own: nothing of the lane notices.
final class DestinationTester: Sendable {
  struct Parts: Sendable {
    let active: ActiveConfiguration
    let prober: any DestinationProber
    let samples: any SampleEnvelopes
    let linker: AttachmentLinker?
    let clock: any SteadyClock
    let logger: Logger
  }

  /// Each has a thread that waits.
  static let maxUnderWay = 8

  private let parts: Parts
  private let underWay = Locked(0)

  init(_ parts: Parts) {
    self.parts = parts
  }

  func test(_ name: String, with sample: TestSample) async throws(OperationError) -> TestReport {
    let configuration = parts.active.configuration
    guard let destination = configuration.destinations.first(where: { $0.name == name }) else {
      throw Self.unknown(name, configuration)
    }
    let now = parts.clock.reading()
    let event = try event(of: sample, configuration, at: now)
    try begin()
    defer { underWay.withLock { $0 -= 1 } }
    let rewriter = destination.attachments == .rewrite ? parts.linker?.rewriter(for: configuration) : nil
    let request = Self.request(for: event, to: destination, rewriter, at: now)
    let probe = await onThread(named: "test") { [prober = parts.prober] in
      prober.send(request, to: destination)
    }
    log(probe, destination: name)
    let mask = SecretMask(configuration.toldSecrets + [probe.accessToken].compactMap(\.self))
    return TestReport(
      destination: name, eventType: event.type, url: URLMask.masked(destination.url.reveal),
      body: mask.masked(request.body, upTo: .max), probe: probe.masked(mask, of: destination))
  }

  func sample(_ type: String) throws(OperationError) -> [UInt8] {
    try envelope(with: type, token: "sample", at: parts.clock.reading().wall)
  }

  var sampleTypes: [String] { parts.samples.types }

  private func begin() throws(OperationError) {
    let isAdmitted = underWay.withLock { count in
      guard count < Self.maxUnderWay else { return false }
      count += 1
      return true
    }
    guard !isAdmitted else { return }
    throw OperationError(
      code: .conflict, message: "\(Self.maxUnderWay) tests are under way; wait for one of them to end")
  }

  private func log(_ probe: ProbeReport, destination: String) {
    let outcome = probe.answer.map { "status \($0.status)" } ?? probe.failure?.description ?? "no answer"
    parts.logger.notice(
      "a destination was tested", metadata: ["destination": "\(destination)", "outcome": "\(outcome)"])
  }

  // MARK: The request

  /// As that of the first attempt, and marked: a receiver can tell it from what came from Huggy.
  private static func request(
    for event: Event, to destination: Destination, _ rewriter: AttachmentRewriter?, at now: ClockReading
  ) -> AttemptRequest {
    let delivery = Delivery(
      id: DeliveryID(rawValue: 0), event: event, destination: destination.name, since: now.steady)
    var request = RequestBuilder.request(for: delivery, to: destination, at: now) {
      rewriter?.content(of: $0, at: now.wall) ?? $0.body
    }
    request.headers.append(line: "huggy-relay-test: true")
    return request
  }

  // MARK: The event

  private func event(
    of sample: TestSample, _ configuration: Configuration, at now: ClockReading
  ) throws(OperationError) -> Event {
    switch sample {
    case .envelope(let body, let number): try event(number, of: body, configuration)
    case .event(let body, let type):
      try event(1, of: Self.envelope(of: body, type: type), configuration)
    case .madeUp(let type): try madeUp(type, configuration, at: now)
    }
  }

  private func madeUp(
    _ type: String, _ configuration: Configuration, at now: ClockReading
  ) throws(OperationError) -> Event {
    let token = configuration.sources.lazy.flatMap(\.tokens).first?.value.reveal ?? "test"
    let body = try envelope(with: type, token: token, at: now.wall)
    let events = try events(of: body, configuration)
    guard let event = events.first(where: { $0.type == type }) ?? events.first else {
      throw .invalidSample("the envelope holds no event")
    }
    return event
  }

  private func envelope(
    with type: String, token: String, at now: Timestamp
  ) throws(OperationError) -> [UInt8] {
    if let body = parts.samples.envelope(with: type, token: token, at: now) { return body }
    let types = parts.samples.types
    let hint = NearestName.question(type, among: types) ?? "; there are \(types.joined(separator: ", "))"
    throw .invalidSample("no event of the type '\(type.prefix(100))' can be made up\(hint)")
  }

  private func events(
    of body: [UInt8], _ configuration: Configuration
  ) throws(OperationError) -> [Event] {
    do throws(Refusal) {
      return try SampleReader(configuration, clock: parts.clock).events(of: body)
    } catch {
      throw .invalidSample("this is no envelope: \(error.explanation)")
    }
  }

  private func event(
    _ number: Int, of body: [UInt8], _ configuration: Configuration
  ) throws(OperationError) -> Event {
    let events = try events(of: body, configuration)
    guard !events.isEmpty else { throw .invalidSample("the envelope holds no event") }
    guard (1...events.count).contains(number) else {
      throw .invalidSample("there is no event \(number): the envelope holds \(events.count)")
    }
    return events[number - 1]
  }

  /// What Huggy would have posted.
  private static func envelope(of event: [UInt8], type: String) -> [UInt8] {
    var body = Array(#"{"messages":{"#.utf8)
    JSONWriter.appendString(type, to: &body)
    body += Array(":[".utf8) + event + Array("]}}".utf8)
    return body
  }

  private static func unknown(_ name: String, _ configuration: Configuration) -> OperationError {
    let names = configuration.destinations.map(\.name)
    let hint =
      NearestName.question(name, among: names) ?? "; the configuration has \(names.joined(separator: ", "))"
    return OperationError(code: .notFound, message: "there is no destination \(name.prefix(100))\(hint)")
  }
}

extension OperationError {
  fileprivate static func invalidSample(_ message: String) -> OperationError {
    OperationError(code: .invalidSample, message: message)
  }
}

extension ProbeReport {
  /// - Parameter destination: Whose credentials are in the headers.
  fileprivate func masked(_ mask: SecretMask, of destination: Destination) -> ProbeReport {
    var masked = self
    let own = Set(
      destination.headers.map { $0.name.asciiLowercased } + ["authorization", "proxy-authorization"])
    masked.sentHeaders = sentHeaders.map { field in
      Field(
        field.name, own.contains(field.name.asciiLowercased) ? SecretMask.word : mask.masked(field.value))
    }
    masked.answer?.headers = (answer?.headers ?? []).map { field in
      Field(
        field.name,
        field.name.asciiLowercased == "set-cookie" ? SecretMask.word : mask.masked(field.value))
    }
    if let body = answer?.body {
      masked.answer?.body = mask.masked(body, upTo: AttemptResult.keptAnswerBytes)
    }
    return masked
  }
}

/// A URL as it may be shown: what is likely a secret in it is not.
enum URLMask {
  /// User and password, the values of the query, and parts of the path that are too long to be words.
  static func masked(_ url: String) -> String {
    let parts = url.split(separator: "://", maxSplits: 1)
    guard parts.count == 2 else { return SecretMask.word }
    let rest = parts[1].prefix { $0 != "#" }
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    let authority = rest[..<end]
    let host = authority.lastIndex(of: "@").map {
      "\(SecretMask.word)@\(authority[authority.index(after: $0)...])"
    }
    let tail = rest[end...]
    let path = tail.prefix { $0 != "?" }
    let query = tail.dropFirst(path.count)
    return "\(parts[0])://\(host ?? String(authority))\(maskedPath(path))\(maskedQuery(query))"
  }

  static let longestWord = 20

  private static func maskedPath(_ path: Substring) -> String {
    path.split(separator: "/", omittingEmptySubsequences: false)
      .map { $0.utf8.count >= longestWord ? SecretMask.word : String($0) }.joined(separator: "/")
  }

  private static func maskedQuery(_ query: Substring) -> String {
    guard query.hasPrefix("?") else { return "" }
    return "?"
      + query.dropFirst().split(separator: "&").map { item in
        item.firstIndex(of: "=").map { "\(item[...$0])\(SecretMask.word)" } ?? SecretMask.word
      }.joined(separator: "&")
  }
}
