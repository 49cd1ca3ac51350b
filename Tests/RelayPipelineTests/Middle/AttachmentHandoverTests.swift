import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// What the receiver, a reload, an erasure and the status have to do with the keeper of files.
@Suite(.timeLimit(.minutes(15))) struct AttachmentHandoverTests: ErasingTests {
  private static func configuration(attachments: AttachmentPolicy?) -> Configuration {
    var configuration = Configuration.middle()
    for index in configuration.sources.indices { configuration.sources[index].attachments = attachments }
    return configuration
  }

  private static let policy = AttachmentPolicy(hosts: ["files.example.com"])
  private static let envelope =
    #"{"messages":{"createdChat":[{"id":1},{"id":2,"file":"https://files.example.com/1"}]}}"#

  @Test func eventsOfAnEnvelopeWithFilesAreHandedOverOnceTheyAreStored() async throws {
    let keeper = RecordingKeeper()
    let middle = try await Middle(Self.configuration(attachments: Self.policy), attachments: keeper)
    let reply = await middle.post(Self.envelope).value
    #expect(reply.status == 200)
    let events = keeper.events.withLock { $0 }
    #expect(events.count == 2)
    let id = try #require(events.last?.id)
    let report = try await RelayPipelineTests.carryOut(middle) { controller async throws(OperationError) in
      try await controller.event(id)
    }
    #expect(report != nil)
    #expect(String(decoding: reply.body, as: UTF8.self).contains(id.description))
  }

  @Test func anEnvelopeWithoutFilesIsNotHandedOver() async throws {
    let keeper = RecordingKeeper()
    let middle = try await Middle(Self.configuration(attachments: Self.policy), attachments: keeper)
    _ = await middle.post(#"{"messages":{"createdChat":[{"id":1,"fil":"e"}]}}"#).value
    #expect(keeper.events.withLock { $0.isEmpty })
  }

  @Test func aSourceWithoutAttachmentsHandsNothingOver() async throws {
    let keeper = RecordingKeeper()
    let middle = try await Middle(Self.configuration(attachments: nil), attachments: keeper)
    _ = await middle.post(Self.envelope).value
    #expect(keeper.events.withLock { $0.isEmpty })
  }

  @Test func aRepeatedEnvelopeIsNotHandedOverAgain() async throws {
    let keeper = RecordingKeeper()
    let middle = try await Middle(Self.configuration(attachments: Self.policy), attachments: keeper)
    _ = await middle.post(Self.envelope).value
    _ = await middle.post(Self.envelope).value
    #expect(keeper.events.withLock { $0.count } == 2)
  }

  @Test func aReloadTellsTheKeeperOfItsSources() async throws {
    let keeper = RecordingKeeper()
    let middle = try await Middle(Self.configuration(attachments: nil), attachments: keeper)
    middle.source.state.withLock { $0.configuration = Self.configuration(attachments: Self.policy) }
    _ = try await RelayPipelineTests.carryOut(middle) { controller async throws(OperationError) in
      try await controller.reload()
    }
    #expect(keeper.sources.withLock { $0.last?.first?.attachments } == Self.policy)
  }

  @Test func anEventShowsItsFiles() async throws {
    let keeper = RecordingKeeper()
    let middle = try await Middle(Self.configuration(attachments: Self.policy), attachments: keeper)
    _ = await middle.post(Self.envelope).value
    let id = try #require(keeper.events.withLock { $0.last?.id })
    let report = try await RelayPipelineTests.carryOut(middle) { controller async throws(OperationError) in
      try await controller.event(id)
    }
    #expect(report?.attachments == [RelayCore.Attachment(event: id, place: 0, state: .pending)])
  }

  @Test func theStatusHasTheirSums() async throws {
    let keeper = RecordingKeeper()
    keeper.board.withLock { $0.counts = [.fetched: 2, .expired: 1] }
    let middle = try await Middle(Self.configuration(attachments: Self.policy), attachments: keeper)
    let status = try await RelayPipelineTests.carryOut(middle) { controller async throws(OperationError) in
      try await controller.status()
    }
    #expect(status.attachments?.losses == 1)
    let facts = NoticeFacts(
      status, StoreCondition(), middle.metrics, history: middle.clock.history)
    #expect(
      facts.counts[NoticeKey(kind: .attachments, subject: .relay)] == NoticeCount(total: 1, stored: nil))
  }

  @Test func anErasureCountsTheFilesThatWentWithItsEvents() async throws {
    let middle = try await Middle(
      Self.configuration(attachments: Self.policy), attachments: RecordingKeeper())
    #expect(await receive(middle, mobile: 1) == 200)
    await middle.answerAll()
    let report = try await carryOut(middle, person(1))
    #expect((report.erased, report.attachments) == (1, 1))
  }

  @Test func whereNothingIsFetchedNothingIsShown() async throws {
    let middle = try await Middle(Self.configuration(attachments: nil), attachments: RecordingKeeper())
    let status = try await RelayPipelineTests.carryOut(middle) { controller async throws(OperationError) in
      try await controller.status()
    }
    #expect(status.attachments == nil)
  }
}

/// A keeper that only remembers what it was told.
private final class RecordingKeeper: AttachmentKeeping {
  let events = Locked<[Event]>([])
  let sources = Locked<[[Source]]>([])
  let board = Locked(AttachmentStanding())

  func configure(_ sources: [Source]) { self.sources.withLock { $0.append(sources) } }
  func arrived(_ events: [Event]) { self.events.withLock { $0 += events } }
  func missed(since: Timestamp) {}
  func erase(_ events: [EventID]) throws(StoreError) -> Int { events.count }
  var standing: AttachmentStanding { board.withLock { $0 } }
  func attachment(of event: EventID, at place: Int) throws -> RelayCore.Attachment? { nil }
  func attachments(of event: EventID) throws -> [RelayCore.Attachment] {
    [RelayCore.Attachment(event: event, place: 0, state: .pending)]
  }
  func path(of file: AttachmentFile) -> String { "" }
}
