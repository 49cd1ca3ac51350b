import Testing

@testable import RelayPostgres

@Suite("What has come of a pipeline", .timeLimit(.minutes(15)))
struct PipelineProgressTests {
  private let error = ServerMessage(severity: "ERROR", state: "23505", text: "twice")
  private let fatal = ServerMessage(severity: "FATAL", state: "57P01", text: "ended")

  private func progress(sent: Bool = true) -> PipelineProgress {
    var progress = PipelineProgress([.prepare("a"), .execute("a"), .execute("b")])
    if sent { progress.sent() }
    return progress
  }

  @Test func answersBelongToTheStepsInOrder() {
    var progress = progress()
    let actions = [progress.done(), progress.done(), progress.done()]
    #expect(actions == [.prepared("a"), .keep, .keep])
    #expect(progress.failure == nil)
  }

  @Test func whatWasNotSentWhollyWasNotCommitted() {
    var progress = progress(sent: false)
    #expect(!progress.mayBeCommitted)
    progress.sent()
    #expect(progress.mayBeCommitted)
  }

  @Test func anErrorTellsThatNothingWasCommitted() {
    var progress = progress()
    _ = progress.done()
    _ = progress.failed(error)
    _ = progress.skipped()
    #expect(!progress.mayBeCommitted)
    #expect(progress.failure == error)
    #expect(progress.failedStatement == "a")
  }

  @Test func theFirstErrorIsTheCause() {
    var progress = progress()
    _ = progress.failed(error)
    _ = progress.failed(fatal)
    #expect(progress.failure == error)
    #expect(!progress.mayBeCommitted)
  }

  @Test func anEndOfTheConnectionBeforeAllIsAnsweredComesBeforeTheCommit() {
    var progress = progress()
    _ = progress.done()
    _ = progress.failed(fatal)
    #expect(!progress.mayBeCommitted)
  }

  @Test func anEndOfTheConnectionAfterAllAnswersMayComeAfterTheCommit() {
    var progress = progress()
    for _ in 0..<3 { _ = progress.done() }
    _ = progress.failed(fatal)
    #expect(progress.mayBeCommitted)
    #expect(progress.failedStatement == nil)
  }

  @Test func anErrorInsteadOfTheCommitTellsThatItDidNotHappen() {
    var progress = progress()
    for _ in 0..<3 { _ = progress.done() }
    _ = progress.failed(error)
    #expect(!progress.mayBeCommitted)
    #expect(progress.failedStatement == nil)
  }
}
