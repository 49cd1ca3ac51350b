import RelayCore
import RelayCurl
import RelayThreads

/// Plays Huggy: the handshake, then envelopes at a steady rate.
package final class Simulator: Sendable {
  private let settings: SimulatorSettings
  private let token: String
  private let onEnvelope: (@Sendable (SentEnvelope) -> Void)?
  private let onProgress: (@Sendable (SimulatorProgress) -> Void)?
  private let schedule: EnvelopeSchedule
  private let tally = Locked(SimulatorTally())

  /// - Parameters:
  ///   - onEnvelope: Called after each answer or failure, on the worker's thread, for one chat's envelopes in
  ///     order.
  ///   - onProgress: Called once a second on the thread that called `run`.
  package init(
    settings: SimulatorSettings, onEnvelope: (@Sendable (SentEnvelope) -> Void)? = nil,
    onProgress: (@Sendable (SimulatorProgress) -> Void)? = nil
  ) {
    self.settings = settings
    self.onEnvelope = onEnvelope
    self.onProgress = onProgress
    token = settings.effectiveToken
    // Twice as many chats as workers, so that workers seldom wait for a chat's last answer.
    let factory = EnvelopeFactory(
      seed: settings.seed, token: token, scenario: settings.scenario ?? .all,
      openChats: max(8, 2 * settings.concurrency))
    schedule = EnvelopeSchedule(
      factory: factory, ratePerSecond: settings.ratePerSecond, count: settings.count)
  }

  /// Plays until the last envelope is answered, or until `stop`. Once. Blocks: call it on a thread that may
  /// wait, not on one of Swift's cooperative pool.
  package func run() -> SimulatorReport {
    let handshake = shakeHands()
    guard handshake == .confirmed else { return SimulatorReport(handshake: handshake) }
    let startedAt = ContinuousClock.now
    let running = Monitor(max(1, settings.concurrency))
    let workers = (0..<max(1, settings.concurrency)).map { number in
      WorkerThread(name: "simulate-\(number)") {
        self.work()
        running.update { $0 -= 1 }
      }
    }
    while running.wait(timeout: .seconds(1), until: { $0 == 0 ? true : nil }) == nil {
      onProgress?(progress(since: startedAt))
    }
    for worker in workers { worker.join() }
    return SimulatorReport(
      handshake: handshake, tally: tally.withLock { $0 }, elapsed: ContinuousClock.now - startedAt)
  }

  /// Ends `run` soon, from any thread: requests in flight get their answer or time out first.
  package func stop() {
    schedule.stop()
  }

  private func shakeHands() -> HandshakeOutcome {
    do {
      let response = try post(Handshake.body(token: token), with: BlockingClient())
      return Handshake.verdict(on: response, token: token)
    } catch {
      return Handshake.verdict(on: error)
    }
  }

  private func work() {
    let client = BlockingClient()
    while let envelope = schedule.next() {
      let sent = send(envelope, with: client)
      tally.withLock { $0.add(sent) }
      onEnvelope?(sent)
      schedule.settle(envelope)
    }
  }

  private func send(_ envelope: SimulatedEnvelope, with client: BlockingClient) -> SentEnvelope {
    let startedAt = ContinuousClock.now
    do {
      let response = try post(envelope.body, with: client)
      return SentEnvelope(
        envelope: envelope, status: response.status, failure: nil, latency: response.duration,
        eventIDs: SentEnvelope.eventIDs(in: response.body))
    } catch {
      return SentEnvelope(
        envelope: envelope, status: nil, failure: error, latency: ContinuousClock.now - startedAt,
        eventIDs: [])
    }
  }

  private func post(_ body: [UInt8], with client: BlockingClient) throws(TransportFailure) -> BlockingResponse
  {
    try client.send(
      method: "POST", url: settings.url, headers: ["content-type: application/json"], body: body,
      timeout: settings.timeout)
  }

  private func progress(since startedAt: ContinuousClock.Instant) -> SimulatorProgress {
    tally.withLock {
      SimulatorProgress(elapsed: ContinuousClock.now - startedAt, sent: $0.sent, accepted: $0.accepted)
    }
  }
}
