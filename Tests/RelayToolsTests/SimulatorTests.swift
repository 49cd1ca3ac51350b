import RelayCore
import RelayJSON
import RelayThreads
import Testing

@testable import RelayTools

@Suite struct SimulatorTests {
  /// A receiver that answers as a relay would, with an id for each event.
  private func relay(_ requests: Requests, status: Int = 200) -> Sink {
    let settings = SinkSettings(listen: ListenAddress(host: "127.0.0.1", port: 0), status: status)
    let scanner = EnvelopeScanner(fields: FieldTree(paths: []))
    let nextID = Locked(EventID(high: 1, low: 1))
    return Sink(settings: settings, onRequest: requests.append) { request in
      guard let envelope = try? scanner.scan(request.body), envelope.hasMessages else {
        return SinkAnswer.body(for: request.answeredStatus, request: request.body)
      }
      let ids = envelope.events.map { _ in
        nextID.withLock { id in
          id = id.advanced(by: 1)
          return "\"\(id)\""
        }
      }
      return Array(
        #"{"accepted":\#(ids.count),"duplicate":false,"events":[\#(ids.joined(separator: ","))]}"#.utf8)
    }
  }

  @Test func theBooksBalance() async throws {
    let requests = Requests()
    let sink = relay(requests)
    let address = try await sink.start()
    let sent = Locked<[SentEnvelope]>([])
    let settings = SimulatorSettings(
      url: "http://\(address)/huggy", token: "s3cret", ratePerSecond: .infinity, count: 300, seed: 5,
      concurrency: 4)
    let simulator = Simulator(
      settings: settings, onEnvelope: { envelope in sent.withLock { $0.append(envelope) } })
    let report = await onThread { simulator.run() }
    await sink.stop()

    let envelopes = sent.withLock { $0 }
    #expect(report.allAccepted)
    #expect(report.sent == 300)
    #expect(report.statuses == [200: 300])
    #expect(report.acceptedEvents == envelopes.map(\.eventCount).reduce(0, +))
    #expect(Set(envelopes.map(\.index)) == Set(0..<300))
    #expect(envelopes.allSatisfy { $0.eventIDs.count == $0.eventCount })
    #expect(Set(envelopes.flatMap(\.eventIDs)).count == report.acceptedEvents)
    #expect(report.latencyP50 > .zero && report.latencyP50 <= report.latencyP99)
    #expect(report.latencyP99 <= report.latencyMax)
    let received = requests.all.map(\.body)
    #expect(received.first == Array(#"{"token":"s3cret","validToken":true}"#.utf8))
    #expect(Set(received.dropFirst()) == Set(envelopes.map(\.body)))
    #expect(received.count == 301)
  }

  @Test func eachChatArrivesInOrderHoweverManyWorkersThereAre() async throws {
    let requests = Requests()
    let sink = relay(requests)
    let address = try await sink.start()
    let steps = Locked<[[UInt8]: (story: Int, step: Int)]>([:])
    let settings = SimulatorSettings(
      url: "http://\(address)/", ratePerSecond: .infinity, count: 300, seed: 6, concurrency: 8)
    let simulator = Simulator(
      settings: settings,
      onEnvelope: { sent in steps.withLock { $0[sent.body] = (sent.envelope.story, sent.envelope.step) } })
    _ = await onThread { simulator.run() }
    await sink.stop()

    var next: [Int: Int] = [:]
    for body in requests.all.map(\.body).dropFirst() {
      let (story, step) = try #require(steps.withLock { $0[body] })
      #expect(step == next[story, default: 0])
      next[story] = step + 1
    }
  }

  @Test func refusedEnvelopesAreCountedByStatus() async throws {
    let requests = Requests()
    let sink = relay(requests)
    let address = try await sink.start()
    let settings = SimulatorSettings(
      url: "http://\(address)/", ratePerSecond: .infinity, count: 20, seed: 1, concurrency: 1)
    let simulator = Simulator(
      settings: settings,
      onEnvelope: { sent in
        if sent.index == 9 {
          sink.update(SinkSettings(listen: ListenAddress(host: "127.0.0.1", port: 0), status: 503))
        }
      })
    let report = await onThread { simulator.run() }
    await sink.stop()
    #expect(report.statuses == [200: 10, 503: 10])
    #expect(report.accepted == 10)
    #expect(!report.allAccepted)
    #expect(report.summary.contains("200 × 10, 503 × 10"))
  }

  @Test func aReceiverThatGoesAwayIsAFailureAndNotTheEnd() async throws {
    let requests = Requests()
    let sink = relay(requests)
    let address = try await sink.start()
    let (firsts, first) = AsyncStream.makeStream(of: Void.self)
    let isGone = Monitor(false)
    let settings = SimulatorSettings(
      url: "http://\(address)/", ratePerSecond: .infinity, count: 5, seed: 1, concurrency: 1)
    let simulator = Simulator(
      settings: settings,
      onEnvelope: { sent in
        guard sent.index == 0 else { return }
        first.yield()
        _ = isGone.wait { $0 ? true : nil }
      })
    async let running = onThread { simulator.run() }
    for await _ in firsts { break }
    await sink.stop()
    isGone.update { $0 = true }
    let report = await running
    #expect(report.sent == 5)
    #expect(report.accepted == 1)
    #expect(report.failures.values.reduce(0, +) == 4)
    #expect(report.summary.contains("no answer"))
  }

  @Test func itStopsWhileItWaitsForItsNextTime() async throws {
    let sink = relay(Requests())
    let address = try await sink.start()
    let settings = SimulatorSettings(url: "http://\(address)/", ratePerSecond: 0.000_1, seed: 1)
    let (firsts, first) = AsyncStream.makeStream(of: Void.self)
    let simulator = Simulator(settings: settings, onEnvelope: { _ in first.yield() })
    async let running = onThread { simulator.run() }
    for await _ in firsts { break }
    simulator.stop()
    let report = await running
    await sink.stop()
    #expect(report.sent == 1)
    #expect(report.allAccepted)
  }

  @Test func progressIsReportedEverySecond() async throws {
    let sink = relay(Requests())
    let address = try await sink.start()
    let settings = SimulatorSettings(url: "http://\(address)/", ratePerSecond: 0.000_1, seed: 1)
    let (reports, reported) = AsyncStream.makeStream(of: SimulatorProgress.self)
    let simulator = Simulator(settings: settings, onProgress: { reported.yield($0) })
    async let running = onThread { simulator.run() }
    for await progress in reports {
      #expect(progress.elapsed >= .seconds(1))
      #expect(progress.failed == 0)
      break
    }
    simulator.stop()
    _ = await running
    await sink.stop()
  }

  @Test func nothingIsPostedAfterAFailedHandshake() async throws {
    let requests = Requests()
    let sink = relay(requests, status: 401)
    let address = try await sink.start()
    let settings = SimulatorSettings(url: "http://\(address)/", token: "s3cret", count: 5, seed: 1)
    let report = await onThread { Simulator(settings: settings).run() }
    await sink.stop()
    #expect(requests.all.count == 1)
    #expect(report.sent == 0)
    #expect(!report.allAccepted)
    #expect(report.summary.contains("handshake  FAILED"))
    #expect(report.summary.contains("401"))
  }
}
