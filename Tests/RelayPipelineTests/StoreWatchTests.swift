import Logging
import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

struct StoreWatchTests {
  /// Keeps the lines: level, message, and what stands beside it.
  private struct Lines: LogHandler {
    let lines: Locked<[String]>
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let values = (event.metadata ?? [:]).map { " \($0.key)=\($0.value)" }.sorted().joined()
      lines.withLock { $0.append("\(event.level): \(event.message)\(values)") }
    }
  }

  private let lines = Locked<[String]>([])
  private let metrics = RelayMetrics(Configuration())
  private let watch: StoreWatch

  init() {
    let lines = lines
    watch = StoreWatch(
      metrics: metrics, clock: ManualClock(), logger: Logger(label: "test") { _ in Lines(lines: lines) })
  }

  private var messages: [String] { lines.withLock { $0 } }

  @Test func aHangIsARefusalUntilItEnds() {
    watch.storeHangs(true)
    #expect(watch.current.refusal?.code == .hanging && watch.current.holdsSettlements)
    // What the store's thread says meanwhile does not end it.
    watch.storeConditionChanged(StoreCondition())
    #expect(watch.current.refusal?.code == .hanging)
    watch.storeHangs(false)
    #expect(watch.current == StoreCondition())
    #expect(messages.filter { $0.hasPrefix("error") }.count == 2)
    #expect(messages.last == "notice: outcomes are recorded again")
  }

  @Test func whoeverGathersIsToldWhereACommitsAnswersBeginAndEnd() {
    let gatherers = [Gatherer(), Gatherer()]
    for gatherer in gatherers { watch.attach(gatherer: gatherer) }
    watch.storeBeginsToAnswer()
    #expect(gatherers.map(\.told) == [["begin"], ["begin"]])
    watch.storeHasAnswered()
    #expect(gatherers.map(\.told) == [["begin", "end"], ["begin", "end"]])
  }

  @Test func whatTheStoreRefusesForOutlivesAHang() {
    let full = StoreError(code: .full, message: "full")
    watch.storeConditionChanged(StoreCondition(refusal: full))
    watch.storeHangs(true)
    watch.storeHangs(false)
    #expect(watch.current.refusal == full)
    #expect(messages.filter { $0.contains("takes") }.count == 1)
  }

  @Test func aReaderThatHoldsTheLogIsNamedOnceAndItsEndIsTold() {
    watch.storeConditionChanged(StoreCondition(logHolder: "sqlite3 (process 7)"))
    watch.storeConditionChanged(StoreCondition(logHolder: "sqlite3 (process 7)"))
    #expect(watch.logReader?.name == "sqlite3 (process 7)")
    watch.storeConditionChanged(StoreCondition())
    #expect(watch.logReader == nil)
    #expect(
      messages == [
        "error: a reader holds the store's log, which grows until the reader ends reader=sqlite3 (process 7)",
        "notice: no reader holds the store's log any more",
      ])
  }

  @Test func aLogThatCantBeMovedIsTold() {
    watch.storeConditionChanged(StoreCondition(logFailure: "Input/output error"))
    watch.storeConditionChanged(StoreCondition())
    #expect(messages.count == 2)
    #expect(
      messages[0].hasPrefix("error: the store's log can't be moved") && messages[0].contains("Input/output"))
  }

  @Test func aLeaseThatIsLackingIsToldAndHoldsNoOutcomes() {
    watch.storeConditionChanged(StoreCondition(startLack: .placeLost))
    watch.storeConditionChanged(StoreCondition(startLack: .placeLost))
    #expect(watch.current.refusal == nil && !watch.current.holdsSettlements)
    watch.storeConditionChanged(StoreCondition())
    #expect(
      messages == [
        "error: the store has not confirmed this relay's lease: no attempts start until it has reason=\(StartLack.placeLost.text)",
        "notice: the store has confirmed this relay's lease: attempts start",
      ])
  }

  @Test func aStoreThatIsLostConfirmsNothing() {
    watch.storeConditionChanged(StoreCondition(startLack: .placeLost))
    watch.storeConditionChanged(StoreCondition(refusal: StoreError(code: .lost, message: "taken over")))
    #expect(messages.count == 2 && messages[1].contains("taken over"))
  }

  @Test func aStoreThatCantKeepItselfIsTold() {
    watch.storeKeepingFailed(StoreError(code: .failing, message: "no luck"))
    #expect(
      messages == [
        "error: the store can't keep itself: nothing old goes meanwhile, and it is tried again reason=no luck"
      ])
  }

  @Test func whatCantBeReadIsCountedAndToldOnceInAWhile() {
    for _ in 0..<3 { watch.storeReadFailed(StoreError(code: .failing, message: "no luck")) }
    #expect(metrics.storeReadErrors.value == 3)
    #expect(messages == ["error: the store can't be read reason=no luck"])
  }
}

private final class Gatherer: AnswerGathering {
  private let calls = Locked<[String]>([])
  var told: [String] { calls.withLock { $0 } }

  func beginGathering() { calls.withLock { $0.append("begin") } }
  func endGathering() { calls.withLock { $0.append("end") } }
}
