import RelayCore
import RelayPipeline

/// What a person does to receivers of notices.
enum NoticeEndpoints {
  static let all: [Endpoint] = [
    .post(
      "/api/v1/notify/{receiver}/test",
      "Send a sample notice to a receiver of `notify`, or a heartbeat, and say what came of it.",
      role: .operator, audit: .change,
      problems: [.notFound("There is no such receiver.")], test)
  ]

  private static func test(_ call: Call<NoticeTestInput>) async throws -> NoticeTestAnswer {
    NoticeTestAnswer(try await call.relay.testNotice(to: call.name("receiver")))
  }
}
