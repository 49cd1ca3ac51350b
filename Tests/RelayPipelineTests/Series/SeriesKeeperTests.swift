import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// A file in memory that fails when a test says so, and remembers what was asked of it.
private final class ScriptedFile: SeriesKeeping {
  struct State: Sendable {
    var bytes: [UInt8] = []
    var isFull = false
    var isGone = false
    var replaced = 0
    var written = 0
    /// Holds writes up.
    var gate: WriteGate?
  }

  let state: Locked<State>

  init(_ bytes: [UInt8] = []) { state = Locked(State(bytes: bytes)) }

  func read() throws(SeriesFileError) -> [UInt8] { state.withLock(\.bytes) }

  func replace(_ bytes: [UInt8]) throws(SeriesFileError) {
    try attempt {
      $0.bytes = bytes
      $0.isGone = false
      $0.replaced += 1
    }
  }

  func write(_ bytes: [UInt8], at offset: Int) throws(SeriesFileError) {
    if state.withLock(\.isGone) { throw SeriesFileError("it is gone") }
    try attempt {
      $0.bytes.replaceSubrange(offset..<offset + bytes.count, with: bytes)
      $0.written += 1
    }
  }

  private func attempt(_ body: (inout State) -> Void) throws(SeriesFileError) {
    state.withLock(\.gate)?.pass()
    let isFull = state.withLock { state in
      if !state.isFull { body(&state) }
      return state.isFull
    }
    if isFull { throw SeriesFileError("no space left") }
  }
}

/// Holds up whoever comes, until a test lets them go.
private final class WriteGate: Sendable {
  private let state = Monitor((isReached: false, isOpen: false))

  func pass() {
    state.update { $0.isReached = true }
    state.wait { $0.isOpen ? .done(()) : .sleep(nil) }
  }

  func open() { state.update { $0.isOpen = true } }

  func waitUntilReached() { state.wait { $0.isReached ? .done(()) : .sleep(nil) } }
}

/// When samples are brought into their file, and what becomes of those that can't be.
@Suite(.timeLimit(.minutes(15))) struct SeriesKeeperTests {
  private let recorder = LineRecorder()
  private let file = ScriptedFile()

  private func keeper(_ file: ScriptedFile? = nil) -> SeriesKeeper {
    SeriesKeeper(file ?? self.file, logger: recorder.logger)
  }

  private func next(_ run: inout SeriesRun, _ attempts: Int, _ keeper: SeriesKeeper) async {
    let change = run.next(.of(attempts: attempts))
    await keeper.write(change, of: run.book)
  }

  private func kept() -> [SeriesSample] {
    let bytes = file.state.withLock(\.bytes)
    return (SeriesFormat.read(bytes)?.samples(.tenSeconds) ?? []).sorted { $0.number < $1.number }
  }

  @Test func aFileIsMadeOnceAndThenWrittenInPlace() async {
    let keeper = keeper()
    #expect(keeper.read() == nil)
    var run = SeriesRun()
    for attempts in 1...3 { await next(&run, attempts, keeper) }
    #expect(file.state.withLock { ($0.replaced, $0.written) } == (1, 4))
    #expect(kept() == run.book.kept.samples(.tenSeconds).sorted { $0.number < $1.number })
    #expect(recorder.lines.isEmpty)
  }

  @Test func aFileOfAnEarlierRunIsGoneOnWithInPlace() async throws {
    var first = SeriesRun()
    await next(&first, 1, keeper())
    let keeper = keeper()
    let left = try #require(keeper.read())
    var run = SeriesRun(.of(), from: .series(20))
    run.book.load(left, at: run.now)
    await next(&run, 1, keeper)
    #expect(file.state.withLock(\.replaced) == 1)
    #expect(kept().count == 2)
  }

  @Test func aForeignFileIsBegunAnewWithOneLine() async {
    file.state.withLock { $0.bytes = Array("something else".utf8) }
    let keeper = keeper()
    #expect(keeper.read() == nil)
    var run = SeriesRun()
    for attempts in 1...2 { await next(&run, attempts, keeper) }
    #expect(kept().count == 2)
    #expect(recorder.lines.map(\.level) == [.warning])
  }

  @Test func aFullDiskIsToldOnceAndWhatCameMeanwhileIsWrittenLater() async {
    let keeper = keeper()
    var run = SeriesRun()
    await next(&run, 1, keeper)
    file.state.withLock { $0.isFull = true }
    for attempts in 2...20 { await next(&run, attempts, keeper) }
    #expect(recorder.lines.map(\.level) == [.warning])
    #expect(recorder.lines.first?.metadata["reason"] == "no space left")
    #expect(kept().count == 1)
    file.state.withLock { $0.isFull = false }
    // It is not tried each time.
    for attempts in 21...26 { await next(&run, attempts, keeper) }
    #expect(recorder.lines.map(\.level) == [.warning, .notice])
    await next(&run, 27, keeper)
    #expect(kept() == run.book.kept.samples(.tenSeconds).sorted { $0.number < $1.number })
  }

  @Test func aFileThatIsGoneIsMadeAnewWithAllThereIs() async {
    let keeper = keeper()
    var run = SeriesRun()
    for attempts in 1...3 { await next(&run, attempts, keeper) }
    file.state.withLock { ($0.isGone, $0.bytes) = (true, []) }
    await next(&run, 4, keeper)
    #expect(kept().count == 4)
    #expect(recorder.lines.isEmpty)
  }

  /// Broken by a queue: a disk that hangs for a day would fill the memory, and one write would wait for another.
  @Test func aWriteThatHangsHoldsUpNoneAndLosesNone() async {
    let keeper = keeper()
    var run = SeriesRun()
    await next(&run, 1, keeper)
    let gate = WriteGate()
    file.state.withLock { $0.gate = gate }
    let change = run.next(.of(attempts: 2))
    let hanging = Task { [book = run.book] in await keeper.write(change, of: book) }
    gate.waitUntilReached()
    for attempts in 3...5 { await next(&run, attempts, keeper) }
    file.state.withLock { $0.gate = nil }
    gate.open()
    await hanging.value
    await next(&run, 6, keeper)
    #expect(kept() == run.book.kept.samples(.tenSeconds).sorted { $0.number < $1.number })
  }

  @Test func withoutAFileNothingIsKept() async {
    let keeper = SeriesKeeper(nil, logger: recorder.logger)
    #expect(keeper.read() == nil)
    var run = SeriesRun()
    await next(&run, 1, keeper)
    #expect(recorder.lines.isEmpty)
  }
}
